"""Windows, positions, payments, postings and invoices over the API: one's own and no other's."""

import hashlib
from decimal import Decimal

import pytest
import time_machine
from django.db import connection

from billing.models import (
    BankEntry,
    DocumentFile,
    Invoice,
    InvoicedSdr,
    Payment,
    PaymentFile,
    Position,
    PositionState,
    Transfer,
)
from billing.services.closing import close_window
from partners.models import AuditEvent
from roaming.models import Delivery, Sdr
from roaming.services.reading import owed_messages
from tests import makers
from tests.billing.part_four_rows import document, invoice, make, position, settlement
from tests.billing.portal_world import DECEMBER, World, settled_month
from tests.billing.stories import Story, a_world, tell
from tests.makers import NOON
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db
API = "/api/v1/"
PDF, UBL = b"%PDF-1.7 an invoice", b"<Invoice/>"
ROLE_SWITCH = 2


@pytest.fixture(autouse=True)
def _a_day_in_december(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with time_machine.travel(DECEMBER, tick=False):
        yield


@pytest.fixture
def world() -> World:
    """Nordlicht sold for 9.02, of which 0.09 is commission; Voltaire bought, Laterne is nobody."""
    return settled_month()


@pytest.fixture
def seller(world) -> PartnerSystem:
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def buyer(world) -> PartnerSystem:
    return PartnerSystem(makers.voltaire())


@pytest.fixture
def stranger(world) -> PartnerSystem:
    return PartnerSystem(makers.laterne())


@pytest.fixture
def issued(world) -> Invoice:
    """With both files, over the record of the month."""
    made = invoice(document=document())
    for media_type, content in (("application/pdf", PDF), ("application/xml", UBL)):
        DocumentFile.objects.create(
            document=made.document,
            media_type=media_type,
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            rendered_at=NOON,
        )
    make(InvoicedSdr, invoice=made, sdr_id=Sdr.objects.get().pk, amount_minor=902)
    return made


def rows(system: PartnerSystem, path: str, **query):
    answer = system.get(f"{API}{path}", **query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


class TestWindows:
    def test_are_those_of_groups_that_one_joined(self, seller, stranger):
        [row] = rows(seller, "windows/")

        assert (row["group"], row["state"], row["currency"]) == ("EUR monthly", "CLOSED", "EUR")
        assert rows(stranger, "windows/") == []

    def test_are_filtered_and_refuse_what_is_not_known(self, seller):
        assert len(rows(seller, "windows/", state="CLOSED")) == 1
        assert rows(seller, "windows/", state="OPEN") == []
        for query in ({"state": "ajar"}, {"staet": "OPEN"}, {"limit": "0"}, {"cursor": "1"}):
            answer = seller.get(f"{API}windows/", **query)
            assert answer.status_code == 400, query
            assert answer.json()["code"] == "PARAMETERS_INVALID", query


class TestPositions:
    def test_say_what_is_due_and_where_its_money_stands(self, seller, world):
        make(PositionState, position=position(), due_minor=893, settled_minor=100)

        [row] = rows(seller, "positions/")

        assert (row["receivable_minor"], row["fees_minor"]) == (902, 9)
        assert (row["net_minor"], row["due_minor"], row["settled_minor"]) == (893, 893, 100)
        assert row["money_state"] == "PAYABLE"
        assert row["statement_number"] == world.statement.number
        assert rows(seller, "positions/", money_state="PAID") == []

    def test_are_one_s_own(self, buyer, stranger):
        [row] = rows(buyer, "positions/")

        assert row["due_minor"] == -902
        assert rows(stranger, "positions/") == []

    def test_of_a_calculation_that_is_not_issued_are_not_told(self):
        waiting = a_world(release="TWO_PERSONS")
        tell(waiting, Story(Decimal("10.00")))
        close_window(waiting.group, now=NOON)

        assert Position.objects.filter(partner=makers.partner_of(makers.nordlicht())).exists()
        assert rows(PartnerSystem(makers.nordlicht()), "positions/") == []


class TestPayments:
    def test_tell_what_left_and_no_other_partner_s(self, seller, buyer):
        make(Payment, state="BOOKED", partner=seller.partner)
        make(Payment, state="PROPOSED", partner=seller.partner)

        [row] = rows(seller, "payments/")

        assert (row["amount_minor"], row["state"]) == (400, "BOOKED")
        assert row["iban"] == "DE … 6199"
        assert rows(buyer, "payments/") == []

    def test_the_bytes_of_a_file_are_no_partner_s(self, world):
        make(PaymentFile)
        make(BankEntry)
        for column, table in (("content", "paymentfile"), ("remittance", "bankentry")):
            with connection.cursor() as cursor:
                cursor.execute("SET ROLE clearinghouse_partner")
                cursor.execute("SAVEPOINT before")
                try:
                    with pytest.raises(Exception, match="permission denied"):
                        cursor.execute(f"SELECT {column} FROM billing_{table}")
                finally:
                    cursor.execute("ROLLBACK TO before")
                    cursor.execute("RESET ROLE")


class TestPostings:
    def test_add_up_to_one_s_position(self):
        settlement()
        seller, buyer = (PartnerSystem(one()) for one in (makers.nordlicht, makers.voltaire))

        sold, bought = rows(seller, "ledger/postings/"), rows(buyer, "ledger/postings/")

        assert sum(row["effect_minor"] for row in sold) == 900
        assert sum(row["effect_minor"] for row in bought) == -1000
        assert {row["counterparty"] for row in sold} == {"Voltaire", None}

    def test_leave_out_what_others_posted(self):
        settlement()
        seller, stranger = (PartnerSystem(one()) for one in (makers.nordlicht, makers.laterne))

        assert Transfer.objects.exists()
        assert rows(stranger, "ledger/postings/") == []
        assert {row["kind"] for row in rows(seller, "ledger/postings/", kind="ENERGY")} == {
            "ENERGY"
        }


class TestInvoices:
    def test_are_seen_by_both_sides(self, issued, seller, buyer, stranger):
        [sold], [bought] = rows(seller, "invoices/"), rows(buyer, "invoices/")

        assert (sold["role"], bought["role"]) == ("SELLER", "BUYER")
        assert sold["number"] == bought["number"] == issued.number
        assert sold["pdf"].endswith(f"/api/v1/invoices/{issued.pk}/pdf")
        assert rows(stranger, "invoices/") == []

    def test_are_found_by_number_and_settlement(self, issued, seller):
        assert len(rows(seller, "invoices/", number=issued.number)) == 1
        assert len(rows(seller, "invoices/", settlement=str(issued.settlement_id))) == 1
        assert rows(seller, "invoices/", number="X") == []
        assert seller.get(f"{API}invoices/", settlement="x").status_code == 400

    def test_give_the_bytes_handed_out_first_and_note_who_took_them(self, issued, buyer):
        pdf = buyer.get(f"{API}invoices/{issued.pk}/pdf")
        xml = buyer.get(f"{API}invoices/{issued.pk}/xml")

        assert (pdf.content, xml.content) == (PDF, UBL)
        assert xml["Content-Disposition"] == f'attachment; filename="{issued.number}.xml"'
        noted = AuditEvent.objects.filter(action="invoice.downloaded")
        assert {event.after["file"] for event in noted} == {"pdf", "xml"}

    def test_without_files_say_when_to_ask_again(self, world, seller):
        made = invoice()

        answer = seller.get(f"{API}invoices/{made.pk}/pdf")

        assert (answer.status_code, answer.json()["code"]) == (409, "FILE_NOT_RENDERED")
        assert answer["Retry-After"] == "60"

    def test_of_the_seller_s_own_have_no_file_of_ours(self, world, seller):
        made = invoice(mode="A0")
        assert seller.get(f"{API}invoices/{made.pk}/pdf").status_code == 404

    def test_name_their_records_by_the_seller_s_ids(self, issued, buyer):
        answer = buyer.get(f"{API}invoices/{issued.pk}/records/").json()

        assert answer["invoice_number"] == issued.number
        assert answer["results"] == [
            {
                "record_id": str(Sdr.objects.get().pk),
                "sdr_id": "NLX-00001",
                "kind": "ELECTRICITY",
                "amount_minor": 902,
            }
        ]

    def test_never_split_the_rows_of_a_record_over_two_pages(self, world, buyer):
        made = invoice()
        kinds = ("ELECTRICITY", "PARKING", "RESERVATION")
        for number in range(3):
            record = f"01a22732-0000-7000-8000-00000000000{number}"
            for kind in kinds:
                make(InvoicedSdr, invoice=made, sdr_id=record, kind=kind)

        for limit, pages in ((1, [3, 3, 3]), (2, [3, 3, 3]), (4, [3, 3, 3]), (7, [6, 3]), (9, [9])):
            address, found = f"{API}invoices/{made.pk}/records/?limit={limit}", []
            while address:
                page = buyer.http.get(address, headers=buyer.headers).json()
                found.append(len(page["results"]))
                address = page["next"]
            assert found == pages, limit


def test_each_list_costs_few_queries_and_counts_nothing(
    issued, seller, django_assert_max_num_queries
):
    make(Payment, state="BOOKED", partner=seller.partner)
    for path in ("windows/", "positions/", "payments/", "invoices/", "ledger/postings/"):
        with django_assert_max_num_queries(8 + ROLE_SWITCH) as captured:
            rows(seller, path)
        assert not any("count(" in query["sql"].lower() for query in captured), path


def test_webhooks_name_what_was_issued(world):
    of = {"receiver": makers.nordlicht(), "created_at": NOON, "sequence": 1}
    events = {
        kind: owed_messages([Delivery(kind=kind, subject_id=world.statement.pk, **of)])[0].event
        for kind in (Delivery.Kind.STATEMENT, Delivery.Kind.INVOICE)
    }
    assert events == {"STATEMENT": "settlement.issued", "INVOICE": "document.issued"}
