"""Money: the one rounding, its laws, and the figures of its page."""

from __future__ import annotations

from decimal import Decimal, getcontext, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.money import (
    LARGEST_MINOR,
    MINOR_UNIT_DIGITS,
    AmountOutOfRange,
    UnknownCurrency,
    format_amount,
    from_minor_units,
    is_currency,
    minor_unit_digits,
    payout_minor,
    to_minor_units,
)
from tests.clearinghouse.algorithm_tables import rows_under

HALF = Decimal("0.5")

currencies = st.sampled_from(sorted(MINOR_UNIT_DIGITS))
minors = st.integers(-LARGEST_MINOR, LARGEST_MINOR)
claims = st.integers(-(10**12), 10**12)
rates = st.decimals(0, 1, places=6)


class TestCurrencies:
    @pytest.mark.parametrize(
        ("currency", "digits"),
        [("EUR", 2), ("CHF", 2), ("HUF", 2), ("JPY", 0), ("ISK", 0), ("KWD", 3), ("CLF", 4)],
    )
    def test_have_the_decimals_of_iso_4217(self, currency, digits):
        assert is_currency(currency)
        assert minor_unit_digits(currency) == digits

    @pytest.mark.parametrize("code", ["eur", "XXX", "XTS", "XAU", "HRK", "BGN", "", "EURO"])
    def test_are_refused_where_nothing_can_be_settled(self, code):
        assert not is_currency(code)
        with pytest.raises(UnknownCurrency, match="ISO 4217 code in capitals"):
            minor_unit_digits(code)

    def test_are_as_many_as_the_list_of_2026(self):
        # 178 codes in the list, of which 13 have no minor unit.
        assert len(MINOR_UNIT_DIGITS) == 165


class TestToMinorUnits:
    @pytest.mark.parametrize("amount", [2.345, 2, "2.345", None])
    def test_refuses_all_but_decimals(self, amount):
        with pytest.raises(TypeError, match="Money is a Decimal"):
            to_minor_units(amount, currency="EUR")

    @pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "1e30", "92233720368547758.08"])
    def test_refuses_what_the_books_cannot_hold(self, amount):
        with pytest.raises(AmountOutOfRange):
            to_minor_units(Decimal(amount), currency="EUR")

    @given(minor=minors, currency=currencies)
    def test_returns_what_from_minor_units_wrote(self, minor, currency):
        amount = from_minor_units(minor, currency=currency)

        assert to_minor_units(amount, currency=currency) == minor

    @given(amount=st.decimals(-(10**9), 10**9, places=6))
    def test_stays_within_half_a_cent_and_mirrors_credits(self, amount):
        minor = to_minor_units(amount, currency="EUR")

        assert abs(minor - amount * 100) <= HALF
        assert to_minor_units(-amount, currency="EUR") == -minor

    @given(cents=st.integers(0, 10**9))
    def test_takes_a_half_away_from_zero(self, cents):
        half_above = Decimal(cents * 10 + 5).scaleb(-3)

        assert to_minor_units(half_above, currency="EUR") == cents + 1

    def test_rounds_once_even_with_more_digits_than_it_computes_with(self):
        # 0.00499…9 with 40 nines: cut to 28 digits first, it would become 0.005 and then 0.01.
        amount = Decimal("0.004" + "9" * 40)

        assert to_minor_units(amount, currency="EUR") == 0

    def test_does_not_depend_on_the_callers_context(self):
        with localcontext() as context:
            context.prec = 3

            assert to_minor_units(Decimal("12345.675"), currency="EUR") == 1234568
            assert from_minor_units(1234568, currency="EUR") == Decimal("12345.68")
            assert payout_minor(1234568, rate=Decimal("0.123456")) == 1082153
            assert getcontext().prec == 3


class TestFormatAmount:
    @pytest.mark.parametrize(
        ("minor", "currency", "written"),
        [
            (123456, "EUR", "1,234.56 EUR"),
            (-123456, "EUR", "-1,234.56 EUR"),
            (5, "EUR", "0.05 EUR"),
            (0, "EUR", "0.00 EUR"),
            (1234567, "JPY", "1,234,567 JPY"),
            (1, "KWD", "0.001 KWD"),
            (LARGEST_MINOR, "EUR", "92,233,720,368,547,758.07 EUR"),
        ],
    )
    def test_groups_thousands_and_keeps_the_decimals(self, minor, currency, written):
        assert format_amount(minor, currency) == written

    @pytest.mark.parametrize("minor", [1.0, Decimal(1), True, "1"])
    def test_refuses_all_but_integers(self, minor):
        with pytest.raises(TypeError, match="Minor units are an int"):
            format_amount(minor, "EUR")


class TestPayout:
    @given(claim_minor=claims, rate=rates)
    def test_is_within_half_a_minor_unit_of_exact(self, claim_minor, rate):
        payout = payout_minor(claim_minor, rate=rate)

        assert abs(payout - claim_minor * (1 - rate)) <= HALF

    @given(claim_minor=claims, rate=rates)
    def test_of_a_credit_is_the_mirror_of_its_original(self, claim_minor, rate):
        assert payout_minor(-claim_minor, rate=rate) == -payout_minor(claim_minor, rate=rate)

    @given(claim_minor=st.integers(0, 10**12), rate=rates)
    def test_lies_between_nothing_and_the_claim(self, claim_minor, rate):
        assert 0 <= payout_minor(claim_minor, rate=rate) <= claim_minor

    def test_refuses_floats(self):
        with pytest.raises(TypeError, match="Minor units are an int"):
            payout_minor(10.0, rate=Decimal("0.1"))
        with pytest.raises(TypeError, match="Money is a Decimal"):
            payout_minor(10, rate=0.1)

    @pytest.mark.parametrize("rate", ["-0.01", "1.01", "10"])
    def test_refuses_a_rate_that_is_no_fraction(self, rate):
        with pytest.raises(ValueError, match="a fraction from 0 to 1"):
            payout_minor(1000, rate=Decimal(rate))

    def test_refuses_a_rate_that_it_could_not_apply_exactly(self):
        with pytest.raises(ValueError, match="more than 28 digits"):
            payout_minor(10**12 + 1, rate=Decimal("0.33333333333333333333"))


class TestPageOfRounding:
    """docs/algorithms/rounding.md: each row is computed again."""

    def test_prints_minor_units_as_they_are_rounded(self):
        columns = ("Exact amount", "Currency", "Minor units", "Written")
        for exact, currency, minor, written in rows_under("rounding.md", columns=columns):
            computed = to_minor_units(Decimal(exact), currency=currency)

            assert (computed, format_amount(computed, currency)) == (int(minor), written), exact

    def test_prints_payouts_that_add_up_to_the_claim(self):
        columns = (
            "Claim (minor units)",
            "Rate",
            "Exact payout",
            "Payout",
            "Commission",
        )
        for claim, rate, exact, payout, commission in rows_under("rounding.md", columns=columns):
            assert Decimal(claim) * (1 - Decimal(rate)) == Decimal(exact), claim
            assert payout_minor(int(claim), rate=Decimal(rate)) == int(payout), claim
            assert int(payout) + int(commission) == int(claim), claim

    def test_prints_a_sum_that_is_one(self):
        *records, total = rows_under("rounding.md", columns=("Record", "Claim", "Payout"))

        assert sum(int(claim) for _name, claim, _payout in records) == int(total[1])
        assert sum(int(payout) for _name, _claim, payout in records) == int(total[2])
        assert payout_minor(int(total[1]), rate=Decimal("0.10")) == int(total[2]) - 1
