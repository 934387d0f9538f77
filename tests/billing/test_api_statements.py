"""Statements and whereabouts over the API, with tokens from the real token endpoint."""

import base64
import hashlib
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from billing.api import urls
from billing.models import BalanceConfirmation, Document, Position
from billing.services import sealing
from billing.services.objections import Grounds, raise_objection
from clearinghouse.uuid7 import new_uuid7, uuid7_at
from partners.models import AuditEvent
from tests import makers
from tests.billing.closed_windows import CLOSED_AT, closed_window
from tests.billing.part_four_rows import invoice, make
from tests.billing.portal_world import DECEMBER, PDF, World, settled_month
from tests.roaming.partner_systems import RECORDS, PartnerSystem

pytestmark = pytest.mark.django_db
STATEMENTS = "/api/v1/statements/"
# Tried with a stranger where they are written to.
ONLY_WRITTEN = ("invoice-objection", "balance-confirmation-answer")
OWN_LISTS = tuple(
    f"v1/{name}/"
    for name in (
        "objections windows positions payments invoices instructions balance-confirmations".split()
    )
)
# SET ROLE and RESET ROLE come with every request of a partner.
ROLE_SWITCH = 2


@pytest.fixture(autouse=True)
def _a_day_in_december(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with time_machine.travel(DECEMBER, tick=False):
        yield


@pytest.fixture
def world() -> World:
    return settled_month()


@pytest.fixture
def nordlicht(world) -> PartnerSystem:
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def laterne(world) -> PartnerSystem:
    return PartnerSystem(makers.laterne())


def every_address(world: World) -> list[str]:
    """Each address of billing's read API with Nordlicht's ids, read from the URL map."""
    objection = raise_objection(
        world.statement, Grounds(text="not ours"), by="finance", now=DECEMBER
    )
    arguments = {
        "document_id": world.statement.id,
        "record_id": world.settled_id,
        "objection_id": objection.pk,
        "kind": "xlsx",
        "invoice_id": invoice().pk,
        "confirmation_id": make(BalanceConfirmation).pk,
    }
    return [
        reverse(
            f"billing:{page.name}",
            kwargs={name: arguments[name] for name in page.pattern.converters},
        )
        for page in urls.urlpatterns
        if page.name not in ONLY_WRITTEN
    ]


def numbers(response) -> list[str]:
    return [row["number"] for row in response.json()["results"]]


class TestStatementList:
    def test_gives_the_position_in_minor_units_and_the_window(self, nordlicht, world):
        [row] = nordlicht.get(STATEMENTS).json()["results"]

        figures = {name: row[name] for name in row if name.endswith("_minor")}
        # 9.02 sold, 1 % of it kept as a fee: 9.02 − 0.09.
        assert figures == {
            "receivable_minor": 902,
            "payable_minor": 0,
            "vat_minor": 0,
            "fees_minor": 9,
            "fee_vat_minor": 0,
            "adjustments_minor": 0,
            "carried_minor": 0,
            "carried_on_minor": 0,
            "exchanged_minor": 0,
            "exchanged_on_minor": 0,
            "net_minor": 893,
        }
        assert (row["period"], row["currency"], row["group"]) == (
            "November 2026",
            "EUR",
            "EUR monthly",
        )
        assert row["direction"] == "RECEIVES"
        assert row["pdf_sha256"] == hashlib.sha256(PDF).hexdigest()
        assert row["pdf"].endswith(f"/api/v1/statements/{world.statement.id}/pdf")

    def test_is_filtered_by_period_currency_and_group(self, nordlicht, world):
        number = world.statement.number

        assert numbers(nordlicht.get(STATEMENTS, period="2026-11")) == [number]
        assert numbers(nordlicht.get(STATEMENTS, period="2026-10")) == []
        assert numbers(nordlicht.get(STATEMENTS, currency="EUR")) == [number]
        assert numbers(nordlicht.get(STATEMENTS, currency="CHF")) == []
        assert numbers(nordlicht.get(STATEMENTS, group="EUR monthly", period="2026-11")) == [number]
        assert numbers(nordlicht.get(STATEMENTS, group="EUR weekly")) == []

    def test_refuses_a_filter_it_does_not_know_or_cannot_read(self, nordlicht):
        for query in (
            {"perod": "2026-11"},
            {"period": "2026-13"},
            {"limit": "0"},
            {"limit": "99999999999"},
            {"cursor": "1"},
        ):
            answer = nordlicht.get(STATEMENTS, **query)

            assert answer.status_code == 400, query
            assert answer.json()["code"] == "PARAMETERS_INVALID", query

    def test_turns_pages_by_keyset(self, nordlicht, world):
        for number in ("ST-B", "ST-C"):
            another(world, number)

        first = nordlicht.get(STATEMENTS, limit=2)
        second = nordlicht.http.get(first.json()["next"], headers=nordlicht.headers)

        assert numbers(first) == ["ST-C", "ST-B"]
        assert numbers(second) == [world.statement.number]
        assert second.json()["next"] is None

    def test_costs_few_queries_and_counts_nothing(self, nordlicht, django_assert_max_num_queries):
        with django_assert_max_num_queries(8 + ROLE_SWITCH) as captured:
            nordlicht.get(STATEMENTS)

        assert not any("count(" in query["sql"].lower() for query in captured)


class TestStatementDetail:
    def test_gives_the_lines_as_frozen(self, nordlicht, world):
        answer = nordlicht.get(f"{STATEMENTS}{world.statement.id}/").json()

        [line] = answer["counterparties"]
        assert (line["name"], line["sold_claim_minor"], line["energy_kwh"]) == (
            "Voltaire",
            902,
            "18.4",
        )
        assert answer["annex_rows"] == 1
        assert answer["number"] == world.statement.number


class TestStatementPdf:
    def test_is_the_stored_bytes_with_their_hash(self, nordlicht, world):
        answer = nordlicht.get(f"{STATEMENTS}{world.statement.id}/pdf")

        digest = base64.b64encode(hashlib.sha256(PDF).digest()).decode()
        assert answer.content == PDF
        assert answer["Content-Type"] == "application/pdf"
        assert answer["ETag"] == f'"{hashlib.sha256(PDF).hexdigest()}"'
        assert answer["Digest"] == f"sha-256={digest}"
        assert answer["Repr-Digest"] == f"sha-256=:{digest}:"
        assert answer["Content-Disposition"] == (
            f'attachment; filename="{world.statement.number}.pdf"'
        )

    def test_is_audited_once_its_bytes_leave(self, nordlicht, world):
        address = f"{STATEMENTS}{world.statement.id}/pdf"
        etag = nordlicht.get(address)["ETag"]

        again = nordlicht.http.get(address, headers=nordlicht.headers | {"If-None-Match": etag})

        event = AuditEvent.objects.get(action="statement.downloaded")
        assert (again.status_code, again.content) == (304, b"")
        assert (event.actor, event.on_behalf_of) == ("client backend", "Nordlicht")
        assert event.object_id == world.statement.number

    def test_asks_to_come_back_while_it_is_rendered(self, nordlicht, world):
        fresh = another(world, "ST-B")

        answer = nordlicht.get(f"{STATEMENTS}{fresh.id}/pdf")
        row = nordlicht.get(f"{STATEMENTS}").json()["results"][0]

        assert (answer.status_code, answer["Retry-After"]) == (409, "60")
        assert answer.json()["code"] == "PDF_NOT_RENDERED"
        assert (row["number"], row["pdf"], row["pdf_sha256"]) == ("ST-B", None, "")


class TestWhereabouts:
    def test_are_told_by_sdr_id_and_by_record_id(self, nordlicht, world):
        by_sdr = nordlicht.get("/api/v1/whereabouts/", sdr_id="NLX-00001")
        by_record = nordlicht.get(f"{RECORDS}{world.settled_id}/whereabouts/")

        [attempt] = by_sdr.json()["attempts"]
        assert by_sdr.json() == by_record.json()
        assert attempt["summary"] == f"Settled in statement {world.statement.number}."
        assert attempt["statement"]["number"] == world.statement.number
        assert (attempt["sent"]["energy_kwh"], attempt["sent"]["total_amount"]) == ("18.4", "9.02")

    def test_need_an_sdr_id(self, nordlicht):
        assert nordlicht.get("/api/v1/whereabouts/").status_code == 400
        assert nordlicht.get("/api/v1/whereabouts/", sdr_id="  ").status_code == 400

    def test_show_no_contract_id(self, nordlicht):
        told = nordlicht.get("/api/v1/whereabouts/", sdr_id="NLX-00001").content

        assert b"C0000000" not in told


class TestStranger:
    def test_sees_no_statement_and_no_record(self, laterne, world):
        assert laterne.get(STATEMENTS).json() == {"results": [], "next": None}
        sealing.seal(now=DECEMBER)
        for address in every_address(world):
            if "/ledger/" in address or address.endswith(OWN_LISTS):
                assert laterne.get(address).json()["results"] == [], address
            elif address != STATEMENTS:
                query = {"sdr_id": "NLX-00001"} if address.endswith("v1/whereabouts/") else {}
                answer = laterne.get(address, **query)

                assert answer.status_code == 404, address
                assert answer.json()["code"] == "NOT_FOUND", address

    def test_cannot_tell_a_foreign_statement_from_one_that_is_not(self, laterne, world):
        theirs = laterne.get(f"{STATEMENTS}{world.statement.id}/pdf")
        nobodys = laterne.get(f"{STATEMENTS}{new_uuid7()}/pdf")

        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.content == nobodys.content

    def test_of_the_other_side_sees_its_own_statement_only(self, world):
        voltaire = PartnerSystem(makers.voltaire())

        [own] = voltaire.get(STATEMENTS).json()["results"]

        assert own["net_minor"] == -902
        assert voltaire.get(f"{STATEMENTS}{world.statement.id}/").status_code == 404
        assert voltaire.get(f"{STATEMENTS}{world.statement.id}/pdf").status_code == 404

    def test_without_a_token_is_refused_everywhere(self, client, world):
        for address in every_address(world):
            assert client.get(address).status_code == 401, address

    def test_without_the_scope_is_refused(self, world):
        sender = PartnerSystem(makers.nordlicht(), scopes=("sdr:write",))

        for address in every_address(world):
            assert sender.get(address).status_code == 403, address

    def test_from_test_sees_nothing_of_live(self, world):
        tester = PartnerSystem(makers.nordlicht(), environment="TEST")

        assert numbers(tester.get(STATEMENTS)) == []
        assert tester.get(f"{STATEMENTS}{world.statement.id}/").status_code == 404
        assert tester.get("/api/v1/whereabouts/", sdr_id="NLX-00001").status_code == 404


def another(world: World, number: str) -> Document:
    """One more statement of Nordlicht, of a window without any figures, and no PDF yet."""
    group = makers.GroupMaker(name=f"group of {number}")
    settlement = closed_window(group)
    Position.objects.create(
        settlement=settlement,
        partner=world.nordlicht,
        receivable_minor=0,
        payable_minor=0,
        fees_minor=0,
        net_minor=0,
    )
    original = world.statement
    issued_at = CLOSED_AT + timedelta(minutes=1)
    return Document.objects.create(
        id=uuid7_at(issued_at),
        number=number,
        kind=original.kind,
        partner=original.partner,
        settlement=settlement,
        content=original.content,
        content_sha256=original.content_sha256,
        issued_at=issued_at,
    )
