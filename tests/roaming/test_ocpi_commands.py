"""Commands and charging profiles over OCPI, asked and answered over real HTTP; cases CMD, RTE."""

import contextlib
import json
import time
from typing import Any

import pytest

from partners.models import RoamingEndpoint
from roaming.models import RemoteRequest, Reservation
from roaming.services import remote_outcomes, sessions
from tests import makers
from tests.makers import fjell, nordlicht, polder, voltaire
from tests.roaming.ocpi_partners import Partner
from tests.roaming.partner_end import Asked, at_work
from tests.roaming.session_world import CONTRACT, place, told

pytestmark = pytest.mark.django_db

TOKEN = {
    "country_code": "FR",
    "party_id": "VOL",
    "uid": "04A1B2C3D4E5F6",
    "type": "RFID",
    "contract_id": CONTRACT,
    "issuer": "Voltaire",
    "valid": True,
    "whitelist": "ALLOWED",
    "last_updated": "2026-11-01T00:00:00Z",
}
START = {
    "response_url": "https://csp.example/results/1",
    "token": TOKEN,
    "location_id": "L1",
    "evse_uid": "E1",
    "connector_id": "1",
    "authorization_reference": "AUTH-1",
}
RESERVE = {
    "response_url": "https://csp.example/results/2",
    "token": TOKEN,
    "location_id": "L1",
    "expiry_date": "2030-01-01T00:00:00Z",
    "reservation_id": "R-7",
}


@pytest.fixture(autouse=True)
def agreed(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    makers.AgreementMaker()
    place()


@pytest.fixture
def ends():
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(at_work())


@pytest.fixture
def cso(ends) -> Partner:
    partner = Partner(ends(), nordlicht())
    partner.answers({"result": "ACCEPTED", "timeout": 30})
    return partner


@pytest.fixture
def csp(ends) -> Partner:
    return Partner(ends(), voltaire())


def ours(asked: Asked) -> str:
    """The path of our address that the CSO was given."""
    url = asked.tree()["response_url"]
    return url[url.index("/ocpi/") :]


def asking(csp: Partner, **changes: Any) -> dict[str, Any]:
    return START | {"response_url": f"{csp.end.url}/results/1"} | changes


class TestAsking:
    def test_cmd_01_rte_11_the_cso_gets_an_address_of_ours_and_its_answer_comes_back(
        self, cso, csp
    ):
        cso.answers(
            {
                "result": "ACCEPTED",
                "timeout": 45,
                "message": {"language": "en", "text": "plug in"},
            }
        )

        answer = csp.post(
            "receiver/commands/START_SESSION",
            asking(csp),
            as_code="FR*VOL",
            headers={"X-Correlation-ID": "corr"},
        )

        assert answer.ocpi["data"] == {
            "result": "ACCEPTED",
            "timeout": 45,
            "message": {"language": "en", "text": "plug in"},
        }
        [heard] = cso.heard
        assert (heard.verb, heard.path) == ("POST", "/receiver/commands/START_SESSION")
        assert csp.end.url not in heard.body.decode()
        assert ours(heard).startswith("/ocpi/2.2.1/sender/commands/START_SESSION/")
        assert heard.tree() | {"response_url": ""} == START | {"response_url": ""}
        assert heard.headers["ocpi-to-party-id"] == "NLX"
        assert heard.headers["ocpi-from-party-id"] == "VOL"
        assert heard.headers["x-correlation-id"] == "corr"

    def test_rte_03_a_cso_that_is_offline_is_4003_at_once_and_nothing_is_kept(self, cso, csp):
        RoamingEndpoint.objects.filter(pk=cso.endpoint.pk).update(state="OFFLINE")
        started = time.monotonic()

        answer = csp.post("receiver/commands/START_SESSION", asking(csp), to_code="DE*NLX")

        assert time.monotonic() - started < 1
        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 4003)
        assert cso.heard == []

    def test_rte_05_what_the_cso_refuses_comes_back_in_its_words(self, cso, csp):
        cso.answers(status_code=2003, message="no such EVSE here")

        answer = csp.post("receiver/commands/START_SESSION", asking(csp))

        assert answer.ocpi["status_code"] == 2003
        assert answer.ocpi["status_message"] == "no such EVSE here"

    def test_a_cso_that_hangs_is_4002(self, cso, csp, monkeypatch):
        monkeypatch.setattr("roaming.services.remote.ANSWER_WITHIN_S", 0.3)
        cso.end.answer = cso.end.hang

        answer = csp.post("receiver/commands/START_SESSION", asking(csp))

        assert answer.ocpi["status_code"] == 4002
        assert len(cso.heard) == 1, "never a second time"

    def test_cmd_06_a_token_of_another_csp_is_refused(self, cso, csp):
        answer = csp.post(
            "receiver/commands/START_SESSION", asking(csp, token=TOKEN | {"party_id": "XYZ"})
        )

        assert answer.ocpi["status_code"] == 2001
        assert cso.heard == []

    @pytest.mark.parametrize(
        ("command", "changes", "code"),
        [
            ("START_SESSION", {"location_id": "nowhere"}, 2003),
            ("START_SESSION", {"token": None}, 2001),
            ("UNLOCK_CONNECTOR", {"connector_id": None}, 2001),
            ("CANCEL_RESERVATION", {"reservation_id": "none"}, 2001),
        ],
    )
    def test_what_cannot_be_passed_on_is_refused(self, cso, csp, command, changes, code):
        answer = csp.post(f"receiver/commands/{command}", asking(csp, **changes))
        assert (answer.status_code, answer.ocpi["status_code"]) == (200, code)
        assert cso.heard == []

    def test_an_unknown_command_is_not_found(self, csp):
        assert csp.post("receiver/commands/DANCE", START).status_code == 404

    def test_an_ambiguous_location_needs_a_receiver(self, cso, csp, ends):
        makers.AgreementMaker(seller=polder())
        place(polder(), "L1")

        refused = csp.post("receiver/commands/START_SESSION", asking(csp))
        taken = csp.post("receiver/commands/START_SESSION", asking(csp), to_code="DE*NLX")

        assert (refused.ocpi["status_code"], taken.ocpi["status_code"]) == (2003, 1000)

    def test_stop_is_for_the_csp_of_the_session_alone(self, cso, csp, ends):
        makers.AgreementMaker(buyer=fjell())
        other = Partner(ends(), fjell())
        sessions.take(told(), cso=nordlicht(), actor="tests", now=makers.NOON)
        stop = {"response_url": "https://csp.example/3", "session_id": "S-1"}

        theirs = other.post("receiver/commands/STOP_SESSION", stop)
        mine = csp.post("receiver/commands/STOP_SESSION", stop)

        assert theirs.ocpi["data"]["result"] == "UNKNOWN_SESSION"
        assert mine.ocpi["data"]["result"] == "ACCEPTED"
        assert [one.tree()["session_id"] for one in cso.heard] == ["S-1"]


class TestResult:
    @pytest.fixture
    def path(self, cso, csp) -> str:
        csp.post("receiver/commands/START_SESSION", asking(csp))
        return ours(cso.heard[0])

    def test_cmd_02_is_relayed_once_to_where_the_csp_wants_it(self, cso, csp, path):
        result = {"result": "ACCEPTED", "message": {"language": "en", "text": "charging"}}

        first = cso.post(path, result)
        second = cso.post(path, result)

        assert (first.ocpi["status_code"], second.ocpi["status_code"]) == (1000, 1000)
        [heard] = csp.heard
        assert (heard.verb, heard.path, heard.tree()) == ("POST", "/results/1", result)
        assert heard.headers["ocpi-from-party-id"] == "NLX"
        assert heard.headers["ocpi-to-party-id"] == "VOL"

    @pytest.mark.parametrize(
        "body",
        [
            {"data": {"result": "EVSE_OCCUPIED"}},
            {"result": "EVSE_OCCUPIED", "message": []},
            {"result": "EVSE_OCCUPIED", "more": 1},
        ],
    )
    def test_cmd_03_is_taken_wrapped_too(self, cso, csp, path, body):
        assert cso.post(path, body).ocpi["status_code"] == 1000
        assert csp.heard[0].tree()["result"] == "EVSE_OCCUPIED"

    def test_cmd_05_a_third_party_finds_nothing(self, cso, csp, path, ends):
        stranger = Partner(ends(), polder())
        result = {"result": "ACCEPTED"}

        assert stranger.post(path, result).status_code == 404
        guess = f"{path.rpartition('/')[0]}/{'a' * 43}"
        assert cso.post(guess, result).status_code == 404
        assert csp.heard == []

    @pytest.mark.parametrize("body", [{}, {"result": "PERHAPS"}, [], {"data": {}}])
    def test_nonsense_is_refused(self, cso, csp, path, body):
        assert cso.post(path, body).ocpi["status_code"] == 2001
        assert csp.heard == []

    def test_a_time_out_is_told_and_a_late_result_still_relayed(self, cso, csp, path):
        remote_outcomes.time_out(now=makers.later(days=10_000))
        cso.post(path, {"result": "ACCEPTED"})

        assert [one.tree()["result"] for one in csp.heard] == ["TIMEOUT", "ACCEPTED"]


class TestReservation:
    def test_stays_reachable_until_it_is_taken_away(self, cso, csp):
        csp.post("receiver/commands/RESERVE_NOW", RESERVE | {"response_url": f"{csp.end.url}/r"})
        path = ours(cso.heard[0])

        cso.post(path, {"result": "ACCEPTED"})
        cso.post(path, {"result": "CANCELED_RESERVATION"})

        assert [one.tree()["result"] for one in csp.heard] == [
            "ACCEPTED",
            "CANCELED_RESERVATION",
        ]
        assert Reservation.objects.get().state == "CANCELED"

    def test_two_csps_may_use_the_same_id(self, cso, csp, ends):
        makers.AgreementMaker(buyer=fjell())
        other = Partner(ends(), fjell())
        theirs = {
            **TOKEN,
            "country_code": "NO",
            "party_id": "FJL",
            "uid": "04EE",
            "contract_id": "X",
        }

        csp.post("receiver/commands/RESERVE_NOW", RESERVE)
        other.post("receiver/commands/RESERVE_NOW", RESERVE | {"token": theirs})

        assert sorted(Reservation.objects.values_list("number", flat=True)) == [1, 2]

    def test_at_a_2_1_1_cso_has_a_number_of_ours(self, csp, ends):
        cso = Partner(ends(), nordlicht(), version="2.1.1")
        cso.answers({"result": "ACCEPTED"})

        answer = csp.post("receiver/commands/RESERVE_NOW", RESERVE)

        assert answer.ocpi["data"] == {"result": "ACCEPTED", "timeout": 30}
        body = cso.heard[0].tree()
        assert body["reservation_id"] == 1
        assert body["token"]["auth_id"] == CONTRACT
        assert "country_code" not in body["token"]


class TestVersion211:
    def test_a_2_1_1_csp_asks_a_2_2_1_cso_and_hears_the_result_in_its_words(self, cso, ends):
        csp = Partner(ends(), voltaire(), version="2.1.1")
        token = {
            "uid": "04A1B2C3D4E5F6",
            "type": "RFID",
            "auth_id": CONTRACT,
            "issuer": "Voltaire",
            "valid": True,
            "whitelist": "ALLOWED",
            "last_updated": "2026-11-01T00:00:00Z",
        }
        asked = {"response_url": f"{csp.end.url}/r", "token": token, "location_id": "L1"}

        answer = csp.post("receiver/commands/START_SESSION", asked)
        cso.post(ours(cso.heard[0]), {"result": "EVSE_OCCUPIED"})

        assert answer.ocpi["data"] == {"result": "ACCEPTED"}
        told_to_cso = cso.heard[0].tree()["token"]
        assert (told_to_cso["country_code"], told_to_cso["contract_id"]) == ("FR", CONTRACT)
        assert csp.heard[0].tree() == {"result": "REJECTED"}

    def test_a_2_1_1_cso_sends_a_command_response_with_timeout(self, csp, ends):
        cso = Partner(ends(), nordlicht(), version="2.1.1")
        cso.answers({"result": "ACCEPTED"})
        csp.post("receiver/commands/START_SESSION", asking(csp))

        cso.post(ours(cso.heard[0]), {"result": "TIMEOUT"})

        assert csp.heard[0].tree() == {"result": "TIMEOUT"}
        assert "connector_id" not in cso.heard[0].tree()

    def test_knows_no_cancelling(self, ends):
        csp = Partner(ends(), voltaire(), version="2.1.1")
        assert csp.post("receiver/commands/CANCEL_RESERVATION", RESERVE).status_code == 404


class TestProfiles:
    PROFILE = {
        "charging_rate_unit": "W",
        "min_charging_rate": 1400,
        "charging_profile_period": [{"start_period": 0, "limit": 11000.5}],
    }

    @pytest.fixture(autouse=True)
    def running(self, cso):
        sessions.take(told(), cso=nordlicht(), actor="tests", now=makers.NOON)

    def test_is_set_and_its_result_relayed(self, cso, csp):
        body = {"charging_profile": self.PROFILE, "response_url": f"{csp.end.url}/r"}

        answer = csp.put("receiver/chargingprofiles/S-1", body)
        [heard] = cso.heard
        cso.post(ours(heard), {"result": "ACCEPTED"})

        assert answer.ocpi["data"] == {"result": "ACCEPTED", "timeout": 30}
        assert (heard.verb, heard.path) == ("PUT", "/receiver/chargingprofiles/S-1")
        assert heard.tree()["charging_profile"] == self.PROFILE
        assert csp.heard[0].tree() == {"result": "ACCEPTED"}

    def test_is_read_with_the_profile_in_the_result(self, cso, csp):
        answer = csp.get(f"receiver/chargingprofiles/S-1?duration=900&response_url={csp.end.url}/r")
        [heard] = cso.heard
        path = heard.path
        url = path[path.index("response_url=") :]
        key = url.split("GET_PROFILE%2F")[1].split("&")[0]
        active = {"start_date_time": "2026-11-14T12:00:00Z", "charging_profile": self.PROFILE}
        cso.post(
            f"sender/chargingprofiles/GET_PROFILE/{key}",
            {"result": "ACCEPTED", "profile": active},
        )

        assert answer.ocpi["data"]["result"] == "ACCEPTED"
        assert "duration=900" in path
        assert csp.end.url not in path
        assert csp.heard[0].tree() == {"result": "ACCEPTED", "profile": active}

    def test_is_cleared(self, cso, csp):
        cso.answers({"result": "TOO_OFTEN", "timeout": 5})

        answer = csp.delete(f"receiver/chargingprofiles/S-1?response_url={csp.end.url}/r")

        assert answer.ocpi["data"]["result"] == "TOO_OFTEN"
        assert cso.heard[0].verb == "DELETE"

    @pytest.mark.parametrize("query", ["", "?duration=900", "?duration=x&response_url=y"])
    def test_reading_needs_duration_and_address(self, cso, csp, query):
        answer = csp.get(f"receiver/chargingprofiles/S-1{query}")
        assert (answer.ocpi["status_code"], cso.heard) == (2001, [])

    def test_of_a_session_of_another_is_unknown(self, cso, ends):
        other = Partner(ends(), fjell())
        answer = other.delete("receiver/chargingprofiles/S-1?response_url=https://x.example/r")
        assert answer.ocpi["data"]["result"] == "UNKNOWN_SESSION"
        assert cso.heard == []

    def test_that_changed_is_passed_on_to_the_csp(self, cso, csp):
        active = {"start_date_time": "2026-11-14T12:00:00Z", "charging_profile": self.PROFILE}

        answer = cso.put("sender/chargingprofiles/S-1", active)

        assert answer.ocpi["status_code"] == 1000
        [heard] = csp.heard
        assert (heard.verb, heard.path) == ("PUT", "/sender/chargingprofiles/S-1")
        assert heard.tree() == active

    def test_of_anothers_session_is_passed_on_to_nobody(self, csp, ends):
        other = Partner(ends(), polder())
        active = {"start_date_time": "2026-11-14T12:00:00Z", "charging_profile": self.PROFILE}
        assert other.put("sender/chargingprofiles/S-1", active).status_code == 404
        assert csp.heard == []


def test_what_is_stored_of_a_command_names_no_driver(cso, csp):
    csp.post("receiver/commands/START_SESSION", asking(csp))

    row = str(RemoteRequest.objects.values().get())

    assert json.dumps(TOKEN["uid"]) not in row
    assert CONTRACT not in row
