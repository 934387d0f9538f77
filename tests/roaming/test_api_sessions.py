"""Sessions, remote requests and reservations over our own API, and what strangers get of them."""

import json
from typing import Any

import pytest

from roaming import gateways
from roaming.api.remote_documentation import START_EXAMPLE
from roaming.api.session_documentation import SESSION_EXAMPLE
from roaming.gateways import NotReached
from roaming.messages.sessions import RemoteAnswer
from roaming.models import LocationEvse, ServiceSession
from tests import makers
from tests.roaming.partner_systems import PartnerSystem
from tests.roaming.session_world import KeepingGateway, connect, place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]

SESSIONS = "/api/v1/sessions/"
REQUESTS = "/api/v1/remote-requests/"
RESERVATIONS = "/api/v1/reservations/"
RESERVE = START_EXAMPLE | {
    "kind": "RESERVE",
    "reservation_id": "7",
    "expires_at": "2026-11-14T13:00:00Z",
}


@pytest.fixture(autouse=True)
def gateway(monkeypatch):
    makers.AgreementMaker()
    place()
    kept = KeepingGateway()
    monkeypatch.setitem(gateways._gateways, "KEPT", kept)
    return kept


@pytest.fixture
def nordlicht():
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def voltaire():
    return PartnerSystem(makers.voltaire())


def post(system: PartnerSystem, path: str, body: dict[str, Any], **changes: Any):
    return system.post(path, json.dumps(body | changes).encode())


class TestSessions:
    def test_are_told_by_their_cso_and_read_by_both_sides(self, nordlicht, voltaire):
        told = post(nordlicht, SESSIONS, SESSION_EXAMPLE)
        again = post(nordlicht, SESSIONS, SESSION_EXAMPLE)

        assert (told.status_code, again.status_code) == (201, 200)
        row = told.json()
        assert (row["state"], row["energy_kwh"], row["version"]) == ("ACTIVE", "4.2", 1)
        assert row["driver"] is None, "the driver is for his CSP"
        assert row["evse_id"] == "DE*NLX*E1001*1"
        [mine] = voltaire.get(SESSIONS).json()["results"]
        assert mine["driver"]["uid"] == SESSION_EXAMPLE["driver"]["uid"]
        one = voltaire.get(f"{SESSIONS}{row['id']}/").json()
        assert [move["to_state"] for move in one["moves"]] == ["ACTIVE"]
        assert {"party": "FR*VOL", "alias": "VOL-A-1"} in one["aliases"]

    def test_what_is_over_is_answered_as_it_stands(self, nordlicht):
        post(nordlicht, SESSIONS, SESSION_EXAMPLE, state="COMPLETED")

        later = post(nordlicht, SESSIONS, SESSION_EXAMPLE, updated_at="2026-11-14T11:59:00Z")

        assert (later.status_code, later.json()["state"]) == (200, "COMPLETED")

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"cso_id": "FR*VOL"}, 404, "PARTY_NOT_FOUND"),
            ({"csp_id": "IT*ZZZ"}, 422, "UNKNOWN_CSP"),
            ({"ended_at": "2026-11-14T10:00:00Z"}, 422, "ENDS_BEFORE_START"),
            ({"state": "SLEEPING"}, 400, "REQUEST_INVALID"),
            ({"updated_at": "yesterday"}, 400, "REQUEST_INVALID"),
        ],
    )
    def test_wrong_ones_are_refused(self, nordlicht, changes, status, code):
        refused = post(nordlicht, SESSIONS, SESSION_EXAMPLE, **changes)
        assert refused.status_code == status
        if status != 400:
            assert refused.json()["code"] == code
        assert not ServiceSession.objects.exists()

    def test_are_filtered_and_paged(self, nordlicht):
        for number in range(3):
            post(nordlicht, SESSIONS, SESSION_EXAMPLE, session_id=f"S-{number}")

        page = nordlicht.get(SESSIONS, limit=2).json()
        assert [one["session_id"] for one in page["results"]] == ["S-0", "S-1"]
        rest = nordlicht.get(page["next"].partition("testserver")[2]).json()
        assert [one["session_id"] for one in rest["results"]] == ["S-2"]
        assert nordlicht.get(SESSIONS, state="COMPLETED").json()["results"] == []
        since = nordlicht.get(SESSIONS, updated_since="2026-11-14T11:56:00Z")
        assert since.json()["results"] == []
        for wrong in ({"state": "X"}, {"updated_since": "x"}, {"colour": "red"}, {"cursor": "x"}):
            assert nordlicht.get(SESSIONS, **wrong).status_code == 400, wrong


class TestRemoteRequests:
    @pytest.fixture(autouse=True)
    def connected(self):
        connect(makers.nordlicht())

    def test_are_asked_answered_and_end_with_an_outcome(self, nordlicht, voltaire, gateway):
        asked = post(voltaire, REQUESTS, START_EXAMPLE)
        row = asked.json()
        path = f"{REQUESTS}{row['id']}/"

        assert (asked.status_code, row["answer"], row["outcome"]) == (201, "ACCEPTED", "")
        assert gateway.asked[0].driver.uid == "driver-17"
        told = post(nordlicht, f"{path}outcome/", {"outcome": "DONE", "message": "go"})
        assert (told.status_code, told.json()["outcome"]) == (200, "DONE")
        assert voltaire.get(path).json()["outcome"] == "DONE"
        assert voltaire.get(path).json()["messages"] == [{"language": "en", "text": "go"}]
        [listed] = nordlicht.get(REQUESTS).json()["results"]
        assert listed["id"] == row["id"]

    def test_say_why_a_cso_could_not_be_asked(self, voltaire, gateway):
        gateway.failure = NotReached("TIMED_OUT", "took more than 10 s")

        row = post(voltaire, REQUESTS, START_EXAMPLE).json()

        assert (row["answer"], row["failure"]) == (
            "NOT_REACHED",
            "TIMED_OUT: took more than 10 s",
        )

    def test_of_what_was_refused_have_no_outcome(self, nordlicht, voltaire, gateway):
        gateway.answer = RemoteAnswer(answer="REJECTED")
        row = post(voltaire, REQUESTS, START_EXAMPLE).json()

        refused = post(nordlicht, f"{REQUESTS}{row['id']}/outcome/", {"outcome": "DONE"})

        assert (refused.status_code, refused.json()["code"]) == (409, "NOTHING_WAITS")

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"location_id": ""}, 400, None),
            ({"kind": "STOP"}, 400, None),
            ({"location_id": "nowhere"}, 422, "UNKNOWN_LOCATION"),
            ({"csp_id": "DE*NLX"}, 404, "PARTY_NOT_FOUND"),
            ({"cso_id": "IT*ZZZ"}, 422, "PARTY_UNKNOWN"),
        ],
    )
    def test_wrong_ones_are_refused_and_not_passed_on(
        self, voltaire, gateway, changes, status, code
    ):
        refused = post(voltaire, REQUESTS, START_EXAMPLE, **changes)
        assert refused.status_code == status
        assert code is None or refused.json()["code"] == code
        assert gateway.asked == []

    def test_set_and_read_a_charging_profile(self, nordlicht, voltaire, gateway):
        session = post(nordlicht, SESSIONS, SESSION_EXAMPLE).json()
        profile = {"unit": "W", "periods": [{"start_s": 0, "limit": "11000.5"}]}
        asked = {"kind": "SET_PROFILE", "csp_id": "FR*VOL", "session_id": session["id"]}

        answered = post(voltaire, REQUESTS, asked, profile=profile)
        reading = post(voltaire, REQUESTS, asked, kind="GET_PROFILE", duration_s=60).json()
        path = f"{REQUESTS}{reading['id']}/outcome/"
        post(nordlicht, path, {"outcome": "DONE", "profile": profile})

        assert answered.status_code == 201
        assert str(gateway.asked[0].profile.periods[0].limit) == "11000.5"
        assert gateway.asked[0].session_id == "NLX-S-1"
        told = voltaire.get(f"{REQUESTS}{reading['id']}/").json()["profile"]
        assert told["periods"] == profile["periods"]


class TestReservations:
    def test_are_kept_and_read_by_both_sides(self, nordlicht, voltaire):
        connect(makers.nordlicht())
        request = post(voltaire, REQUESTS, RESERVE).json()
        post(nordlicht, f"{REQUESTS}{request['id']}/outcome/", {"outcome": "DONE"})

        [kept] = nordlicht.get(RESERVATIONS).json()["results"]

        assert (kept["reservation_id"], kept["state"]) == ("7", "RESERVED")
        assert voltaire.get(f"{RESERVATIONS}{kept['id']}/").json() == kept


class TestPreferences:
    def test_are_answered_by_the_cso(self, nordlicht, voltaire, gateway):
        LocationEvse.objects.update(capabilities=["CHARGING_PREFERENCES_CAPABLE"])
        connect(makers.nordlicht())
        gateway.prefer = lambda route, session_id, wanted, *, timeout_s: "ENERGY_REQUIRED"
        session = post(nordlicht, SESSIONS, SESSION_EXAMPLE).json()

        answer = prefer(voltaire, session["id"])

        assert (answer.status_code, answer.json()) == (200, {"answer": "ENERGY_REQUIRED"})

    def test_of_an_evse_that_cannot_are_refused(self, nordlicht, voltaire):
        session = post(nordlicht, SESSIONS, SESSION_EXAMPLE).json()
        refused = prefer(voltaire, session["id"])
        assert (refused.status_code, refused.json()["code"]) == (422, "NOT_CAPABLE")

    def test_of_a_cso_that_is_away_say_so(self, nordlicht, voltaire):
        LocationEvse.objects.update(capabilities=["CHARGING_PREFERENCES_CAPABLE"])
        session = post(nordlicht, SESSIONS, SESSION_EXAMPLE).json()
        refused = prefer(voltaire, session["id"])
        assert (refused.status_code, refused.json()["code"]) == (422, "CSO_NOT_REACHED")


def prefer(system: PartnerSystem, session_id: str):
    return system.http.put(
        f"{SESSIONS}{session_id}/preferences/",
        json.dumps({"goal": "GREEN"}),
        content_type="application/json",
        headers=system.headers,
    )


class TestStrangers:
    @pytest.fixture
    def ids(self, nordlicht, voltaire) -> dict[str, str]:
        connect(makers.nordlicht())
        session = post(nordlicht, SESSIONS, SESSION_EXAMPLE).json()["id"]
        request = post(voltaire, REQUESTS, RESERVE).json()
        return {"session": session, "request": request["id"], "kept": request["reservation"]}

    def addresses(self, ids: dict[str, str]) -> list[str]:
        return [
            f"{SESSIONS}{ids['session']}/",
            f"{REQUESTS}{ids['request']}/",
            f"{RESERVATIONS}{ids['kept']}/",
        ]

    def assert_blind(self, system: PartnerSystem, ids: dict[str, str]) -> None:
        for path in (SESSIONS, REQUESTS, RESERVATIONS):
            assert system.get(path).json() == {"results": [], "next": None}, path
        for path in self.addresses(ids):
            assert system.get(path).status_code == 404, path
        outcome = post(system, f"{REQUESTS}{ids['request']}/outcome/", {"outcome": "DONE"})
        assert outcome.status_code == 404
        assert prefer(system, ids["session"]).status_code == 404

    def test_laterne_sees_and_does_nothing(self, ids):
        self.assert_blind(PartnerSystem(makers.laterne()), ids)
        self.assert_blind(PartnerSystem(makers.fjell()), ids)

    def test_a_test_client_sees_nothing_of_live(self, ids):
        makers.nordlicht("TEST")
        self.assert_blind(PartnerSystem(makers.nordlicht("TEST"), environment="TEST"), ids)

    def test_the_csp_does_not_tell_the_csos_outcome_nor_its_session(self, ids, voltaire):
        outcome = post(voltaire, f"{REQUESTS}{ids['request']}/outcome/", {"outcome": "DONE"})
        session = post(voltaire, SESSIONS, SESSION_EXAMPLE)
        assert (outcome.status_code, session.status_code) == (404, 404)

    def test_the_cso_does_not_ask_for_the_csp(self, nordlicht):
        assert post(nordlicht, REQUESTS, START_EXAMPLE).status_code == 404

    def test_without_the_scope_is_refused(self, ids):
        sender = PartnerSystem(makers.nordlicht(), scopes=("sdr:write",))
        for path in (SESSIONS, REQUESTS, RESERVATIONS, *self.addresses(ids)):
            assert sender.get(path).status_code == 403, path
