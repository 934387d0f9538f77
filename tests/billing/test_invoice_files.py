"""What was issued is rendered once, judged by the official rules, and kept."""

import hashlib
from datetime import timedelta

import pytest
from msgspec import to_builtins

from billing import tasks
from billing.documents.einvoice.validation import validate
from billing.documents.factur_x import embedded_xml, structural_faults
from billing.models import Document, DocumentFile, Invoice, IssuingBlock, ValidationReport
from billing.services import invoice_files
from billing.services.closing import close_window
from billing.services.invoice_files import NotRenderable, offered_xml, render_files
from partners.models import PartnerFacts
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.test_invoicing import a_world
from tests.billing.test_settling import sell

pytestmark = pytest.mark.django_db
LATER = BUSINESS_DAY_6 + timedelta(minutes=5)


@pytest.fixture
def document() -> Document:
    oracle = a_world()
    sell(oracle, "A", "C", cents=1000)
    close_window(oracle.group, now=BUSINESS_DAY_6)
    return Invoice.objects.get().document


def test_both_files_are_valid_and_kept_with_their_report(document):
    pdf, ubl = render_files(document, now=LATER)

    assert (pdf.media_type, ubl.media_type) == ("application/pdf", "application/xml")
    assert structural_faults(bytes(pdf.content)) == []
    cii = embedded_xml(bytes(pdf.content))
    assert validate(cii).is_valid
    assert validate(bytes(ubl.content)).is_valid
    reports = {row.syntax: row for row in ValidationReport.objects.all()}
    assert reports["CII"].xml_sha256 == hashlib.sha256(cii).hexdigest()
    assert reports["UBL"].xml_sha256 == ubl.sha256
    assert all(row.fired > 50 and row.failures == [] for row in reports.values())
    assert "1.3.16" in reports["UBL"].validator


def test_the_first_bytes_are_kept(document):
    first = render_files(document, now=LATER)

    again = render_files(document, now=LATER + timedelta(days=400))

    assert [file.pk for file in again] == [file.pk for file in first]
    assert DocumentFile.objects.filter(document=document).count() == 2


def test_a_content_that_was_changed_is_not_rendered(document):
    document.content["totals"]["incl_tax_minor"] += 1

    with pytest.raises(NotRenderable, match="hash"):
        render_files(document, now=LATER)


def test_what_the_rules_refuse_is_not_stored():
    oracle = a_world()
    PartnerFacts.objects.filter(partner=oracle.partners["A"]).update(country_code="ZZ")
    sell(oracle, "A", "C", cents=1000)
    close_window(oracle.group, now=BUSINESS_DAY_6)
    document = Invoice.objects.get().document

    with pytest.raises(NotRenderable, match="CountryID"):
        render_files(document, now=LATER)

    assert not document.files.exists()


def test_the_job_renders_what_is_missing_and_goes_on_after_a_broken_one(document, caplog):
    values = document.content | {"version": 99}
    Document.objects.bulk_create(
        [
            Document(
                number="AAA-INV-2027-000001",
                kind="INVOICE",
                environment="LIVE",
                partner=document.partner,
                content=to_builtins(values),
                content_sha256=invoice_files.content_sha256(values),
                issued_at=BUSINESS_DAY_6,
            )
        ]
    )

    assert tasks.render_missing_invoices() == {"taken_back": 0, "rendered": 1}
    assert tasks.render_missing_invoices() == {"taken_back": 0, "rendered": 0}
    assert "billing.invoice.not_rendered" in caplog.text


def test_statements_are_left_to_their_own_job(document):
    tasks.render_missing_invoices()

    assert not Document.objects.get(kind="STATEMENT", partner=document.partner).files.exists()
    tasks.render_missing_statements()
    assert document.files.count() == 2


@pytest.mark.parametrize("syntax", ["CII", "UBL"])
def test_what_is_blocked_is_offered_as_xml(syntax):
    oracle = a_world()
    PartnerFacts.objects.filter(partner=oracle.partners["A"]).update(country_code="PL")
    sell(oracle, "A", "C", cents=1000)
    close_window(oracle.group, now=BUSINESS_DAY_6)

    xml = offered_xml(IssuingBlock.objects.get(), syntax=syntax)

    assert validate(xml).is_valid
    assert b"DRAFT" in xml
