"""CII and UBL of every kind against the official schemas and rules, and against our own figures."""

from decimal import Decimal

import pytest
from lxml import etree
from msgspec.structs import replace

from billing.documents.einvoice.cii import build_cii
from billing.documents.einvoice.ubl import EN_16931, build_ubl
from billing.documents.einvoice.validation import validate
from billing.documents.invoice_content import InvoiceTotals
from tests.billing.invoice_samples import (
    EVERY_KIND,
    POLDER,
    breakdown,
    credit_note,
    fee_invoice,
    invoice,
    line,
    outside,
    reverse_charge,
    self_billed_credit_note,
)

RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
LANGUAGES = {"invoice": "de", "self-billed": "fr", "outside": "de", "fee": "fr"}


def texts(xml: bytes, name: str) -> list[str]:
    return [one.text for one in etree.fromstring(xml).iter(name)]


class TestEveryKind:
    @pytest.mark.parametrize("build", [build_cii, build_ubl], ids=["cii", "ubl"])
    @pytest.mark.parametrize("kind", EVERY_KIND)
    def test_is_valid_by_schema_and_by_rules_that_fired(self, kind, build):
        content = EVERY_KIND[kind](language=LANGUAGES.get(kind, "en"))

        report = validate(build(content))

        assert (report.schema_errors, report.failed) == ([], [])
        assert report.rules_fired > 40
        assert report.is_valid

    @pytest.mark.parametrize("kind", EVERY_KIND)
    def test_tells_the_same_figures_in_both_syntaxes(self, kind):
        content = EVERY_KIND[kind]()
        cii, ubl = build_cii(content), build_ubl(content)

        totals = [
            Decimal(minor).scaleb(-2)
            for minor in (content.totals.excl_tax_minor, content.totals.incl_tax_minor)
        ]
        assert [Decimal(one) for one in texts(cii, f"{RAM}TaxBasisTotalAmount")] == totals[:1]
        assert [Decimal(one) for one in texts(cii, f"{RAM}DuePayableAmount")] == totals[1:]
        assert [Decimal(one) for one in texts(ubl, f"{CBC}TaxExclusiveAmount")] == totals[:1]
        assert [Decimal(one) for one in texts(ubl, f"{CBC}PayableAmount")] == totals[1:]
        assert texts(cii, f"{RAM}CalculatedAmount") == [
            f"{Decimal(one.vat_minor).scaleb(-2):f}" for one in content.vat
        ]


class TestCii:
    def test_names_the_last_day_inside_the_period(self):
        days = texts(
            build_cii(invoice()),
            "{urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100}DateTimeString",
        )

        assert days == ["20261105", "20261031", "20261001", "20261031", "20261120"]

    def test_prices_no_line_below_zero(self):
        xml = build_cii(reverse_charge())

        assert texts(xml, f"{RAM}ChargeAmount") == ["400.00", "12.50"]
        assert texts(xml, f"{RAM}BilledQuantity") == ["1", "-1"]
        assert texts(xml, f"{RAM}LineTotalAmount") == ["400.00", "-12.50", "387.50"]

    def test_names_no_vat_id_outside_the_scope(self):
        assert texts(build_cii(outside()), f"{RAM}SpecifiedTaxRegistration") == []

    def test_tells_vat_in_the_currency_of_the_state(self):
        assert texts(build_cii(fee_invoice()), f"{RAM}TaxTotalAmount") == ["12.50", "93.24"]

    def test_takes_its_minor_units_from_the_currency(self):
        yen = invoice(
            currency="JPY",
            lines=[line(1200, rate="0.1")],
            vat=[breakdown(1200, 120, rate="0.1")],
            totals=InvoiceTotals(excl_tax_minor=1200, vat_minor=120, incl_tax_minor=1320),
        )

        xml = build_cii(yen)

        assert texts(xml, f"{RAM}GrandTotalAmount") == ["1320"]
        assert validate(xml).is_valid


class TestUbl:
    def test_is_a_credit_note_only_for_what_takes_back(self):
        for content, root in (
            (invoice(), "Invoice"),
            (reverse_charge(), "Invoice"),
            (credit_note(), "CreditNote"),
            (self_billed_credit_note(), "CreditNote"),
        ):
            assert etree.QName(etree.fromstring(build_ubl(content))).localname == root

    @pytest.mark.parametrize(
        ("content", "process"), [(invoice(), "billing"), (reverse_charge(), "selfbilling")]
    )
    def test_names_the_process_of_peppol(self, content, process):
        xml = build_ubl(content)

        assert texts(xml, f"{CBC}CustomizationID") == [
            f"{EN_16931}#compliant#urn:fdc:peppol.eu:2017:poacc:{process}:3.0"
        ]
        assert texts(xml, f"{CBC}ProfileID") == [f"urn:fdc:peppol.eu:2017:poacc:{process}:01:1.0"]

    def test_claims_no_peppol_without_an_electronic_address(self):
        xml = build_ubl(invoice(seller=replace(POLDER, endpoint="", endpoint_scheme="")))

        assert texts(xml, f"{CBC}CustomizationID") == [EN_16931]
        assert texts(xml, f"{CBC}ProfileID") == []
        assert validate(xml).is_valid

    def test_has_one_note_as_peppol_takes_no_more(self):
        notes = texts(build_ubl(reverse_charge()), f"{CBC}Note")

        assert len(notes) == 2  # of the document, and of the payment terms
        assert notes[0].splitlines()[:2] == [
            "Self-billing / Gutschrift",
            "Reverse charge / Steuerschuldnerschaft des Leistungsempfängers",
        ]


class TestMandatoryWords:
    @pytest.mark.parametrize("language", ["en", "de", "fr"])
    def test_call_no_ordinary_credit_note_a_gutschrift(self, language):
        for build in (build_cii, build_ubl):
            text = build(credit_note(language=language)).decode()
            assert "Gutschrift" not in text
            assert "Self-billing" not in text

    @pytest.mark.parametrize("language", ["en", "de", "fr"])
    @pytest.mark.parametrize("make", [reverse_charge, self_billed_credit_note])
    def test_stand_on_what_the_buyer_issues(self, make, language):
        for build in (build_cii, build_ubl):
            text = build(make(language=language)).decode()
            assert "Gutschrift" in text
            assert "Self-billing" in text

    def test_say_on_whose_behalf(self):
        text = build_cii(invoice(language="de")).decode()

        assert "Ausgestellt von Clearing House SA im Namen und für Rechnung von Polder" in text


class TestRefused:
    def test_a_category_k_by_the_rules(self):
        """Never K for electricity: it demands an intra-Community delivery."""
        xml = build_cii(reverse_charge()).replace(b"<ram:CategoryCode>AE<", b"<ram:CategoryCode>K<")

        report = validate(xml)

        assert not report.is_valid
        assert "BR-IC-12" in {one.rule for one in report.failed}

    def test_an_invoice_of_type_261_by_the_rules(self):
        xml = build_ubl(reverse_charge()).replace(b"TypeCode>389<", b"TypeCode>261<")

        report = validate(xml)

        assert "BR-CL-01" in {one.rule for one in report.failed}
        assert not report.is_valid

    def test_an_element_out_of_place_by_the_schema(self):
        xml = build_ubl(invoice()).replace(b"cbc:IssueDate", b"cbc:IssueDay")

        report = validate(xml)

        assert report.schema_errors
        assert report.rules_fired == 0
        assert not report.is_valid

    @pytest.mark.parametrize("xml", [b"<Invoice", b"<html/>", b""])
    def test_what_is_no_invoice(self, xml):
        report = validate(xml)

        assert report.syntax is None
        assert not report.is_valid

    def test_an_entity_that_names_a_file(self):
        xml = (
            b'<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
            b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">&x;</Invoice>'
        )

        report = validate(xml)

        assert report.schema_errors == ["A document type declaration is refused."]
        assert not report.is_valid
