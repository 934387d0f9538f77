"""One position across currencies: the rate of the day, one rounding each, and the residue shown."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.rules.conversion import (
    EcbRates,
    NoRate,
    convert_positions,
    converted_minor,
)
from billing.rules.multilateral import Obligation, positions_of
from tests.billing.fee_makers import A, B, C, D
from tests.billing.three_partners import HOUSE

FRIDAY = date(2026, 10, 30)


def rates(day: date = FRIDAY, **per_euro: str) -> EcbRates:
    quoted = per_euro or {"SEK": "10.9", "CHF": "0.92", "JPY": "175.5", "KWD": "0.34"}
    return EcbRates(day, {currency: Decimal(rate) for currency, rate in quoted.items()})


@pytest.mark.parametrize(
    ("minor", "source", "target", "expected"),
    [
        (10_900, "SEK", "EUR", 1000),
        (1000, "EUR", "SEK", 10_900),
        (10_900, "SEK", "CHF", 920),
        (1000, "EUR", "JPY", 1755),
        (1755, "JPY", "EUR", 1000),
        (1000, "EUR", "KWD", 3400),
        (3400, "KWD", "EUR", 1000),
        (1234, "EUR", "EUR", 1234),
        # 5 öre are 0.4587 cents; 6 are 0.5505.
        (5, "SEK", "EUR", 0),
        (6, "SEK", "EUR", 1),
        (-6, "SEK", "EUR", -1),
        (0, "SEK", "EUR", 0),
    ],
)
def test_goes_through_the_euro(minor, source, target, expected):
    found = converted_minor(minor, from_currency=source, to_currency=target, rates=rates())

    assert found == expected


def test_goes_half_up_once():
    twice = rates(SEK="2")

    convert = {"from_currency": "SEK", "to_currency": "EUR", "rates": twice}
    assert [converted_minor(minor, **convert) for minor in (1, 3, -1, -3)] == [1, 2, -1, -2]


def test_has_no_rate_for_what_was_not_quoted():
    with pytest.raises(NoRate, match="DKK"):
        converted_minor(1, from_currency="DKK", to_currency="EUR", rates=rates())


def test_refuses_a_rate_of_nothing():
    with pytest.raises(ValueError, match="above zero"):
        rates(SEK="0")


def test_adds_up_with_the_residue_shown():
    """Of 1.00, 1.00 and −2.00 SEK at 10.9 the parts are 9 and 9 cents, the whole is 18."""
    found = convert_positions(
        {
            "EUR": {A: 1000, B: -1000},
            "SEK": {A: 105, B: 105, C: -210},
        },
        to_currency="EUR",
        rates=rates(),
    )

    # 105 öre are 9.63 cents, 210 are 19.27.
    assert found.positions == {A: 1010, B: -990, C: -19}
    assert found.residue_minor == {"EUR": 0, "SEK": -1}
    (line,) = [one for one in found.lines if one.partner == C]
    assert (line.from_per_euro, line.to_per_euro) == (Decimal("10.9"), 1)
    assert found.rate_date == FRIDAY


def test_refuses_positions_that_do_not_add_up():
    with pytest.raises(ValueError, match="SEK"):
        convert_positions({"SEK": {A: 1}}, to_currency="EUR", rates=rates())


currencies = st.sampled_from(["EUR", "SEK", "CHF", "JPY", "KWD"])
positions = st.dictionaries(
    currencies,
    st.lists(
        st.tuples(st.sampled_from([A, B, C, D]), st.integers(-(10**12), 10**12)), max_size=6
    ).map(lambda pairs: positions_of(Obligation(HOUSE, who, minor) for who, minor in pairs)),
)


@example({"SEK": {A: 105, B: 105, C: -210}}, "EUR")
@given(positions, currencies)
def test_positions_and_residues_add_up_to_zero(positions, target):
    found = convert_positions(positions, to_currency=target, rates=rates())

    assert sum(found.positions.values()) + sum(found.residue_minor.values()) == 0
    for currency, residue in found.residue_minor.items():
        # Each rounding loses at most half a unit.
        assert 2 * abs(residue) <= len(positions[currency])
    assert found.residue_minor.get(target, 0) == 0


@example(10_900)
@given(st.integers(-(10**12), 10**12))
def test_says_the_same_as_a_wide_decimal(minor):
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(minor) * Decimal("0.92") / Decimal("10.9")
        expected = int(exact.quantize(Decimal(1), ROUND_HALF_UP))

    found = converted_minor(minor, from_currency="SEK", to_currency="CHF", rates=rates())
    assert found == expected
