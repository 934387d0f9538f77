"""An invoice's own arithmetic: every cent, and what EN 16931 demands."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from billing.documents.content import UnreadableContent
from billing.documents.invoice_content import InvoiceTotals, from_json, to_json
from billing.documents.invoice_rules import faults_of, half_up
from billing.rules.vat.amounts import vat_on
from tests.billing.invoice_samples import (
    EVERY_KIND,
    HOUSE,
    NORDLICHT,
    POLDER,
    breakdown,
    credit_note,
    fee_invoice,
    invoice,
    line,
    outside,
    reverse_charge,
)

NOTHING = InvoiceTotals(excl_tax_minor=0, vat_minor=0, incl_tax_minor=0)


def codes(content) -> set[str]:
    return {fault.code for fault in faults_of(content)}


class TestContent:
    @pytest.mark.parametrize("kind", EVERY_KIND)
    def test_reads_back_from_its_json(self, kind):
        content = EVERY_KIND[kind]()

        assert from_json(to_json(content)) == content

    @pytest.mark.parametrize("change", [{"version": 2}, {"type_code": "384"}, {"language": "it"}])
    def test_of_another_kind_is_refused(self, change):
        with pytest.raises(UnreadableContent):
            from_json(to_json(invoice()) | change)


class TestFaults:
    @pytest.mark.parametrize("kind", EVERY_KIND)
    def test_are_none_in_every_kind(self, kind):
        assert faults_of(EVERY_KIND[kind]()) == []

    def test_find_a_cent_that_the_schematron_lets_pass(self):
        content = invoice(
            vat=[breakdown(123456, 25927)],
            totals=InvoiceTotals(excl_tax_minor=123456, vat_minor=25927, incl_tax_minor=149383),
        )

        assert codes(content) == {"VAT_DIFFERS"}

    def test_take_vat_once_on_the_sum(self):
        # 3 × 1.03 at 21 %: 0.65 on the sum, 0.66 by records
        lines = [line(103), line(103, month="2026-09"), line(103, month="2026-08")]
        of_sum = InvoiceTotals(excl_tax_minor=309, vat_minor=65, incl_tax_minor=374)
        of_records = InvoiceTotals(excl_tax_minor=309, vat_minor=66, incl_tax_minor=375)

        assert codes(invoice(lines=lines, vat=[breakdown(309, 65)], totals=of_sum)) == set()
        assert codes(invoice(lines=lines, vat=[breakdown(309, 66)], totals=of_records)) == {
            "VAT_DIFFERS"
        }

    @pytest.mark.parametrize("off", ["excl_tax_minor", "vat_minor", "incl_tax_minor"])
    def test_find_every_total_that_differs(self, off):
        totals = invoice().totals

        wrong = replace(totals, **{off: getattr(totals, off) + 1})

        assert codes(invoice(totals=wrong)) == {"SUM_DIFFERS"}

    def test_find_a_category_that_stands_twice_or_never(self):
        twice = [breakdown(100000, 21000), breakdown(23456, 4926)]

        assert "VAT_NOT_ONCE" in codes(invoice(vat=twice))
        assert "VAT_NOT_ONCE" in codes(invoice(vat=[breakdown(123456, 25926, rate="0.19")]))

    def test_find_a_basis_that_is_not_the_sum_of_its_lines(self):
        lines = [line(100000, rate="0.19"), line(23456)]
        vat = [breakdown(99999, 19000, rate="0.19"), breakdown(23457, 4926)]

        assert "BASIS_DIFFERS" in codes(invoice(lines=lines, vat=vat))

    def test_compute_backwards_where_prices_include_tax(self):
        # 100 with 21 % is 82.64 + 17.36; forwards 17.35 would be due
        lines, vat = [line(8264)], [breakdown(8264, 1736)]
        totals = InvoiceTotals(excl_tax_minor=8264, vat_minor=1736, incl_tax_minor=10000)
        agreed = invoice(lines=lines, vat=vat, totals=totals, price_basis="INCL_TAX")

        assert codes(agreed) == set()
        assert codes(replace(agreed, price_basis="EXCL_TAX")) == {"VAT_DIFFERS"}

    def test_want_what_is_outside_the_scope_alone(self):
        mixed = outside(
            lines=[*outside().lines, line(100)],
            vat=[*outside().vat, breakdown(100, 21)],
            totals=InvoiceTotals(excl_tax_minor=10099, vat_minor=21, incl_tax_minor=10120),
        )

        assert codes(mixed) == {"O_NOT_ALONE"}

    @pytest.mark.parametrize("side", ["seller", "buyer"])
    def test_want_both_vat_ids_on_reverse_charge(self, side):
        party = replace(getattr(reverse_charge(), side), vat_number="")

        assert codes(reverse_charge(**{side: party})) == {f"{side.upper()}_VAT_ID_MISSING"}

    def test_want_the_sellers_vat_id_where_vat_is_charged(self):
        content = invoice(seller=replace(POLDER, vat_number=""))

        assert codes(content) == {"SELLER_VAT_ID_MISSING"}

    def test_want_a_reason_where_no_vat_is_charged(self):
        bare = [replace(reverse_charge().vat[0], code="", ground="")]

        assert codes(reverse_charge(vat=bare)) == {"REASON_MISSING"}

    def test_refuse_a_standard_rate_of_nothing(self):
        content = invoice(
            lines=[line(100, rate="0")],
            vat=[breakdown(100, 0, rate="0")],
            totals=InvoiceTotals(excl_tax_minor=100, vat_minor=0, incl_tax_minor=100),
        )

        assert codes(content) == {"RATE_DOES_NOT_FIT"}

    def test_refuse_amounts_below_zero(self):
        content = credit_note(
            lines=[line(-902)],
            vat=[breakdown(-902, -189)],
            totals=InvoiceTotals(excl_tax_minor=-902, vat_minor=-189, incl_tax_minor=-1091),
        )

        assert codes(content) == {"AMOUNT_BELOW_ZERO"}

    def test_want_a_credit_note_to_name_what_it_corrects(self):
        assert codes(credit_note(preceding=[])) == {"PRECEDING_MISSING"}

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"number": "X" * 31}, "NUMBER_ILL_FORMED"),
            ({"number": "PLD 1"}, "NUMBER_ILL_FORMED"),
            ({"due_date": date(2026, 11, 4)}, "DUE_BEFORE_ISSUED"),
            ({"supply_until_date": date(2026, 10, 1)}, "PERIOD_EMPTY"),
            ({"type_code": "389"}, "TYPE_DOES_NOT_FIT"),
            ({"issuer": None}, "ISSUER_MISSING"),
            ({"buyer": POLDER}, "SELLER_IS_BUYER"),
            ({"seller": replace(POLDER, legal_name="")}, "SELLER_NAME_MISSING"),
            ({"buyer": replace(NORDLICHT, country_code="")}, "BUYER_COUNTRY_MISSING"),
            ({"lines": [], "vat": [], "totals": NOTHING}, "NO_LINE"),
        ],
    )
    def test_find_what_is_ill_formed(self, change, code):
        assert codes(invoice(**change)) == {code}

    def test_find_vat_told_twice_in_one_currency(self):
        local = replace(fee_invoice().local_vat, currency="EUR")

        assert codes(fee_invoice(local_vat=local)) == {"LOCAL_VAT_NEEDLESS"}

    def test_let_the_house_bill_itself_what_it_buys_under_ccp(self):
        bought = reverse_charge(mode="B", buyer=HOUSE)

        assert codes(bought) == set()


class TestArithmetic:
    @given(
        st.integers(min_value=-(10**9), max_value=10**9),
        st.decimals(min_value=0, max_value=1, places=4),
    )
    def test_rounds_as_decimal_does(self, amount, rate):
        expected = (Decimal(amount) * rate).quantize(Decimal(1), ROUND_HALF_UP)

        assert half_up(amount * Fraction(rate)) == expected == vat_on(amount, rate=rate)

    @given(
        st.lists(st.integers(min_value=100, max_value=10**7), min_size=1, max_size=8),
        st.sampled_from(["0.21", "0.19", "0.081", "0.25"]),
        st.integers(min_value=-3, max_value=3),
    )
    def test_an_invoice_is_right_with_its_vat_and_with_no_other(self, amounts, rate, off):
        net = sum(amounts)
        vat = vat_on(net, rate=Decimal(rate)) + off
        content = invoice(
            lines=[line(amount, rate=rate) for amount in amounts],
            vat=[breakdown(net, vat, rate=rate)],
            totals=InvoiceTotals(excl_tax_minor=net, vat_minor=vat, incl_tax_minor=net + vat),
        )

        assert codes(content) == ({"VAT_DIFFERS"} if off else set())
