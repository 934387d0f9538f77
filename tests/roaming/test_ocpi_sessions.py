"""Sessions over OCPI: stored, passed on to their CSP, owed while it is away; cases SES and RTE."""

import contextlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from partners.models import RoamingEndpoint
from roaming.models import ContractIdentity, ObjectPush, ServiceSession
from roaming.services import pushes
from roaming.services.session_facts import find
from tests import makers
from tests.makers import fjell, laterne, nordlicht, polder, voltaire
from tests.roaming.ocpi_partners import SECRET, Partner
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import at_work, html_500
from tests.roaming.session_world import CONTRACT

pytestmark = pytest.mark.django_db

OWN = "receiver/sessions/DE/NLX/S-1"
PERIODS = [
    {"start_date_time": "2026-11-14T11:00:00Z", "dimensions": [{"type": "ENERGY", "volume": 1.5}]},
    {"start_date_time": "2026-11-14T11:20:00Z", "dimensions": [{"type": "ENERGY", "volume": 2.25}]},
]


@pytest.fixture(autouse=True)
def agreed(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    makers.AgreementMaker()


@pytest.fixture
def ends():
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(at_work())


@pytest.fixture
def cso(ends) -> Partner:
    return Partner(ends(), nordlicht())


@pytest.fixture
def csp(ends) -> Partner:
    return Partner(ends(), voltaire())


def minutes_ago(minutes: float) -> str:
    return (timezone.now() - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def session(**changes: Any) -> dict[str, Any]:
    """Voltaire's driver charges at Nordlicht's, told ten minutes ago."""
    fields = {
        "country_code": "DE",
        "party_id": "NLX",
        "id": "S-1",
        "start_date_time": "2026-11-14T11:00:00Z",
        "kwh": 1.5,
        "cdr_token": {
            "country_code": "FR",
            "party_id": "VOL",
            "uid": "04A1B2C3D4E5F6",
            "type": "RFID",
            "contract_id": CONTRACT,
            "visual_hint": "blue",
        },
        "auth_method": "AUTH_REQUEST",
        "authorization_reference": "AUTH-1",
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "1",
        "currency": "EUR",
        "charging_periods": PERIODS,
        "total_cost": {"excl_vat": 0.6, "incl_vat": 0.71},
        "status": "ACTIVE",
        "last_updated": minutes_ago(10),
        "greeting": {"of": "a later version"},
    }
    return fields | changes


def stored() -> ServiceSession:
    return ServiceSession.objects.get()


class TestReceiver:
    def test_rte_01_passes_a_session_on_with_ids_and_headers_of_its_own(self, cso, csp):
        told = session()

        answer = cso.put(
            OWN,
            told,
            as_code="DE*NLX",
            to_code="FR*VOL",
            headers={"X-Request-ID": "one", "X-Correlation-ID": "corr"},
        )

        assert (answer.status_code, answer.ocpi["status_code"]) == (201, 1000)
        back = (answer.headers["OCPI-to-party-id"], answer.headers["OCPI-from-party-id"])
        assert back == ("NLX", "VOL")
        [heard] = csp.heard
        assert (heard.verb, heard.path) == ("PUT", "/receiver/sessions/DE/NLX/S-1")
        assert heard.tree() == told
        headers = {name.lower(): value for name, value in heard.headers.items()}
        assert headers["ocpi-to-party-id"] == "VOL"
        assert headers["ocpi-from-party-id"] == "NLX"
        assert headers["x-correlation-id"] == "corr"
        assert headers["x-request-id"] not in ("", "one")
        assert SECRET not in headers["authorization"], "2.2.1 shows tokens in Base64"

    def test_keeps_the_session_and_seals_its_driver(self, cso, csp):
        cso.put(OWN, session())

        kept = stored()
        assert (kept.state, kept.csp, kept.energy_kwh) == ("ACTIVE", voltaire(), Decimal("1.5"))
        assert (kept.total_excl_tax, kept.total_incl_tax) == (Decimal("0.6"), Decimal("0.71"))
        assert kept.authorization_method == "AUTH_REQUEST"
        row = str(ServiceSession.objects.values().get())
        assert "04A1B2C3D4E5F6" not in row
        assert CONTRACT not in row
        assert ContractIdentity.objects.count() == 1

    def test_gives_the_session_back_as_it_came(self, cso, csp):
        told = session()
        cso.put(OWN, told)

        assert cso.get(OWN).ocpi["data"] == _exact(told)

    def test_ses_01_a_patch_appends_periods_and_a_put_replaces_them(self, cso, csp):
        cso.put(OWN, session())
        third = PERIODS[1] | {"start_date_time": "2026-11-14T11:40:00Z"}

        cso.patch(OWN, {"charging_periods": [third], "last_updated": minutes_ago(5)})
        assert len(stored().document["charging_periods"]) == 3
        assert len(csp.heard[-1].tree()["charging_periods"]) == 3

        cso.put(OWN, session(charging_periods=[], last_updated=minutes_ago(1)))
        assert stored().document["charging_periods"] == []

    def test_ses_02_what_is_over_stays_over(self, cso, csp):
        cso.put(OWN, session(status="COMPLETED", end_date_time=minutes_ago(10)))
        pushed = len(csp.heard)

        answer = cso.patch(OWN, {"status": "ACTIVE", "last_updated": minutes_ago(1)})

        assert answer.ocpi["status_code"] == 1000
        assert (stored().state, len(csp.heard)) == ("COMPLETED", pushed)

    def test_a_repeat_is_answered_and_not_passed_on(self, cso, csp):
        told = session()
        cso.put(OWN, told)

        answer = cso.put(OWN, told)

        assert (answer.status_code, len(csp.heard)) == (200, 1)

    def test_an_older_word_changes_nothing(self, cso, csp):
        cso.put(OWN, session(kwh=9))

        answer = cso.put(OWN, session(kwh=3, last_updated=minutes_ago(60)))

        assert answer.ocpi["status_code"] == 1000
        assert stored().energy_kwh == 9

    def test_a_patch_of_an_unknown_session_is_not_found(self, cso):
        answer = cso.patch(OWN, {"kwh": 3, "last_updated": minutes_ago(1)})
        assert answer.status_code == 404

    def test_a_patch_without_last_updated_is_refused(self, cso, csp):
        cso.put(OWN, session())
        assert cso.patch(OWN, {"kwh": 3}).ocpi["status_code"] == 2001

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"id": "S-2"}, 2001),
            ({"party_id": "PLD"}, 2001),
            ({"kwh": None}, 2001),
            ({"status": "SLEEPING"}, 2001),
            ({"end_date_time": "2026-11-14T10:00:00Z"}, 2001),
        ],
    )
    def test_a_wrong_session_is_refused_with_http_200(self, cso, changes, code):
        answer = cso.put(OWN, session(**changes))

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, code)
        assert not ServiceSession.objects.exists()

    def test_rte_19_without_an_agreement_it_is_delivered_to_nobody(self, cso, ends):
        other = Partner(ends(), fjell())
        token = session()["cdr_token"] | {"country_code": "NO", "party_id": "FJL"}

        answer = cso.put(OWN, session(cdr_token=token), to_code="NO*FJL")

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 4001)
        assert (other.heard, ServiceSession.objects.count()) == ([], 0)

    def test_a_session_sent_to_another_than_its_csp_is_refused(self, cso, csp):
        makers.AgreementMaker(buyer=fjell())
        answer = cso.put(OWN, session(), to_code="NO*FJL")
        assert answer.ocpi["status_code"] == 2001
        assert csp.heard == []

    def test_a_stranger_neither_reads_nor_writes_it(self, cso, csp, ends):
        cso.put(OWN, session())
        stranger = Partner(ends(), laterne(), laterne("CSP"))

        assert stranger.get(OWN).status_code == 404
        assert stranger.put(OWN, session(kwh=99)).status_code == 404
        page = stranger.get("sender/sessions?date_from=2020-01-01T00:00:00Z")
        assert (page.ocpi["data"], page.headers["X-Total-Count"]) == ([], "0")
        put = stranger.put("sender/sessions/S-1/charging_preferences", {"profile_type": "FAST"})
        assert put.status_code == 404


class TestPassingOn:
    def test_rte_05_what_the_csp_refuses_its_cso_hears_in_its_words(self, cso, csp):
        csp.answers(status_code=2003, message="we do not know this place")

        answer = cso.put(OWN, session())

        assert answer.ocpi["status_code"] == 2003
        assert answer.ocpi["status_message"] == "we do not know this place"
        assert stored().state == "ACTIVE"

    def test_ses_04_the_newest_state_alone_reaches_a_csp_that_was_away(self, cso, csp):
        csp.end.answer = html_500
        cso.put(OWN, session())
        for minute in (3, 2, 1):
            told = {"kwh": 10 - minute, "last_updated": minutes_ago(minute)}
            assert cso.patch(OWN, told).ocpi["status_code"] == 1000
        failed = len(csp.heard)

        csp.answers()
        ObjectPush.objects.update(next_attempt_at=None)
        pushes.send_to(csp.endpoint.pk, clock=timezone.now)

        [last] = csp.heard[failed:]
        assert last.tree()["kwh"] == 9
        page = csp.get(f"sender/sessions?date_from={minutes_ago(60)}")
        assert [one["kwh"] for one in page.ocpi["data"]] == [9]

    def test_nothing_is_asked_of_a_csp_that_is_offline(self, cso, csp):
        RoamingEndpoint.objects.filter(pk=csp.endpoint.pk).update(state="OFFLINE")

        answer = cso.put(OWN, session())

        assert answer.ocpi["status_code"] == 1000
        assert csp.heard == []
        assert ObjectPush.objects.get().subject_id == stored().pk


class TestSender:
    def test_needs_date_from(self, csp):
        assert csp.get("sender/sessions").ocpi["status_code"] == 2001

    def test_lists_the_callers_sessions_alone_as_they_came(self, cso, csp, ends):
        makers.AgreementMaker(buyer=fjell())
        other = Partner(ends(), fjell())
        told = session()
        cso.put(OWN, told)
        make(ServiceSession, state="AUTHORIZED")

        mine = csp.get("sender/sessions?date_from=2020-01-01T00:00:00Z")
        theirs = other.get("sender/sessions?date_from=2020-01-01T00:00:00Z")

        assert mine.ocpi["data"] == [_exact(told)]
        assert theirs.ocpi["data"] == []

    def test_obeys_its_period(self, cso, csp):
        cso.put(OWN, session())

        later = csp.get(f"sender/sessions?date_from={minutes_ago(9)}")

        assert later.ocpi["data"] == []


class TestPreferences:
    PATH = "sender/sessions/S-1/charging_preferences"
    WANTED = {"profile_type": "GREEN", "departure_time": "2026-11-14T18:00:00Z", "energy_need": 20}

    def place(self, *capabilities: str) -> None:
        from roaming.models import Location, LocationEvse

        location = make(Location, location_id="L1")
        make(LocationEvse, location=location, evse_uid="E1", capabilities=list(capabilities))

    def test_are_asked_of_the_cso_and_answered_as_it_does(self, cso, csp):
        self.place("CHARGING_PREFERENCES_CAPABLE")
        cso.put(OWN, session())
        cso.answers("DEPARTURE_REQUIRED")

        answer = csp.put(self.PATH, self.WANTED)

        assert answer.ocpi["data"] == "DEPARTURE_REQUIRED"
        [heard] = cso.heard
        assert (heard.verb, heard.path) == (
            "PUT",
            "/sender/sessions/S-1/charging_preferences",
        )
        assert heard.tree() == self.WANTED

    def test_ses_05_of_an_evse_that_cannot_are_404_and_2001(self, cso, csp):
        self.place("RFID_READER")
        cso.put(OWN, session())

        answer = csp.put(self.PATH, self.WANTED)

        assert (answer.status_code, answer.ocpi["status_code"]) == (404, 2001)
        assert cso.heard == []


class TestVersions:
    def test_a_2_3_0_csp_gets_taxes_and_a_2_2_1_cso_need_not_know(self, cso, ends):
        csp = Partner(ends(), voltaire(), version="2.3.0")

        cso.put(OWN, session())

        cost = csp.heard[0].tree()["total_cost"]
        assert cost["before_taxes"] == 0.6
        assert sum(one["amount"] for one in cost["taxes"]) == pytest.approx(0.11)

    def test_a_2_1_1_cso_tells_of_a_contract_and_its_csp_is_found(self, ends, csp):
        cso = Partner(ends(), nordlicht(), version="2.1.1")
        told = {
            "id": "S-1",
            "start_datetime": "2026-11-14T11:00:00Z",
            "kwh": 1.5,
            "auth_id": CONTRACT,
            "auth_method": "AUTH_REQUEST",
            "location": _location_2_1_1(),
            "currency": "EUR",
            "status": "ACTIVE",
            "total_cost": 0.6,
            "last_updated": minutes_ago(10),
        }

        answer = cso.put(OWN, told)

        assert answer.ocpi["status_code"] == 1000, answer.ocpi
        tree = csp.heard[0].tree()
        assert tree["cdr_token"]["contract_id"] == CONTRACT
        assert (tree["cdr_token"]["country_code"], tree["cdr_token"]["party_id"]) == ("FR", "VOL")
        assert (tree["location_id"], tree["evse_uid"], tree["connector_id"]) == ("L1", "E1", "1")
        assert tree["country_code"] == "DE"
        assert cso.get(OWN).ocpi["data"] == _exact(told)

    def test_a_2_1_1_csp_that_lacks_the_location_is_told_nothing_wrong(self, cso, ends):
        csp = Partner(ends(), voltaire(), version="2.1.1")

        assert cso.put(OWN, session()).ocpi["status_code"] == 1000

        assert csp.heard == []
        assert find("S-1", cso=nordlicht()) is not None

    def test_two_csos_may_have_the_same_id(self, cso, csp, ends):
        makers.AgreementMaker(seller=polder())
        other = Partner(ends(), polder())
        cso.put(OWN, session())
        other.put("receiver/sessions/NL/PLD/S-1", session(country_code="NL", party_id="PLD"))

        assert ServiceSession.objects.count() == 2
        named = csp.get("sender/sessions?date_from=2020-01-01T00:00:00Z", to_code="NL*PLD")
        assert [one["party_id"] for one in named.ocpi["data"]] == ["PLD"]


def _exact(tree: Any) -> Any:
    import json

    return json.loads(json.dumps(tree), parse_float=Decimal)


def _location_2_1_1() -> dict[str, Any]:
    at = "2026-11-01T00:00:00Z"
    connector = {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "voltage": 230,
        "amperage": 32,
        "last_updated": at,
    }
    evse = {"uid": "E1", "status": "CHARGING", "connectors": [connector], "last_updated": at}
    return {
        "id": "L1",
        "type": "ON_STREET",
        "address": "Hafenstrasse 1",
        "city": "Kiel",
        "postal_code": "24103",
        "country": "DEU",
        "coordinates": {"latitude": "54.32300", "longitude": "10.12200"},
        "evses": [evse],
        "last_updated": at,
    }
