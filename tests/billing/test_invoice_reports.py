"""Sellers report invoices of their own (A0) and refuse self-billed ones; both sides are told."""

import base64
import json
from datetime import timedelta

import pytest
import time_machine

from billing.documents.invoice_content import from_json
from billing.documents.invoice_rules import faults_of
from billing.models import (
    ClearedSdr,
    Invoice,
    InvoicedSdr,
    InvoiceObjection,
    InvoiceSupply,
    IssuingBlock,
    ReportedInvoice,
    Transfer,
)
from billing.queries_numbers import series_reports
from billing.services.closing import close_window
from billing.services.invoice_files import render_files
from billing.services.invoice_objections import take_back_refused
from roaming.models import Delivery, Sdr
from tests import makers
from tests.billing.oracle_world import BUSINESS_DAY_6, Oracle
from tests.billing.test_invoicing import a_world, pair
from tests.billing.test_settling import sell
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db
INVOICES = "/api/v1/invoices/"
PDF = b"%PDF-1.7 A's own invoice"


@pytest.fixture(autouse=True)
def _the_day_of_closing(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with time_machine.travel(BUSINESS_DAY_6, tick=False):
        yield


class Sold:
    """A sold three times 9.00 + 21 % to C, and invoices itself unless ``mode`` says otherwise."""

    def __init__(self, mode: str | None = None):
        self.oracle: Oracle = a_world(mode)
        sell(self.oracle, "A", "C", number=1, cents=900)
        sell(self.oracle, "A", "C", number=2, cents=900)
        sell(self.oracle, "A", "C", number=3, cents=900)
        self.settlement = close_window(self.oracle.group, now=BUSINESS_DAY_6).settlement
        self.seller, self.buyer, self.other = (self.system(letter) for letter in "ACB")

    def system(self, letter: str) -> PartnerSystem:
        return PartnerSystem(self.oracle.sellers[letter])

    def told(self, **changes) -> dict:
        sold = ClearedSdr.objects.filter(
            seller_partner=self.oracle.partners["A"], buyer_partner=self.oracle.partners["C"]
        )
        names = sorted(
            Sdr.objects.filter(pk__in=sold.values("pk")).values_list("sdr_id", flat=True)
        )
        own = {
            "settlement_id": str(self.settlement.pk),
            "buyer": self.oracle.partners["C"].name,
            "number": "A-2027-1",
            "issue_date": "2027-02-09",
            "net_minor": 2_700,
            "vat_minor": 567,
            "gross_minor": 3_267,
            "sdr_ids": names,
            "file_name": "a-2027-1.pdf",
            "media_type": "application/pdf",
            "content": base64.b64encode(PDF).decode(),
        }
        return own | changes

    def report(self, **changes):
        return self.seller.post(INVOICES, json.dumps(self.told(**changes)).encode())


class TestReport:
    def test_is_taken_with_its_file_and_its_records(self):
        sold = Sold()

        answer = sold.report()

        assert answer.status_code == 201, answer.content
        invoice = Invoice.objects.get()
        assert (invoice.mode, invoice.number, invoice.sdrs) == ("A0", "A-2027-1", 3)
        assert bytes(ReportedInvoice.objects.get().content) == PDF
        assert InvoicedSdr.objects.filter(invoice=invoice).count() == 3
        [row] = sold.buyer.get(INVOICES).json()["results"]
        assert (row["number"], row["role"], row["pdf"]) == ("A-2027-1", "BUYER", None)
        assert sold.other.get(INVOICES).json()["results"] == []

    def test_tells_both_sides(self):
        sold = Sold()
        sold.report()

        told = Delivery.objects.filter(kind="INVOICE", subject_id=Invoice.objects.get().pk)
        owners = {makers.partner_of(one.receiver).name[:1] for one in told}
        assert owners == {"A", "C"}

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"net_minor": 2_701, "gross_minor": 3_268}, 422, "AMOUNTS_DIFFER"),
            ({"vat_minor": 568, "gross_minor": 3_268}, 422, "AMOUNTS_DIFFER"),
            ({"gross_minor": 3_268}, 422, "AMOUNTS_DIFFER"),
            ({"buyer": "Nobody"}, 422, "BUYER_UNKNOWN"),
            ({"settlement_id": "01a22732-0000-7000-8000-000000000000"}, 422, "SETTLEMENT_UNKNOWN"),
            ({"type_code": "381"}, 409, "NOTHING_TO_INVOICE"),
            ({"number": ""}, 400, "BODY_UNREADABLE"),
            ({"content": "???"}, 400, "BODY_UNREADABLE"),
            ({"net_minor": 1.5}, 400, "BODY_UNREADABLE"),
            ({"colour": "red"}, 400, "BODY_UNREADABLE"),
        ],
    )
    def test_is_refused_whole_where_it_differs(self, changes, status, code):
        answer = Sold().report(**changes)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not Invoice.objects.exists()

    def test_names_the_records_that_differ(self):
        sold = Sold()
        names = sold.told()["sdr_ids"]

        answer = sold.report(sdr_ids=[*names[1:], names[1], "X-1"])

        assert (answer.status_code, answer.json()["code"]) == (422, "RECORDS_DIFFER")
        assert [error["message"] for error in answer.json()["errors"]] == [
            f"{names[1]} is named twice",
            f"{names[0]} is not named",
            "X-1 is not behind these amounts",
        ]
        assert not Invoice.objects.exists()

    def test_says_what_may_be_invoiced(self):
        answer = Sold().report(net_minor=1)

        assert answer.json()["errors"][0]["message"] == "net 2700, VAT 567, gross 3267"

    def test_is_taken_once(self):
        sold = Sold()
        sold.report()

        again, other = sold.report(), sold.report(number="A-2027-2")

        assert (again.status_code, again.json()["code"]) == (409, "NOTHING_TO_INVOICE")
        assert (other.status_code, other.json()["code"]) == (409, "NOTHING_TO_INVOICE")
        assert Invoice.objects.count() == 1

    def test_of_what_we_issue_is_refused(self):
        answer = Sold("A1").report()

        assert (answer.status_code, answer.json()["code"]) == (409, "NOTHING_TO_INVOICE")

    def test_resolves_what_we_were_kept_from_issuing(self):
        sold = Sold()
        supply = sold.settlement.supplies.get(
            supplier=sold.oracle.partners["A"], customer=sold.oracle.partners["C"]
        )
        block = IssuingBlock.objects.create(
            settlement=sold.settlement,
            seller=supply.supplier,
            buyer=supply.customer,
            code="CHANNEL_MISSING",
            what_to_do="send it through the channel",
            supplies=[str(supply.pk)],
            content={},
            opened_at=BUSINESS_DAY_6,
        )

        sold.report(channel_reference="KSEF-1")

        block.refresh_from_db()
        assert block.resolved_by == Invoice.objects.get()
        assert block.resolved_by.report.channel_reference == "KSEF-1"

    def test_needs_the_scope_to_write(self):
        sold = Sold()
        reader = PartnerSystem(sold.oracle.sellers["A"], scopes=("settlement:read",))

        assert reader.post(INVOICES, json.dumps(sold.told()).encode()).status_code == 403

    def test_of_another_partner_s_supplies_is_refused(self):
        sold = Sold()

        answer = sold.other.post(INVOICES, json.dumps(sold.told()).encode())

        assert answer.json()["code"] == "BUYER_UNKNOWN"
        assert not Invoice.objects.exists()


class TestRefusalOfASelfBilledDocument:
    def refuse(self, system: PartnerSystem, invoice: Invoice, reason: str = "wrong price"):
        body = json.dumps({"reason": reason}).encode()
        return system.post(f"{INVOICES}{invoice.pk}/objection", body)

    def test_takes_its_effect_and_frees_its_records(self):
        sold = Sold("A2")
        [invoice] = pair(sold.oracle, "A", "C")

        answer = self.refuse(sold.seller, invoice)

        assert answer.status_code == 201, answer.content
        assert answer.json()["is_objected"] is True
        assert InvoiceObjection.objects.get().reason == "wrong price"
        assert not InvoicedSdr.objects.filter(invoice=invoice, released_at=None).exists()
        assert sold.buyer.get(f"{INVOICES}{invoice.pk}/").json()["is_objected"] is True

    def test_is_taken_back_once_in_full_by_a_document_that_is_valid(self):
        sold = Sold("A2")
        [refused] = pair(sold.oracle, "A", "C")
        self.refuse(sold.seller, refused)

        [made], again = take_back_refused(now=BUSINESS_DAY_6), take_back_refused(now=BUSINESS_DAY_6)

        assert again == []
        assert (made.type_code, made.mode, made.number) == ("261", "A2", "AX-SC-2027-000001")
        assert (made.net_minor, made.vat_minor, made.gross_minor) == (2_700, 567, 3_267)
        assert made.preceding.get().preceding == refused
        assert not made.supplies.exists()
        content = from_json(made.document.content)
        assert faults_of(content) == []
        assert content.preceding[0].number == refused.number
        assert len(render_files(made.document, now=BUSINESS_DAY_6)) == 2
        assert all(series.is_gapless for series in series_reports())
        assert self.refuse(sold.seller, made).json()["code"] == "NOT_SELF_BILLED"

    def test_leaves_the_supplies_to_an_invoice_of_the_seller_s_own(self):
        sold = Sold("A2")
        [refused] = pair(sold.oracle, "A", "C")
        posted = list(Transfer.objects.values_list("event_key", "amount_minor"))
        assert sold.report().json()["code"] == "NOTHING_TO_INVOICE"
        self.refuse(sold.seller, refused)
        take_back_refused(now=BUSINESS_DAY_6)

        answer, again = sold.report(), sold.report(number="A-2027-2")

        assert answer.status_code == 201, answer.content
        assert (again.status_code, again.json()["code"]) == (409, "NOTHING_TO_INVOICE")
        own = Invoice.objects.get(mode="A0")
        assert (own.net_minor, own.vat_minor, own.sdrs) == (2_700, 567, 3)
        stands = {"invoice": own, "released_at": None}
        assert InvoicedSdr.objects.filter(**stands).count() == 3
        assert InvoiceSupply.objects.filter(**stands).count() == refused.supplies.count() == 1
        assert list(Transfer.objects.values_list("event_key", "amount_minor")) == posted

    def test_is_the_seller_s_alone_and_once(self):
        sold = Sold("A2")
        [invoice] = pair(sold.oracle, "A", "C")

        assert self.refuse(sold.buyer, invoice).json()["code"] == "NOT_THE_SELLER"
        assert self.refuse(sold.other, invoice).status_code == 404
        assert self.refuse(sold.seller, invoice, reason="").status_code == 400
        assert self.refuse(sold.seller, invoice).status_code == 201
        assert self.refuse(sold.seller, invoice).json()["code"] == "REFUSED_BEFORE"

    def test_has_its_time_and_its_kind(self):
        sold = Sold("A2")
        [invoice] = pair(sold.oracle, "A", "C")
        with time_machine.travel(BUSINESS_DAY_6 + timedelta(days=61), tick=False):
            sold.seller.token = sold.seller.fetch_token().json()["access_token"]
            assert self.refuse(sold.seller, invoice).json()["code"] == "TOO_LATE"

    def test_is_not_of_an_invoice_issued_on_behalf(self):
        sold = Sold("A1")
        [invoice] = pair(sold.oracle, "A", "C")

        assert self.refuse(sold.seller, invoice).json()["code"] == "NOT_SELF_BILLED"
