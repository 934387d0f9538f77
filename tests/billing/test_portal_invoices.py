"""Invoices in the portal: both sides read theirs, a stranger none."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import Document, Invoice
from billing.services.closing import close_window
from billing.services.invoice_files import render_files
from partners.models import AuditEvent
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.test_invoicing import a_world
from tests.billing.test_settling import sell
from tests.makers import PartnerUserMaker

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
    assert AuditEvent.objects.filter(action="invoice.downloaded").count() == 2


def test_one_without_files_says_when_they_come(client, oracle):
    assert "being made" in page_of(client, oracle.partners["A"])


def test_a_stranger_sees_nothing(client, oracle):
    text = page_of(client, oracle.partners["C"])

    assert "No invoice yet" in text
    for kind in ("pdf", "ubl"):
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

    assert len(queries) <= 9
