"""The page of an invoice with its XML inside: structure, words and figures."""

import io
from functools import cache
from html import unescape

import pypdf
import pytest
from django.template.loader import render_to_string
from django.utils.html import strip_tags
from lxml import etree
from msgspec.structs import replace
from pypdf.generic import NameObject

from billing.documents.einvoice.cii import build_cii
from billing.documents.factur_x import embedded_xml, structural_faults
from billing.documents.invoice_page import shown
from billing.documents.invoice_pdf import render_invoice
from tests.billing.invoice_samples import (
    EVERY_KIND,
    breakdown,
    credit_note,
    fee_invoice,
    invoice,
    line,
    reverse_charge,
)

AF_TWICE = "One file is associated with it, listed once."


def pdf_of(content) -> bytes:
    return render_invoice(content, cii=build_cii(content))


@cache
def invoice_pdf() -> bytes:
    return pdf_of(invoice())


def one_of(kind: str):
    """All kinds have the same structure: one shows it each time, the long tests of all."""
    return pytest.param(kind, marks=() if kind == "self-billed" else pytest.mark.long)


def text_of(content) -> str:
    """The words of the page, before they are set in type."""
    page = render_to_string(
        "billing/documents/invoice.html", {"content": content, **shown(content)}
    )
    return plain(unescape(strip_tags(page)))


def plain(text: str) -> str:
    """Spaces of every kind are one space."""
    return " ".join(text.split())


def second_rdf(catalog) -> None:
    """As the recipe of WeasyPrint's manual makes it."""
    stream = catalog["/Metadata"].get_object()
    rdf = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
    stream.set_data(stream.get_data().replace(b"</x:xmpmeta>", rdf))


def font_left_out(catalog) -> None:
    fonts = catalog["/Pages"]["/Kids"][0].get_object()["/Resources"]["/Font"]
    font = next(iter(fonts.values())).get_object()
    del font["/DescendantFonts"][0].get_object()["/FontDescriptor"]["/FontFile2"]


def as_supplement(catalog) -> None:
    catalog["/AF"][0].get_object()[NameObject("/AFRelationship")] = NameObject("/Supplement")


SPOILT = [
    (second_rdf, "The metadata are in one rdf:RDF."),
    (font_left_out, "Every font is inside."),
    (as_supplement, "The XML is the page's alternative."),
    (lambda catalog: catalog["/AF"].append(catalog["/AF"][0]), AF_TWICE),
    (lambda catalog: catalog.pop("/Lang"), "Its language is told."),
    (lambda catalog: catalog.pop("/MarkInfo"), "It is tagged."),
]


class TestFacturX:
    @pytest.mark.parametrize("kind", [one_of(kind) for kind in EVERY_KIND])
    def test_has_its_structure_and_its_xml(self, kind):
        content = EVERY_KIND[kind]()

        pdf = pdf_of(content)

        assert structural_faults(pdf) == []
        assert embedded_xml(pdf) == build_cii(content)

    def test_is_read_by_the_reference_library(self):
        from facturx import get_facturx_xml_from_pdf

        name, xml = get_facturx_xml_from_pdf(invoice_pdf(), check_xsd=True)

        assert name == "factur-x.xml"
        assert etree.QName(etree.fromstring(xml)).localname == "CrossIndustryInvoice"

    def test_is_the_same_bytes_each_time(self):
        assert pdf_of(invoice()) == invoice_pdf()
        assert pdf_of(invoice()) != pdf_of(invoice(number="PLD26-INV-000124"))

    @pytest.mark.parametrize(("spoil", "fault"), SPOILT)
    def test_tells_where_the_structure_is_wrong(self, spoil, fault):
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(invoice_pdf()))
        catalog = writer.root_object
        spoil(catalog)
        spoilt = io.BytesIO()
        writer.write(spoilt)

        assert fault in structural_faults(spoilt.getvalue())


class TestPage:
    def test_prints_amounts_as_the_language_writes_them(self):
        assert "1,493.82" in text_of(invoice(language="en"))
        assert "1.493,82" in text_of(invoice(language="de"))
        assert "1 493,82" in text_of(invoice(language="fr"))

    def test_prints_dates_as_the_language_writes_them(self):
        assert "5 November 2026" in text_of(invoice(language="en"))
        assert "5. November 2026" in text_of(invoice(language="de"))
        assert "5 novembre 2026" in text_of(invoice(language="fr"))

    def test_prints_every_figure_of_the_content(self):
        reader = pypdf.PdfReader(io.BytesIO(invoice_pdf()))
        text = plain("\n".join(page.extract_text() for page in reader.pages))

        for figure in (
            "1,000.00",
            "234.56",
            "1,234.56",
            "259.26",
            "1,493.82",
            "45,678.901",
            "21 %",
        ):
            assert figure in text, figure

    def test_says_reverse_charge_in_the_words_of_the_states(self):
        text = text_of(reverse_charge(language="fr"))

        assert "Autoliquidation / Steuerschuldnerschaft des Leistungsempfängers" in text
        assert "Art. 195 de la directive 2006/112/CE" in text
        assert "Autofacturation / Gutschrift / Self-billing" in text

    def test_names_what_a_credit_note_corrects(self):
        text = text_of(credit_note(language="de"))

        assert "Rechnungskorrektur PLD26-CN-000007" in text
        assert "PLD26-INV-000088 vom 6. Oktober 2026" in text
        assert "Gutschrift" not in text

    def test_says_where_to_pay(self):
        text = text_of(fee_invoice())

        assert "BE71 0961 2345 6769" in text
        assert "VAT in DKK: 93.24 (1 EUR = 7.4590 DKK, ECB, 4 November 2026)" in text

    def test_asks_nobody_to_pay_what_is_netted(self):
        assert "Please do not pay this document separately" in text_of(invoice())

    def test_is_marked_as_a_test_in_the_test_environment(self):
        assert "TEST" in text_of(invoice(environment="TEST"))

    def test_repeats_the_head_of_a_long_table(self):
        many = [
            line(100, month=f"20{year:02}-{month:02}")
            for year in range(10, 20)
            for month in range(1, 13)
        ]
        long = replace(
            invoice(),
            lines=many,
            vat=[breakdown(12000, 2520)],
        )

        pages = pypdf.PdfReader(io.BytesIO(pdf_of(long))).pages

        assert len(pages) > 2
        assert all("Records" in page.extract_text() for page in pages[:2])
