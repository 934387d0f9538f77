"""A settlement is issued: who gets which invoice, under which number, over which records."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Q

from billing.documents.content import from_json as read_statement
from billing.documents.invoice_content import from_json
from billing.documents.invoice_rules import faults_of
from billing.models import (
    ClearedSdr,
    Document,
    FxRate,
    Invoice,
    InvoicedSdr,
    InvoiceSupply,
    InvoicingTerms,
    IssuingBlock,
    Settlement,
    TaxedSupply,
)
from billing.services import invoicing
from billing.services.closing import close_window
from partners.models import Partner, PartnerFacts
from partners.queries import clearing_house
from roaming.models import Delivery
from tests.billing.oracle_world import (
    BUSINESS_DAY_6,
    COUNTRIES,
    SINCE,
    Oracle,
    an_oracle,
    january,
)
from tests.billing.test_settling import FEBRUARY, NEXT_CLOSING, sell
from tests.makers import LONG_AGO

pytestmark = pytest.mark.django_db


def legal_facts(partner: Partner, country: str, **changes: str) -> None:
    told = {
        "legal_name": f"{partner.name} Mobility",
        "street": "Weg 1",
        "postal_code": "1000",
        "city": "Stadt",
        "country_code": country,
        "registration_number": f"R-{partner.name[:8]}",
    }
    PartnerFacts.objects.update_or_create(
        partner=partner, starts_at=LONG_AGO, defaults=told | changes
    )


def agree(seller: Partner, mode: str = "A1", *, buyer: Partner | None = None) -> InvoicingTerms:
    return InvoicingTerms.objects.create(
        environment="LIVE",
        seller=seller,
        buyer=buyer,
        mode=mode,
        agreed_date=SINCE,
        proof="mandate of 2026-01-01",
        from_date=SINCE,
    )


def a_world(mode: str | None = "A1", **group) -> Oracle:
    """The oracle's cast with legal facts, all of whom invoice by one mode."""
    oracle = an_oracle(**({"with_fees": False} | group))
    for letter, country in COUNTRIES.items():
        legal_facts(oracle.partners[letter], country)
        if mode:
            agree(oracle.partners[letter], mode)
    legal_facts(clearing_house(), "DE", legal_name="Clearing House SE")
    return oracle


def pair(oracle: Oracle, seller: str, buyer: str):
    return Invoice.objects.filter(seller=oracle.partners[seller], buyer=oracle.partners[buyer])


class TestTheWorkedExample:
    @pytest.fixture(scope="class")
    @classmethod
    def settled(cls, kept_for_class) -> tuple[Oracle, Settlement]:
        oracle = a_world(with_fees=True)
        january(oracle)
        return oracle, close_window(oracle.group, now=BUSINESS_DAY_6).settlement

    def test_invoices_are_what_is_owed_before_netting(self, settled):
        oracle, settlement = settled

        assert not IssuingBlock.objects.exists()
        for supply in settlement.supplies.all():
            stands = supply.on_invoices.get().invoice
            assert (stands.seller_id, stands.buyer_id) == (supply.supplier_id, supply.customer_id)
        # A sells 1,000.00 to B by reverse charge, and 400.00 + 21 % to C
        (to_b,), (to_c,) = pair(oracle, "A", "B"), pair(oracle, "A", "C")
        assert (to_b.net_minor, to_b.vat_minor, to_b.gross_minor) == (100_000, 0, 100_000)
        assert (to_c.net_minor, to_c.vat_minor, to_c.gross_minor) == (40_000, 8_400, 48_400)
        fees = Invoice.objects.filter(mode="FEE")
        assert {oracle.names({i.buyer: i.vat_minor}).popitem() for i in fees} == {
            ("A", 0),
            ("B", 673),
            ("C", 0),
        }

    def test_every_document_is_right_to_the_cent(self, settled):
        invoices = Invoice.objects.select_related("document", "seller", "buyer")
        assert invoices.count() == 9
        for invoice in invoices:
            content = from_json(invoice.document.content)
            assert faults_of(content) == []
            assert content.totals.incl_tax_minor == invoice.gross_minor
            assert content.number == invoice.number == invoice.document.number
            statement = Document.objects.get(number=content.statement)
            listed = {one["number"]: one for one in statement.content["documents"]}
            # The buyer's: what it is invoiced takes from its position.
            assert listed[invoice.number]["gross_minor"] == -invoice.gross_minor
            for partner in {invoice.seller, invoice.buyer} - {clearing_house()}:
                assert Delivery.objects.filter(
                    kind="INVOICE",
                    subject_id=invoice.pk,
                    receiver__ownerships__partner=partner,
                ).exists()

    def test_the_statement_lists_what_it_nets(self, settled):
        _, settlement = settled

        for position in settlement.positions.filter(partner__is_clearing_house=False):
            statement = settlement.documents.get(kind="STATEMENT", partner=position.partner)
            listed = read_statement(statement.content).documents
            assert {one.number for one in listed} == set(
                Invoice.objects.filter(
                    Q(seller=position.partner) | Q(buyer=position.partner)
                ).values_list("number", flat=True)
            )
            assert sum(one.gross_minor for one in listed) == position.net_minor
            assert sum(one.vat_minor for one in listed) == (
                position.vat_minor - position.fee_vat_minor
            )

    def test_every_record_is_in_one_invoice(self, settled):
        assert InvoicedSdr.objects.count() == ClearedSdr.objects.count() == 240
        for invoice in Invoice.objects.exclude(mode="FEE"):
            assert sum(invoice.records.values_list("amount_minor", flat=True)) == invoice.net_minor
            assert invoice.records.count() == invoice.sdrs

    def test_numbers_are_gapless_per_issuer(self, settled):
        numbers = sorted(Invoice.objects.values_list("number", flat=True))
        assert numbers == sorted(
            [f"{code}X-INV-2027-00000{n}" for code in "ABC" for n in (1, 2)]
            + [f"CH-INV-2027-00000{n}" for n in (1, 2, 3)]
        )


class TestModes:
    def test_leave_to_the_seller_what_was_not_agreed(self):
        oracle = a_world(None)
        sell(oracle, "A", "C", cents=500)

        close_window(oracle.group, now=BUSINESS_DAY_6)

        assert not Invoice.objects.exists()
        assert not IssuingBlock.objects.exists()
        assert InvoiceSupply.objects.count() == 0 < TaxedSupply.objects.count()

    def test_prefer_terms_with_the_buyer_to_terms_with_all(self):
        oracle = a_world()
        agree(oracle.partners["A"], "A2", buyer=oracle.partners["B"])
        sell(oracle, "A", "B", cents=500, number=1)
        sell(oracle, "A", "C", cents=500, number=2)

        close_window(oracle.group, now=BUSINESS_DAY_6)

        assert [i.type_code for i in pair(oracle, "A", "B")] == ["389"]
        assert [i.type_code for i in pair(oracle, "A", "C")] == ["380"]
        content = from_json(pair(oracle, "A", "B").get().document.content)
        assert (content.number, content.mode) == ("AX-SB-2027-000001", "A2")
        assert content.issuer.legal_name == "Clearing House SE"

    def test_write_a_document_in_the_language_of_who_reads_it(self):
        oracle = a_world("A2")
        PartnerFacts.objects.filter(partner=oracle.partners["A"]).update(language="fr")
        PartnerFacts.objects.filter(partner=oracle.partners["B"]).update(language="de")
        sell(oracle, "A", "B", cents=500, number=1)
        sell(oracle, "B", "A", cents=500, number=2)

        close_window(oracle.group, now=BUSINESS_DAY_6)

        assert from_json(pair(oracle, "A", "B").get().document.content).language == "fr"
        assert from_json(pair(oracle, "B", "A").get().document.content).language == "de"

    def test_invoice_twice_through_the_house(self):
        oracle = a_world(model="CCP")
        sell(oracle, "A", "C", cents=1000)

        close_window(oracle.group, now=BUSINESS_DAY_6)

        bought = Invoice.objects.get(buyer=clearing_house(), mode="B")
        sold = Invoice.objects.get(seller=clearing_house(), mode="B")
        assert (bought.type_code, sold.type_code) == ("389", "380")
        legs = InvoicedSdr.objects.values_list("leg", "invoice")
        assert set(legs) == {("BOUGHT", bought.pk), ("SOLD", sold.pk)}


def sell_credit(oracle: Oracle) -> None:
    """C is credited in February what A charged it in January."""
    fields = {
        "sdr_id": "A-0001-C",
        "credits_sdr_id": "A-0001",
        "items": None,
    }
    sell(oracle, "A", "C", cents=-1000, received_at=FEBRUARY, **fields)


class TestCreditNotes:
    @pytest.mark.parametrize(
        ("mode", "type_code", "series"), [("A1", "381", "AX-CN"), ("A2", "261", "AX-SC")]
    )
    def test_are_positive_and_name_the_invoice(self, mode, type_code, series):
        oracle = a_world(mode)
        sell(oracle, "A", "C", cents=1000)
        close_window(oracle.group, now=BUSINESS_DAY_6)
        sell_credit(oracle)

        close_window(oracle.group, now=NEXT_CLOSING)

        first, credit = pair(oracle, "A", "C").order_by("issue_date")
        assert (credit.type_code, credit.number) == (type_code, f"{series}-2027-000001")
        assert (credit.net_minor, credit.vat_minor) == (1000, 210)
        assert [one.preceding for one in credit.preceding.all()] == [first]
        content = from_json(credit.document.content)
        assert [one.number for one in content.preceding] == [first.number]
        assert faults_of(content) == []
        assert list(credit.records.values_list("amount_minor", flat=True)) == [-1000]

    def test_are_blocked_where_the_invoice_is_not_ours(self):
        oracle = a_world(None)
        sell(oracle, "A", "C", cents=1000)
        close_window(oracle.group, now=BUSINESS_DAY_6)
        agree(oracle.partners["A"])
        sell_credit(oracle)

        close_window(oracle.group, now=NEXT_CLOSING)

        assert [block.code for block in IssuingBlock.objects.all()] == ["PRECEDING_MISSING"]


class TestBlocks:
    def test_offer_the_document_where_a_state_has_its_own_channel(self):
        oracle = a_world()
        PartnerFacts.objects.filter(partner=oracle.partners["A"]).update(country_code="PL")
        sell(oracle, "A", "C", cents=1000)

        close_window(oracle.group, now=BUSINESS_DAY_6)

        (block,) = IssuingBlock.objects.all()
        assert block.code == "CHANNEL_MISSING"
        assert "KSeF" in block.what_to_do
        assert from_json(block.content).totals.incl_tax_minor == 1210
        assert not Invoice.objects.exists()

    def test_hold_up_no_other_and_are_issued_once_the_fact_is_there(self):
        oracle = a_world()
        PartnerFacts.objects.filter(partner=oracle.partners["C"]).delete()
        sell(oracle, "A", "C", cents=1000, number=1)
        sell(oracle, "A", "B", cents=500, number=2)
        close_window(oracle.group, now=BUSINESS_DAY_6)
        (block,) = IssuingBlock.objects.all()
        assert block.code == "BUYER_COUNTRY_MISSING"
        assert pair(oracle, "A", "B").count() == 1
        with pytest.raises(invoicing.NotIssuable, match="country"):
            invoicing.issue_blocked(block, now=FEBRUARY)

        legal_facts(oracle.partners["C"], "NL")
        invoice = invoicing.issue_blocked(block, now=FEBRUARY)

        block.refresh_from_db()
        assert (block.resolved_by, block.resolved_at) == (invoice, FEBRUARY)
        assert (invoice.gross_minor, invoice.number) == (1210, "AX-INV-2027-000002")
        assert invoice.records.count() == 1
        with pytest.raises(invoicing.NotIssuable, match="resolved"):
            invoicing.issue_blocked(block, now=FEBRUARY)

    def test_wait_for_the_rate_of_the_states_currency(self):
        oracle = a_world(currency="SEK")
        sell(oracle, "A", "C", cents=100_000, currency="SEK")

        close_window(oracle.group, now=BUSINESS_DAY_6)

        (block,) = IssuingBlock.objects.all()
        assert block.code == "LOCAL_RATE_MISSING"

    def test_are_not_needed_where_the_rate_is_known(self):
        oracle = a_world(currency="SEK")
        sell(oracle, "A", "C", cents=100_000, currency="SEK")
        FxRate.objects.create(
            rate_date=date(2027, 2, 8),
            currency="SEK",
            per_euro=Decimal("11.2"),
            imported_at=BUSINESS_DAY_6,
            file_sha256="0" * 64,
        )

        close_window(oracle.group, now=BUSINESS_DAY_6)

        content = from_json(Invoice.objects.get().document.content)
        # 210.00 SEK of VAT at 11.2 per euro
        assert (content.local_vat.currency, content.local_vat.vat_minor) == ("EUR", 1875)
