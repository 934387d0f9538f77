"""Locations by our own API: told, read by filters in few queries, hidden from strangers."""

import copy
import json
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from roaming.api.location_documentation import EXAMPLE
from roaming.models import Location
from tests import makers
from tests.makers import later
from tests.roaming.ocpi_world import System, connection
from tests.roaming.partner_systems import PartnerSystem
from tests.roaming.test_locations import evse, place, put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]
LOCATIONS = "/api/v1/locations/"
OWN = f"{LOCATIONS}DE*NLX/LOC1/"


@pytest.fixture(autouse=True)
def agreement():
    return makers.AgreementMaker()


@pytest.fixture
def nordlicht():
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def voltaire():
    return PartnerSystem(makers.voltaire())


def tell(system: PartnerSystem, address: str = OWN, **changes):
    body = json.dumps(copy.deepcopy(EXAMPLE) | {"updated_at": "2026-11-14T11:00:00Z"} | changes)
    return send(system, address, body)


def send(system: PartnerSystem, address: str, body: str):
    return system.http.put(address, body, content_type="application/json", headers=system.headers)


def tell_status(system: PartnerSystem, status: str, at: str = "2026-11-14T11:30:00Z", **more):
    body = json.dumps({"status": status, "status_at": at} | more)
    return send(system, f"{OWN}evses/1001-1/status/", body)


class TestTelling:
    def test_keeps_a_location_and_answers_what_is_kept(self, nordlicht):
        first, again = tell(nordlicht), tell(nordlicht)

        assert (first.status_code, again.status_code) == (201, 200), first.content
        told = first.json()
        assert (told["cso"], told["location_id"], told["city"]) == ("DE*NLX", "LOC1", "Kiel")
        [one] = told["evses"]
        assert (one["evse_id"], one["status"], one["max_power_kw"]) == (
            "DE*NLX*E1001*1",
            "AVAILABLE",
            "22",
        )
        assert one["tariff_ids"] == ["NLX-AC"]
        assert again.json() == told

    def test_is_read_over_ocpi_too(self, nordlicht):
        tell(nordlicht)
        csp = System(connection(makers.voltaire())[1])

        [tree] = csp.get("sender/locations").ocpi["data"]

        assert (tree["country_code"], tree["party_id"], tree["id"]) == ("DE", "NLX", "LOC1")
        assert (tree["country"], tree["coordinates"]["latitude"]) == ("DEU", "54.323300")
        [connector] = tree["evses"][0]["connectors"]
        assert (connector["max_electric_power"], connector["max_amperage"]) == (22_000, 32)
        old = System(connection(makers.voltaire(), version="2.1.1")[1], version="2.1.1")
        [tree] = old.get("sender/locations").ocpi["data"]
        assert tree["evses"][0]["connectors"][0]["voltage"] == 230

    def test_ignores_what_is_older(self, nordlicht):
        tell(nordlicht)

        answer = tell(nordlicht, updated_at="2026-11-14T10:00:00Z", name="Old")

        assert (answer.status_code, answer.json()["name"]) == (200, "Harbour")

    @pytest.mark.parametrize(
        ("address", "changes", "status"),
        [
            (f"{LOCATIONS}NL*PLD/LOC1/", {}, 404),
            (f"{LOCATIONS}DE*NLX/{'L' * 37}/", {}, 400),
            (OWN, {"country_code": "Germany"}, 400),
            (OWN, {"latitude": 91}, 400),
            (OWN, {"updated_at": "2026-11-14T10:00:00"}, 400),
            (OWN, {"evses": [EXAMPLE["evses"][0] | {"evse_id": "?"}]}, 400),
        ],
    )
    def test_is_refused(self, nordlicht, address, changes, status):
        answer = tell(nordlicht, address, **changes)

        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == "application/problem+json"
        assert not Location.objects.exists()

    def test_a_status_holds_for_its_time(self, nordlicht, voltaire, noon):
        tell(nordlicht)

        answer = tell_status(nordlicht, "CHARGING", status_until_at="2026-11-14T12:05:00Z")

        assert answer.json()["evses"][0]["status"] == "CHARGING", answer.content
        assert voltaire.get(LOCATIONS).json()["results"][0]["evses"][0]["status"] == "CHARGING"
        noon.move_to(later(minutes=5))
        assert voltaire.get(LOCATIONS).json()["results"][0]["evses"][0]["status"] == "UNKNOWN"
        csp = System(connection(makers.voltaire())[1])
        assert csp.get("sender/locations").ocpi["data"][0]["evses"][0]["status"] == "UNKNOWN"

    def test_a_status_of_no_evse_is_refused(self, nordlicht):
        answer = tell_status(nordlicht, "CHARGING")

        assert (answer.status_code, answer.json()["code"]) == (404, "EVSE_NOT_FOUND")


class TestReading:
    @pytest.fixture
    def many(self):
        fast = {"connector_types": ("IEC_62196_T2_COMBO",), "current_type": "DC"}
        put(place(evse("E1"), id_="A"))
        put(place(evse("E2", max_power_kw=Decimal(150), **fast), id_="B", city="Ulm"))
        put(place(evse("E3", status="CHARGING"), id_="C", at=later(hours=1)))
        put(place(evse("E4", status="REMOVED", **fast), id_="D", longitude=Decimal(2)))

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, "ABCD"),
            ({"cso": "DE*NLX"}, "ABCD"),
            ({"cso": "NL*PLD"}, ""),
            ({"country": "de"}, "ABCD"),
            ({"city": "ulm"}, "B"),
            ({"location_id": "c"}, "C"),
            ({"bbox": "10,54,11,55"}, "ABC"),
            ({"updated_since": "2026-11-14T12:30:00Z"}, "C"),
            ({"status": "CHARGING"}, "C"),
            ({"status": ["CHARGING", "AVAILABLE"]}, "ABC"),
            ({"connector_type": "iec_62196_t2_combo"}, "B"),
            ({"current_type": "DC"}, "B"),
            ({"min_power_kw": "100"}, "B"),
            ({"min_power_kw": "100", "status": "CHARGING"}, ""),
        ],
        ids=str,
    )
    def test_is_narrowed_by_filters(self, voltaire, many, query, found):
        told = voltaire.get(LOCATIONS, **query).json()["results"]

        assert "".join(one["location_id"] for one in told) == found

    @pytest.mark.parametrize(
        "query",
        [{"bbox": "1,2,3"}, {"bbox": "5,0,4,1"}, {"cso": "?"}, {"colour": "red"}, {"cursor": "x"}],
        ids=str,
    )
    def test_refuses_filters_that_mean_nothing(self, voltaire, query):
        assert voltaire.get(LOCATIONS, **query).status_code == 400

    def test_goes_page_by_page_in_few_queries(self, voltaire, many):
        query = {"limit": 1, "country": "DE", "current_type": "AC", "min_power_kw": 10}
        with CaptureQueriesContext(
            database,
        ) as queries:
            first = voltaire.get(LOCATIONS, **query).json()
        second = voltaire.http.get(first["next"], headers=voltaire.headers).json()

        assert [one["location_id"] for one in first["results"]] == ["A"]
        assert [one["location_id"] for one in second["results"]] == ["C"]
        assert second["next"] is None
        # SET ROLE and RESET ROLE come with every request of a partner.
        assert len(queries) - 2 <= 8, [query["sql"] for query in queries]


class TestStrangers:
    def test_see_and_tell_nothing(self, nordlicht):
        told = tell(nordlicht).json()
        laterne = PartnerSystem(makers.laterne())

        assert laterne.get(LOCATIONS).json() == {"results": [], "next": None}
        assert laterne.get(f"{LOCATIONS}{told['id']}/").status_code == 404
        assert tell(laterne).status_code == 404
        assert tell_status(laterne, "BLOCKED").status_code == 404
        assert (
            nordlicht.get(f"{LOCATIONS}{told['id']}/").json()["evses"][0]["status"] == "AVAILABLE"
        )

    def test_a_buyer_reads_and_cannot_tell(self, nordlicht, voltaire):
        told = tell(nordlicht).json()

        assert voltaire.get(f"{LOCATIONS}{told['id']}/").json() == told
        assert tell(voltaire).status_code == 404

    def test_what_is_not_published_is_the_csos_own(self, nordlicht, voltaire):
        told = tell(nordlicht, is_published=False).json()

        assert nordlicht.get(LOCATIONS).json()["results"] == [told]
        assert voltaire.get(LOCATIONS).json()["results"] == []
        assert voltaire.get(f"{LOCATIONS}{told['id']}/").status_code == 404

    @pytest.mark.parametrize("scopes", [("location:read",), ("tariff:read",)])
    def test_need_the_scope(self, scopes):
        system = PartnerSystem(makers.nordlicht(), scopes=scopes)

        assert system.get(LOCATIONS).status_code == (200 if "location:read" in scopes else 403)
        assert tell(system).status_code == 403
