"""Invoices in the portal: both sides read theirs, a stranger none."""

import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.documents.invoice_content import to_json
from billing.models import Document, Invoice, IssuingBlock
from billing.queries_invoices import OFFERED
from billing.services.closing import close_window
from billing.services.invoice_files import offered_xml, render_files
from partners.models import AuditEvent
from tests.billing import invoice_samples
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.part_four_rows import make
from tests.billing.test_invoicing import a_world
from tests.billing.test_settling import sell
from tests.makers import PartnerUserMaker
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db


@pytest.fixture
def oracle():
    oracle = a_world()
    sell(oracle, "A", "B", cents=2000, number=1)
    sell(oracle, "B", "A", cents=1000, number=2)
    close_window(oracle.group, now=BUSINESS_DAY_6)
    render_files(sold().document, now=BUSINESS_DAY_6)
    return oracle


def sold() -> Invoice:
    return Invoice.objects.get(number="AX-INV-2027-000001")


def page_of(client, partner) -> str:
    client.force_login(PartnerUserMaker(partner=partner))
    return client.get(reverse("portal:invoices")).content.decode()


def file_url(kind: str) -> str:
    return reverse("portal:invoice-file", args=[sold().document_id, kind])


@pytest.mark.parametrize(("letter", "side"), [("A", "you sold"), ("B", "you bought")])
def test_both_sides_see_it_with_its_files(client, oracle, letter, side):
    text = page_of(client, oracle.partners[letter])

    assert "AX-INV-2027-000001" in text
    assert side in text
    for kind, media_type in (("pdf", "application/pdf"), ("ubl", "application/xml")):
        assert file_url(kind) in text
        answer = client.get(file_url(kind))
        stored = sold().document.files.get(media_type=media_type)
        assert answer.content == bytes(stored.content)
        assert answer["Content-Type"] == media_type
    assert file_url("cii") in text
    cii = client.get(file_url("cii"))
    judged = sold().document.validation_reports.get(syntax="CII")
    assert hashlib.sha256(cii.content).hexdigest() == judged.xml_sha256
    assert "AX-INV-2027-000001-cii.xml" in cii["Content-Disposition"]
    assert AuditEvent.objects.filter(action="invoice.downloaded").count() == 3


def test_systems_of_both_sides_fetch_the_cii_alone(oracle):
    address = f"/api/v1/invoices/{sold().pk}/cii"

    for letter in "AB":
        answer = PartnerSystem(oracle.sellers[letter]).get(address)
        digest = hashlib.sha256(answer.content).hexdigest()
        assert digest == sold().document.validation_reports.get(syntax="CII").xml_sha256
        assert answer["ETag"] == f'"{digest}"'
    assert PartnerSystem(oracle.sellers["C"]).get(address).status_code == 404


def test_one_without_files_says_when_they_come(client, oracle):
    assert "being made" in page_of(client, oracle.partners["A"])


def test_a_stranger_sees_nothing(client, oracle):
    text = page_of(client, oracle.partners["C"])

    assert "No invoice yet" in text
    for kind in ("pdf", "cii", "ubl"):
        assert client.get(file_url(kind)).status_code == 404


def test_a_statement_is_no_invoice(client, oracle):
    client.force_login(PartnerUserMaker(partner=oracle.partners["A"]))
    statement = Document.objects.get(kind="STATEMENT", partner=oracle.partners["A"])

    url = reverse("portal:invoice-file", args=[statement.pk, "pdf"])

    assert client.get(url).status_code == 404
    assert client.get(file_url("csv")).status_code == 404


def test_costs_few_queries(client, oracle):
    client.force_login(PartnerUserMaker(partner=oracle.partners["A"]))

    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("portal:invoices"))

    assert len(queries) <= 12  # two of them switch the role, two read the rights


class TestNotIssued:
    """B has to issue over its state's channel what we may not."""

    @pytest.fixture
    def waiting(self, oracle) -> IssuingBlock:
        return make(
            IssuingBlock,
            seller=oracle.partners["B"],
            buyer=oracle.partners["A"],
            code=OFFERED,
            what_to_do="Issue it over KSeF.",
            content=to_json(invoice_samples.invoice(number="")),
        )

    def url(self, block: IssuingBlock, syntax: str) -> str:
        return reverse("portal:invoice-offered", args=[block.pk, syntax])

    @pytest.mark.parametrize("syntax", ["cii", "ubl"])
    def test_is_offered_to_its_seller_and_noted(self, client, oracle, waiting, syntax):
        text = page_of(client, oracle.partners["B"])

        assert "Issue it over KSeF." in text
        assert self.url(waiting, syntax) in text
        answer = client.get(self.url(waiting, syntax))
        assert answer.content == offered_xml(waiting, syntax=syntax.upper())
        assert answer["Content-Type"] == "application/xml"
        noted = AuditEvent.objects.get(action="issuing_block.downloaded")
        assert (noted.on_behalf_of, noted.after) == ("B", {"format": syntax})

    def test_is_not_there_for_its_buyer_or_a_stranger(self, client, oracle, waiting):
        for letter in "AC":
            assert "Not issued yet" not in page_of(client, oracle.partners[letter])
            for syntax in ("cii", "ubl"):
                assert client.get(self.url(waiting, syntax)).status_code == 404
        assert not AuditEvent.objects.filter(action="issuing_block.downloaded").exists()

    def test_that_waits_for_a_fact_is_shown_without_its_xml(self, client, oracle, waiting):
        other = make(
            IssuingBlock,
            seller=oracle.partners["B"],
            buyer=oracle.partners["A"],
            code="SELLER_UNKNOWN",
            content=to_json(invoice_samples.invoice(number="")),
        )

        text = page_of(client, oracle.partners["B"])

        assert "has to mend a fact first" in text
        assert self.url(other, "ubl") not in text
        assert client.get(self.url(other, "ubl")).status_code == 404
