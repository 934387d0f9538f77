"""Disputes over the API, with real OAuth2 clients of both sides and a stranger."""

import json
from decimal import Decimal

import pytest

from roaming.models import Delivery, Dispute, SdrEvent, SdrState
from roaming.services import dispute_clock, disputes
from roaming.services.disputes import Actor
from tests import makers
from tests.makers import NOON, later, numbered_record, record
from tests.roaming.partner_systems import EVERY_SCOPE, PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_secrets")]
DISPUTES = "/api/v1/disputes/"
SCOPES = EVERY_SCOPE
OLGA = Actor(side="HOUSE", name="olga")


@pytest.fixture
def nordlicht(noon):
    makers.AgreementMaker(acceptance="DEEMED", acceptance_days=30)
    return PartnerSystem(makers.nordlicht(), scopes=SCOPES)


@pytest.fixture
def voltaire(nordlicht):
    return PartnerSystem(makers.voltaire(), scopes=SCOPES)


@pytest.fixture
def record_id(nordlicht) -> str:
    return nordlicht.send(record()).json()["record_id"]


def post(system, path, **body):
    return system.post(f"{DISPUTES}{path}", json.dumps(body).encode())


def opened(system, record_id, **body) -> dict:
    answer = post(system, "", **({"record_id": record_id, "reason": "D01"} | body))
    assert answer.status_code == 201, answer.content
    return answer.json()


def acted(system, dispute, verb, **body) -> dict:
    answer = post(system, f"{dispute['dispute_id']}/{verb}/", **body)
    assert answer.status_code == 200, answer.content
    return answer.json()


def state_of(record_id) -> str:
    return SdrState.objects.get(id=record_id).state


class TestOpening:
    def test_keeps_the_record_in_dispute_and_tells_both_sides(self, voltaire, record_id):
        dispute = opened(voltaire, record_id, text="40 kWh is too much")

        assert (dispute["stage"], dispute["claim_amount"]) == ("OPEN", "9.02")
        assert dispute["evidence_from"] == "CSO"
        assert dispute["deadline_at"] == "2026-11-21T12:00:00Z"
        assert state_of(record_id) == "DISPUTED"
        owed = Delivery.objects.filter(kind="DISPUTE", subject_id=dispute["dispute_id"])
        assert {one.receiver for one in owed} == {makers.nordlicht(), makers.voltaire()}
        assert all(one.sequence for one in owed)

    def test_is_done_once(self, voltaire, record_id):
        opened(voltaire, record_id)

        again = post(voltaire, "", record_id=record_id, reason="D02")

        assert (again.status_code, again.json()["code"]) == (409, "ALREADY_IN_DISPUTE")

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"reason": "D99"}, 422, "REASON_UNKNOWN"),
            ({"reason": "D15", "text": "too short"}, 422, "TEXT_TOO_SHORT"),
            ({"reason": "D01", "disputed_amount": "9.03"}, 422, "AMOUNT_WRONG"),
            ({"reason": "D01", "disputed_amount": "-1"}, 422, "AMOUNT_WRONG"),
            ({"reason": "D01", "disputed_amount": "NaN"}, 422, "AMOUNT_WRONG"),
            ({"reason": "D01", "surprise": 1}, 400, "BODY_UNREADABLE"),
            ({"reason": "D01", "text": "a\x00b"}, 400, "BODY_UNREADABLE"),
        ],
    )
    def test_refuses(self, voltaire, record_id, body, status, code):
        answer = post(voltaire, "", record_id=record_id, **body)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert state_of(record_id) == "DELIVERED"

    def test_is_refused_to_the_cso_and_after_ten_days(self, nordlicht, voltaire, record_id, noon):
        assert post(nordlicht, "", record_id=record_id, reason="D01").status_code == 403
        noon.move_to(later(days=10, seconds=1))
        voltaire.token = voltaire.fetch_token().json()["access_token"]

        late = post(voltaire, "", record_id=record_id, reason="D01")

        assert (late.status_code, late.json()["code"]) == (409, "TOO_LATE")

    def test_in_bulk_has_one_case(self, nordlicht, voltaire):
        nordlicht.send_batch([numbered_record(n) for n in range(3)])
        first = Dispute.objects.all()

        answer = post(voltaire, "bulk/", reason="D03", filter={"party": "DE*NLX"}).json()

        assert (answer["opened"], answer["refused"]) == (3, 0)
        assert {str(one.case_id) for one in first} == {answer["case_id"]}
        again = post(voltaire, "bulk/", reason="D03", filter={"party": "DE*NLX"}).json()
        assert (again["opened"], again["refused"]) == (0, 3)
        assert post(voltaire, "bulk/", reason="D03", filter={"praty": ""}).status_code == 400


class TestStages:
    def test_accepted_by_the_cso_the_record_falls(self, nordlicht, voltaire, record_id):
        dispute = opened(voltaire, record_id)
        assert acted(nordlicht, dispute, "accept")["stage"] == "RESPONDED_ACCEPT"

        ended = acted(voltaire, dispute, "agree")

        assert (ended["stage"], ended["outcome"]) == ("AGREED", "WITHDRAW")
        assert state_of(record_id) == "WITHDRAWN"
        last = SdrEvent.objects.filter(record_id=record_id).latest("version")
        assert last.actor == "client backend"
        assert last.reason == f"dispute {ended['number']} (D01): WITHDRAW"

    def test_rejected_and_agreed_the_record_stands(self, nordlicht, voltaire, record_id):
        dispute = opened(voltaire, record_id)
        acted(nordlicht, dispute, "reject", text="The meter says so.")

        ended = acted(voltaire, dispute, "agree")

        assert (ended["outcome"], ended["decided_amount"]) == ("RELEASE", "9.02")
        assert state_of(record_id) == "ACCEPTED"

    def test_withdrawn_by_the_csp_the_record_stands(self, voltaire, record_id):
        dispute = opened(voltaire, record_id)

        assert acted(voltaire, dispute, "withdraw")["outcome"] == "DROPPED"
        assert state_of(record_id) == "ACCEPTED"

    def test_after_acceptance_a_credit_is_owed(self, nordlicht, voltaire, record_id):
        SdrState.objects.filter(id=record_id).update(state="ACCEPTED", version=2, accepted_at=NOON)
        dispute = opened(voltaire, record_id, reason="D06")
        assert dispute["is_after_acceptance"]
        acted(nordlicht, dispute, "accept")

        assert acted(voltaire, dispute, "agree")["outcome"] == "CREDIT"
        assert state_of(record_id) == "ACCEPTED"

    def test_in_part_another_record_takes_its_place(self, nordlicht, voltaire, record_id):
        dispute = opened(voltaire, record_id, disputed_amount="4.02")
        high = post(nordlicht, f"{dispute['dispute_id']}/partial/", amount="9.02", text="All.")
        assert (high.status_code, high.json()["code"]) == (422, "AMOUNT_WRONG")
        acted(nordlicht, dispute, "partial", amount="7.00", text="Half is ours.")

        ended = acted(voltaire, dispute, "agree")

        assert (ended["outcome"], ended["decided_amount"]) == ("REPLACEMENT", "7")
        assert state_of(record_id) == "DISPUTED"
        assert post(voltaire, "", record_id=record_id, reason="D01").status_code == 409

    def test_agreed_in_part_the_job_replaces_the_record_once(self, nordlicht, voltaire, record_id):
        dispute = opened(voltaire, record_id, disputed_amount="4.02")
        acted(nordlicht, dispute, "accept")
        acted(voltaire, dispute, "agree")

        assert disputes.replace_agreed(now=NOON) == {"replaced": 1}
        assert disputes.replace_agreed(now=NOON) == {}
        assert state_of(record_id) == "SUPERSEDED"
        replacement = Dispute.objects.get().replacement_id
        assert state_of(replacement) == "ACCEPTED"
        assert nordlicht.read(str(replacement)).json()["total_amount"] == "5"

    def test_contested_it_is_mediated_decided_and_appealed_once(
        self, nordlicht, voltaire, record_id
    ):
        dispute = opened(voltaire, record_id)
        acted(nordlicht, dispute, "reject", text="No.")
        acted(voltaire, dispute, "contest", text="Yes.")
        key = dispute["dispute_id"]
        disputes.act(key, "mediate", by=OLGA, now=NOON)
        disputes.act(key, "decide", by=OLGA, now=NOON, amount=Decimal(0), text="No meter value.")
        assert acted(nordlicht, dispute, "appeal", text="Look again.")["stage"] == "MEDIATION"
        with pytest.raises(disputes.DisputeRefused, match="second officer"):
            disputes.act(key, "decide", by=OLGA, now=NOON, amount=Decimal(0), text="Still none.")
        second = Actor(side="HOUSE", name="otto")
        disputes.act(key, "decide", by=second, now=NOON, amount=Decimal(0), text="Still none.")
        twice = post(nordlicht, f"{key}/appeal/", text="Again.")
        assert (twice.status_code, twice.json()["code"]) == (409, "APPEALED_ALREADY")

        assert dispute_clock.expire_due(now=later(days=5)) == {"expire": 1}

        ended = Dispute.objects.get(pk=key)
        assert (ended.stage, ended.outcome, ended.grounds) == ("CLOSED", "WITHDRAW", "Still none.")
        assert state_of(record_id) == "WITHDRAWN"

    def test_takes_each_verb_of_its_side_alone(self, nordlicht, voltaire, record_id):
        dispute = opened(voltaire, record_id)

        for system, verb, status in (
            (voltaire, "accept", 403),
            (nordlicht, "withdraw", 403),
            (nordlicht, "agree", 409),
            (nordlicht, "decide", 404),
            (nordlicht, "expire", 404),
            (nordlicht, "reject", 422),
            (nordlicht, "message", 422),
        ):
            answer = post(system, f"{dispute['dispute_id']}/{verb}/")
            assert answer.status_code == status, (verb, answer.content)
        assert Dispute.objects.get().stage == "OPEN"

    def test_keeps_every_step_and_message(self, nordlicht, voltaire, record_id):
        dispute = opened(voltaire, record_id)
        acted(nordlicht, dispute, "message", text="Which meter?")

        seen = voltaire.get(f"{DISPUTES}{dispute['dispute_id']}/").json()

        assert [(one["verb"], one["side"]) for one in seen["events"]] == [
            ("open", "CSP"),
            ("message", "CSO"),
        ]
        assert seen["version"] == 2


class TestClock:
    def test_silence_of_the_cso_makes_the_csp_right(self, voltaire, record_id):
        opened(voltaire, record_id)

        assert dispute_clock.expire_due(now=later(days=4, hours=23)) == {}
        assert dispute_clock.expire_due(now=later(days=5)) == {"remind": 1}
        assert dispute_clock.expire_due(now=later(days=6)) == {}
        assert dispute_clock.expire_due(now=later(days=7)) == {"expire": 1}
        assert dispute_clock.expire_due(now=later(days=8)) == {}

        ended = Dispute.objects.get()
        assert (ended.stage, ended.outcome) == ("EXPIRED_CSO", "WITHDRAW")
        assert state_of(record_id) == "WITHDRAWN"

    def test_silence_of_the_csp_lets_the_answer_stand(self, nordlicht, voltaire, record_id):
        acted(nordlicht, opened(voltaire, record_id), "reject", text="No.")

        dispute_clock.expire_due(now=later(days=5))

        assert Dispute.objects.get().stage == "EXPIRED_CSP"
        assert state_of(record_id) == "ACCEPTED"

    def test_stands_still_while_stopped(self, voltaire, record_id):
        key = opened(voltaire, record_id)["dispute_id"]
        disputes.act(key, "stop_clock", by=OLGA, now=NOON)

        assert dispute_clock.expire_due(now=later(days=100)) == {}
        started = disputes.act(key, "start_clock", by=OLGA, now=later(days=100))
        assert started.deadline_at == later(days=107)

    def test_ends_everything_after_ninety_days(self, nordlicht, voltaire, record_id):
        dispute = opened(voltaire, record_id)
        acted(nordlicht, dispute, "reject", text="No.")
        acted(voltaire, dispute, "contest", text="Yes.")

        assert dispute_clock.expire_due(now=later(days=89)) == {"remind": 1}
        assert dispute_clock.expire_due(now=later(days=90)) == {"expire": 1}
        assert state_of(record_id) == "ACCEPTED"


class TestLaterne:
    def test_sees_nothing_and_does_nothing(self, voltaire, record_id):
        laterne = PartnerSystem(makers.laterne("CSP"), scopes=SCOPES)
        key = opened(voltaire, record_id)["dispute_id"]

        assert laterne.get(DISPUTES).json() == {"results": [], "next": None}
        assert laterne.get(f"{DISPUTES}{key}/").status_code == 404
        for verb in ("accept", "withdraw", "message"):
            assert post(laterne, f"{key}/{verb}/", text="hello").status_code == 404
        assert post(laterne, "", record_id=record_id, reason="D01").status_code == 404
        bulk = post(laterne, "bulk/", reason="D01", filter={"party": "DE*NLX"}).json()
        assert bulk["results"] == []

    def test_needs_the_scope(self, voltaire, record_id):
        reader = PartnerSystem(makers.voltaire(), scopes=("dispute:read",))

        assert post(reader, "", record_id=record_id, reason="D01").status_code == 403
        assert reader.get(DISPUTES).status_code == 200


def test_lists_by_filter_and_page(nordlicht, voltaire):
    nordlicht.send_batch([numbered_record(n) for n in range(3)])
    post(voltaire, "bulk/", reason="D03", filter={})

    page = voltaire.get(DISPUTES, limit=2, stage="OPEN", side="CSP").json()
    rest = voltaire.http.get(page["next"], headers=voltaire.headers).json()

    assert (len(page["results"]), len(rest["results"]), rest["next"]) == (2, 1, None)
    assert voltaire.get(DISPUTES, side="CSO").json()["results"] == []
    assert voltaire.get(DISPUTES, reason="D01").json()["results"] == []
    of_one = voltaire.get(DISPUTES, record_id=page["results"][0]["record_id"]).json()
    assert len(of_one["results"]) == 1
    assert voltaire.get(DISPUTES, stagge="OPEN").status_code == 400
    assert voltaire.get(DISPUTES, record_id="x").status_code == 400
