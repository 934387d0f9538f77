"""Who may charge: by list, by the CSP's word over HTTP; each time it is written down."""

import json
import logging
import time
from datetime import timedelta

import pytest
from django.db import connection
from standardwebhooks import Webhook

from partners.models import PartnerState
from roaming.messages.authorizations import CertificateEvidence, WhereCharged
from roaming.models import (
    Authorization,
    AuthorizationRequest,
    ContractIdentity,
    Exchange,
    ServiceSession,
    SessionMove,
)
from roaming.services import authorizations, drivers, whitelist
from tests import makers
from tests.makers import NOON, later
from tests.roaming.authorization_world import HERE, after, answering, question, world
from tests.roaming.credential_world import CARD, CONTRACT, EMAID, card
from tests.roaming.webhook_receiver import SECRET

pytestmark = pytest.mark.django_db
OF_VOLTAIRE = "FRVOLC12345678"


@pytest.fixture(autouse=True)
def quick(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    settings.AUTHORIZATION_TIMEOUT_S = 1.0


@pytest.fixture
def house():
    with world() as house:
        yield house


def lists(*cards, csp=None):
    whitelist.publish_many(cards, csp=csp or makers.voltaire(), now=NOON)


def suspend(party):
    PartnerState.objects.create(
        partner=makers.partner_of(party),
        state="SUSPENDED",
        starts_at=NOON - timedelta(hours=1),
        reason="unpaid",
        actor="olga",
    )


def leave(party, *, ends_at):
    PartnerState.objects.create(
        partner=makers.partner_of(party),
        state="LEAVING",
        starts_at=NOON - timedelta(days=1),
        service_ends_at=ends_at,
        reason="a letter",
        actor="olga",
    )


class TestEndOfService:
    """J7: until the last instant of a side's service, and not at the next."""

    @pytest.mark.parametrize("side", [makers.voltaire, makers.nordlicht])
    @pytest.mark.parametrize(
        ("ends_at", "decision"),
        [(NOON + timedelta(seconds=1), "ALLOWED"), (NOON, "NOT_ALLOWED")],
    )
    def test_decides(self, house, side, ends_at, decision):
        house.csp(makers.voltaire())
        lists(card())
        leave(side(), ends_at=ends_at)

        told = house.ask()

        assert told.decision == decision
        assert ("has left" in told.reason) == (decision == "NOT_ALLOWED")

    def test_nobody_is_asked_around_who_has_left(self, house):
        end = house.csp(makers.voltaire())
        leave(makers.voltaire(), ends_at=NOON)

        assert (house.ask().decision, end.asked) == ("UNKNOWN", [])


class TestByList:
    @pytest.mark.parametrize(
        ("changes", "decision"),
        [
            ({}, "ALLOWED"),
            ({"is_valid": False}, "BLOCKED"),
            ({"ends_at": NOON - timedelta(seconds=1)}, "EXPIRED"),
            ({"ends_at": NOON + timedelta(seconds=1)}, "ALLOWED"),
        ],
    )
    def test_always_means_that_nobody_is_asked(self, house, changes, decision):
        end = house.csp(makers.voltaire())
        lists(card(**changes))

        told = house.ask()

        assert (told.decision, told.decided_by, end.asked) == (decision, "WHITELIST", [])
        assert told.csp_code == "FR*VOL"

    def test_knows_a_card_that_was_published_as_a_hash(self, house):
        house.csp(makers.voltaire())
        digest = whitelist.digest_of("RFID", CARD)
        lists(card(uid="", uid_sha256=digest, contract_id="", personal={}))

        assert house.ask(uid=CARD.lower()).decision == "ALLOWED"

    @pytest.mark.parametrize(
        ("policy", "decision", "decided_by"),
        [
            ("ALLOWED", "ALLOWED", "WHITELIST"),
            ("ALLOWED_OFFLINE", "ALLOWED", "WHITELIST"),
            ("NEVER", "NOT_REACHED", "POLICY"),
        ],
    )
    @pytest.mark.parametrize("state", ["OFFLINE", "CONNECTED"])
    def test_stands_in_only_where_its_csp_lets_it(self, house, policy, decision, decided_by, state):
        end = house.csp(makers.voltaire(), state=state)
        end.answer = lambda asked, handler: (500, b"<html>")
        lists(card(offline_policy=policy))

        told = house.ask()

        assert (told.decision, told.decided_by) == (decision, decided_by)
        assert len(end.asked) == (state == "CONNECTED")
        assert "could not be asked" in told.reason

    def test_asks_even_for_what_the_list_calls_invalid(self, house):
        house.csp(makers.voltaire(), answer=answering())
        lists(card(is_valid=False, offline_policy="ALLOWED"))

        assert house.ask().decision == "ALLOWED"


class TestPolicy:
    def test_a_list_without_an_agreement_is_none(self, house):
        house.csp(makers.voltaire(), agreed=False)
        lists(card())

        told = house.ask()

        assert (told.decision, told.csp_id) == ("UNKNOWN", None)

    def test_names_the_missing_agreement_to_who_names_the_csp(self, house):
        voltaire = makers.voltaire()
        house.csp(voltaire, agreed=False)
        lists(card())

        told = house.ask(csp=voltaire)

        assert (told.decision, told.reason) == ("NOT_ALLOWED", "no agreement is in force")

    def test_pairs_that_settle_directly_ask_directly(self, house):
        voltaire = makers.voltaire()
        house.csp(voltaire, agreed=False)
        makers.AgreementMaker(seller=house.cso, buyer=voltaire, mode="DIRECT")
        lists(card())

        assert house.ask(csp=voltaire).reason == "the two of you settle directly"

    @pytest.mark.parametrize("side", ["cso", "csp"])
    def test_a_suspended_side_charges_nobody(self, house, side):
        house.csp(makers.voltaire())
        lists(card())
        suspend(house.cso if side == "cso" else makers.voltaire())

        told = house.ask()

        assert (told.decision, told.decided_by) == ("NOT_ALLOWED", "POLICY")
        assert "SUSPENDED" in told.reason
        assert not ServiceSession.objects.exists()

    def test_test_and_live_do_not_meet(self, house):
        house.csp(makers.voltaire(), state="OFFLINE")
        lists(card(), csp=makers.voltaire("TEST"))

        assert house.ask().decision == "UNKNOWN"


class TestOnline:
    def test_asks_the_csp_with_a_signed_question(self, house):
        end = house.csp(makers.voltaire(), answer=answering(reference="AUTH-7"))
        lists(card(offline_policy="NEVER"))

        told = house.ask(correlation_id="c-1")

        assert (told.decision, told.decided_by) == ("ALLOWED", "CSP")
        assert told.reference == "AUTH-7"
        [asked] = end.asked
        Webhook(SECRET).verify(asked.body, asked.headers)
        body = asked.tree()
        assert (body["cso_id"], body["csp_id"]) == ("DE*NLX", "FR*VOL")
        assert body["credential"]["uid"] == CARD
        assert body["where"]["location_id"] == "LOC1"
        assert body["correlation_id"] == "c-1"

    @pytest.mark.parametrize("decision", ["BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"])
    def test_passes_a_refusal_on_with_its_reason(self, house, decision):
        house.csp(makers.voltaire(), answer=answering(decision=decision, reason="Pay first."))
        lists(card(offline_policy="NEVER"))

        told = house.ask()

        assert (told.decision, told.decided_by, told.reason) == (decision, "CSP", "Pay first.")
        assert not Authorization.objects.get().is_granted

    @pytest.mark.parametrize(
        ("answer", "failure"),
        [
            (lambda asked, handler: (500, b"<html>no</html>"), "BROKEN"),
            (lambda asked, handler: (200, b"{"), "BROKEN"),
            (lambda asked, handler: (200, b'{"decision":"MAYBE"}'), "BROKEN"),
        ],
    )
    def test_nonsense_is_no_answer(self, house, answer, failure):
        house.csp(makers.voltaire(), answer=answer)
        lists(card(offline_policy="NEVER"))

        told = house.ask()

        assert (told.decision, told.failure) == ("NOT_REACHED", failure)

    def test_who_hangs_is_left_after_the_deadline_and_logged(self, house, settings, caplog):
        settings.AUTHORIZATION_TIMEOUT_S = 0.3
        house.csp(makers.voltaire(), answer=after(1, answering()))
        lists(card(offline_policy="NEVER"))

        started = time.monotonic()
        with caplog.at_level(logging.INFO, logger="roaming"):
            told = house.ask()

        assert time.monotonic() - started < 0.9
        assert (told.decision, told.failure) == ("NOT_REACHED", "TIMED_OUT")
        assert "FR*VOL did not answer within 0.3 s" in caplog.text
        assert not ServiceSession.objects.exists()

    def test_finds_the_csp_by_the_contract_it_is_told(self, house):
        end = house.csp(makers.voltaire(), answer=answering())
        other = house.csp(makers.fjell(), answer=answering())

        told = house.ask(contract_id=OF_VOLTAIRE)

        assert (told.csp_code, len(end.asked), other.asked) == ("FR*VOL", 1, [])

    def test_asks_whom_the_cso_names_and_nobody_else(self, house):
        end = house.csp(makers.voltaire(), answer=answering(decision="UNKNOWN"))
        other = house.csp(makers.fjell(), answer=answering())

        told = house.ask(csp=makers.voltaire())

        assert (told.decision, len(end.asked), other.asked) == ("UNKNOWN", 1, [])


class TestKinds:
    """RFID is above; an app's or QR code's id, a user name, a contract certificate."""

    def test_of_an_app(self, house):
        house.csp(makers.voltaire(), answer=answering())
        lists(card(kind="APP", uid="QR-17", wire_kind="APP_USER", offline_policy="NEVER"))

        assert house.ask(kind="APP", uid="qr-17").decided_by == "CSP"
        assert ServiceSession.objects.get().kind == "APP"

    def test_of_a_user_name(self, house):
        lists(card(kind="USER_NAME", uid="ada@voltaire.example"))
        house.csp(makers.voltaire(), state="OFFLINE")

        assert house.ask(kind="USER_NAME", uid="Ada@Voltaire.example").decision == "ALLOWED"
        assert house.ask(kind="USER_NAME", uid="eve@voltaire.example").decision == "UNKNOWN"

    def test_of_a_contract_certificate_is_routed_by_its_contract(self, house):
        end = house.csp(makers.voltaire(), answer=answering())
        other = house.csp(makers.fjell(), answer=answering())
        good = CertificateEvidence(status="GOOD", ends_at=later(days=30))

        told = house.ask(kind="CERTIFICATE", uid=OF_VOLTAIRE, certificate=good)

        assert (told.csp_code, told.decision) == ("FR*VOL", "ALLOWED")
        assert (len(end.asked), other.asked) == (1, [])
        assert ServiceSession.objects.get().kind == "CERTIFICATE"

    @pytest.mark.parametrize(
        ("evidence", "decision"),
        [
            ({"status": "REVOKED"}, "BLOCKED"),
            ({"status": "GOOD", "ends_at": NOON}, "EXPIRED"),
        ],
    )
    def test_of_a_bad_certificate_lets_nobody_charge(self, house, evidence, decision):
        end = house.csp(makers.voltaire(), answer=answering())
        lists(card(kind="CERTIFICATE", uid=OF_VOLTAIRE))

        told = house.ask(
            kind="CERTIFICATE", uid=OF_VOLTAIRE, certificate=CertificateEvidence(**evidence)
        )

        assert (told.decision, told.decided_by, end.asked) == (decision, "POLICY", [])

    def test_a_list_does_not_vouch_for_a_certificate_nobody_checked(self, house):
        end = house.csp(makers.voltaire(), answer=answering(decision="NOT_ALLOWED"))
        lists(card(kind="CERTIFICATE", uid=OF_VOLTAIRE))
        good = CertificateEvidence(status="GOOD", ends_at=later(days=1))

        assert house.ask(kind="CERTIFICATE", uid=OF_VOLTAIRE).decision == "NOT_ALLOWED"
        assert (
            house.ask(kind="CERTIFICATE", uid=OF_VOLTAIRE, certificate=good).decision == "ALLOWED"
        )
        assert len(end.asked) == 1


class TestWritten:
    def test_each_decision_once(self, house):
        house.csp(makers.voltaire(), answer=answering(reference="AUTH-7"))
        lists(card(offline_policy="NEVER"))

        told = house.ask()

        row = AuthorizationRequest.objects.get()
        assert (row.pk, row.decision, row.decided_by) == (told.request_id, "ALLOWED", "CSP")
        assert (row.cso, row.csp.code, row.kind) == (house.cso, "FR*VOL", "RFID")
        assert (row.location_id, row.evse_id) == ("LOC1", "DE*NLX*E1001*1")
        assert row.partner_ms is not None
        assert row.asked_at == NOON
        assert row.answered_at >= NOON + timedelta(milliseconds=row.partner_ms)
        assert row.session_id == told.session_id

    def test_opens_a_session_that_the_rules_find(self, house):
        house.csp(makers.voltaire(), answer=answering(reference="AUTH-7"))
        lists(card(offline_policy="NEVER"))

        told = house.ask()

        session = ServiceSession.objects.get()
        assert (session.pk, session.state, session.version) == (told.session_id, "AUTHORIZED", 1)
        assert (session.evse_uid, session.evse_id) == ("1001", "DE*NLX*E1001*1")
        assert session.authorization_reference == "AUTH-7"
        assert SessionMove.objects.get().session == session
        trace = Authorization.objects.get()
        assert (trace.reference, trace.is_granted, trace.is_relayed) == ("AUTH-7", True, True)
        assert trace.contract_hash == session.contract_hash != ""
        made = makers.take_one(
            contract_id=CONTRACT,
            authorization_reference="AUTH-7",
            started_at="2026-11-14T12:00:00Z",
            ended_at="2026-11-14T13:00:00Z",
            received_at=later(hours=2),
        )
        assert made.outcome == "accepted", made.codes

    def test_gives_a_reference_of_ours_where_the_csp_gave_none(self, house):
        house.csp(makers.voltaire(), answer=answering())
        lists(card(offline_policy="NEVER"))

        told = house.ask()

        assert told.reference == str(told.session_id)
        assert Authorization.objects.get().reference == told.reference

    def test_the_session_knows_its_driver_only_sealed(self, house):
        house.csp(makers.voltaire())
        lists(card())

        house.ask()

        session = ServiceSession.objects.get()
        [entry] = whitelist.changes_after(makers.voltaire(), sequence=0, limit=1)
        assert (session.contract_hash, session.pseudonym) == (entry.contract_hash, entry.pseudonym)
        sealed = ContractIdentity.objects.get(contract_hash=session.identity_hash)
        assert sealed.pseudonym == entry.pseudonym
        [driver] = drivers.open_many([session.identity_hash]).values()
        assert driver.shown.uid == CARD

    def test_a_driver_whom_nobody_listed_is_sealed_with_the_session(self, house):
        voltaire = makers.voltaire()
        house.csp(voltaire, answer=answering(contract_id=CONTRACT))

        house.ask(csp=voltaire)

        session = ServiceSession.objects.get()
        sealed = ContractIdentity.objects.get(contract_hash=session.identity_hash)
        assert (sealed.pseudonym, sealed.csp) == (session.pseudonym, voltaire)
        [driver] = drivers.open_many([session.identity_hash]).values()
        assert (driver.shown.kind, driver.shown.uid) == ("RFID", CARD)

    def test_nothing_personal_in_tables_or_logs(self, house, caplog):
        house.csp(makers.voltaire(), answer=answering(reason="ok"))
        lists(card(offline_policy="NEVER", uid=CARD))

        with caplog.at_level(logging.DEBUG):
            house.ask(contract_id=EMAID)

        with connection.cursor() as cursor:
            for table in ("authorizationrequest", "servicesession", "authorization", "exchange"):
                cursor.execute(f"SELECT row_to_json(t)::text FROM roaming_{table} AS t")
                for (row,) in cursor.fetchall():
                    assert CARD not in row.upper(), table
                    assert "C12345678" not in row, table
        assert Exchange.objects.filter(module="authorizations").count() == 1
        assert CARD not in caplog.text

    def test_a_second_reference_of_the_same_name_stops_nothing(self, house):
        house.csp(makers.voltaire(), answer=answering(reference="AUTH-7"))
        lists(card(offline_policy="NEVER"))

        first, second = house.ask(), house.ask(now=later(minutes=5))

        assert first.session_id != second.session_id
        assert Authorization.objects.count() == 1
        assert AuthorizationRequest.objects.count() == 2


class TestRepeated:
    def test_the_same_question_has_the_same_answer(self, house):
        end = house.csp(makers.voltaire(), answer=answering(reference="AUTH-7"))
        lists(card(offline_policy="NEVER"))

        first = house.ask(correlation_id="c-1")
        again = house.ask(correlation_id="c-1", now=later(seconds=5))

        assert again.is_repeated
        assert (again.request_id, again.session_id) == (first.request_id, first.session_id)
        assert (again.reference, again.csp_code) == ("AUTH-7", "FR*VOL")
        assert len(end.asked) == AuthorizationRequest.objects.count() == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"correlation_id": "c-2"},
            {"correlation_id": ""},
            {"uid": "00000002"},
            {"where": WhereCharged(location_id="LOC2")},
            {"now": NOON - timedelta(minutes=1)},
        ],
    )
    def test_another_question_is_none(self, house, changes):
        house.csp(makers.voltaire(), state="OFFLINE")
        lists(card(), card(uid="00000002"))
        house.ask(**({"correlation_id": "c-1"} | changes))

        assert not house.ask(correlation_id="c-1").is_repeated

    def test_who_was_not_reached_is_tried_again(self, house):
        end = house.csp(makers.voltaire(), answer=lambda asked, handler: (500, b"no"))
        lists(card(offline_policy="NEVER"))
        assert house.ask(correlation_id="c-1").decision == "NOT_REACHED"

        end.answer = answering()

        assert house.ask(correlation_id="c-1").decision == "ALLOWED"


class TestStop:
    @pytest.fixture
    def charging(self, house):
        house.csp(makers.voltaire())
        lists(card(group_id="family"))
        return house.ask()

    def test_the_same_card_ends_it(self, house, charging):
        told = house.ask(is_stop=True, now=later(hours=1))

        assert (told.decision, told.session_id) == ("ALLOWED", charging.session_id)
        assert AuthorizationRequest.objects.get(pk=told.request_id).is_stop
        assert ServiceSession.objects.count() == 1

    def test_so_does_another_card_of_the_contract_or_the_group(self, house, charging):
        lists(
            card(uid="00000002"),
            card(uid="00000003", contract_id=makers.numbered_contract(3), group_id="FAMILY"),
        )

        for uid in ("00000002", "00000003"):
            assert house.ask(is_stop=True, uid=uid, now=later(hours=1)).decision == "ALLOWED", uid

    def test_even_when_the_card_was_blocked_meanwhile(self, house, charging):
        lists(card(group_id="family", is_valid=False, updated_at=later(minutes=1)))

        assert house.ask(is_stop=True, now=later(hours=1)).decision == "ALLOWED"

    def test_a_stranger_does_not(self, house, charging):
        lists(card(uid="00000004", contract_id=makers.numbered_contract(4)))

        for uid in ("00000004", "00000005"):
            told = house.ask(is_stop=True, uid=uid, now=later(hours=1))
            assert (told.decision, told.reason) == ("NOT_ALLOWED", "another user's session"), uid

    def test_nor_does_anybody_elsewhere(self, house, charging):
        elsewhere = WhereCharged(location_id="LOC2")

        told = house.ask(is_stop=True, where=elsewhere, now=later(hours=1))

        assert (told.decision, told.reason) == ("NOT_ALLOWED", "no session is open there")

    def test_another_csos_session_is_not_seen(self, house, charging):
        polder = makers.polder()
        makers.AgreementMaker(seller=polder, buyer=makers.voltaire())

        told = authorizations.decide(question(is_stop=True), cso=polder, now=later(hours=1))

        assert told.decision == "NOT_ALLOWED"

    def test_cards_known_by_their_hash_alone_do_not_end_each_others_sessions(self, house):
        house.csp(makers.voltaire())
        hashed = [whitelist.digest_of("RFID", uid) for uid in ("00000006", "00000007")]
        lists(*[card(uid="", uid_sha256=one, contract_id="", personal={}) for one in hashed])
        began = house.ask(uid="00000006", where=HERE)

        other = house.ask(is_stop=True, uid="00000007", now=later(hours=1))
        same = house.ask(is_stop=True, uid="00000006", now=later(hours=1))

        assert (other.decision, same.session_id) == ("NOT_ALLOWED", began.session_id)


def test_the_question_as_sent_is_what_the_partner_guide_shows(house):
    end = house.csp(makers.voltaire(), answer=answering())
    lists(card(offline_policy="NEVER"))
    house.ask()

    assert set(json.loads(end.asked[0].body)) == {
        "type",
        "question_id",
        "cso_id",
        "csp_id",
        "credential",
        "where",
        "asked_at",
        "correlation_id",
    }
