"""Locations over OCPI: cases LOC-01 to LOC-03, TRN-10, TRN-12, RTE-08, RTE-18, RTE-21, PAG-*."""

import copy
from decimal import Decimal

import pytest

from roaming.models import Location, LocationEvse
from tests import makers
from tests.makers import nordlicht, polder, voltaire
from tests.roaming.ocpi_world import System, connection

pytestmark = pytest.mark.django_db
OWN = "receiver/locations/DE/NLX"
LOCATION = {
    "country_code": "DE",
    "party_id": "NLX",
    "id": "LOC1",
    "publish": True,
    "name": "Harbour",
    "address": "Am Kai 1",
    "city": "Kiel",
    "postal_code": "24103",
    "country": "DEU",
    "coordinates": {"latitude": "54.32330", "longitude": "10.13940", "x_height": 3},
    "time_zone": "Europe/Berlin",
    "evses": [
        {
            "uid": "3256",
            "evse_id": "DE*NLX*E041503001",
            "status": "AVAILABLE",
            "connectors": [
                {
                    "id": "1",
                    "standard": "IEC_62196_T2",
                    "format": "SOCKET",
                    "power_type": "AC_3_PHASE",
                    "max_voltage": 230,
                    "max_amperage": 32,
                    "tariff_ids": ["T1"],
                    "last_updated": "2026-06-01T10:00:00Z",
                    "x_cable": {"length_m": 4.50},
                }
            ],
            "last_updated": "2026-06-01T10:00:00Z",
        }
    ],
    "last_updated": "2026-06-01T10:00:00.500Z",
    "x_own": {"deep": [1, 2.50, None]},
}


def location(**changes) -> dict:
    return copy.deepcopy(LOCATION) | changes


@pytest.fixture
def cso() -> System:
    return System(connection(nordlicht())[1], as_code="DE*NLX", to_code="DE*CLH")


@pytest.fixture
def csp() -> System:
    makers.AgreementMaker()
    return System(connection(voltaire())[1], as_code="FR*VOL")


def put(cso: System, **changes):
    tree = location(**changes)
    return cso.put(f"{OWN}/{tree['id']}", tree)


class TestACso:
    def test_puts_a_location_that_is_new_and_then_is_not(self, cso):
        first = put(cso)
        again = put(cso, name="Quay")

        assert (first.status_code, first.ocpi["status_code"]) == (201, 1000)
        assert (again.status_code, again.ocpi["status_code"]) == (200, 1000)
        stored = Location.objects.get()
        assert (stored.name, stored.country_code, stored.document_format) == (
            "Quay",
            "DE",
            "OCPI 2.2.1",
        )
        evse = stored.evses.get()
        assert (evse.evse_id, evse.current_type) == ("DE*NLX*E041503001", "AC")
        assert (evse.max_power_kw, evse.tariff_ids) == (Decimal("22.080"), ["T1"])

    def test_trn_10_unknown_fields_are_kept_and_passed_on(self, cso, csp):
        put(cso)

        assert cso.get(f"{OWN}/loc1").ocpi["data"] == location()
        assert csp.get("sender/locations").ocpi["data"] == [location()]

    @pytest.mark.parametrize(
        ("changes", "path"),
        [
            ({"id": "LOC2"}, "LOC1"),
            ({"party_id": "BBB"}, "LOC1"),
            ({"country_code": "NL"}, "LOC1"),
            ({"coordinates": None}, "LOC1"),
            ({"last_updated": "yesterday"}, "LOC1"),
        ],
    )
    def test_is_told_what_is_wrong(self, cso, changes, path):
        answer = cso.put(f"{OWN}/{path}", location(**changes))

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 2001)
        assert answer.ocpi["status_message"]
        assert not Location.objects.exists()

    def test_that_sends_no_json_gets_400(self, cso):
        answer = cso.put(f"{OWN}/LOC1", b"{")

        assert (answer.status_code, answer.ocpi["status_code"]) == (400, 2000)

    def test_writes_for_nobody_else(self, cso):
        answer = cso.put("receiver/locations/NL/PLD/LOC1", location())

        assert (answer.status_code, answer.ocpi["status_code"]) == (404, 2001)

    def test_trn_12_gets_404_for_what_is_not_there(self, cso):
        put(cso)

        for path in ("LOC9", "LOC1/9", "LOC1/3256/9"):
            answer = cso.get(f"{OWN}/{path}")
            assert (answer.status_code, answer.ocpi["status_code"]) == (404, 2003)
            patch = {"last_updated": "2026-06-02T00:00:00Z"}
            assert cso.patch(f"{OWN}/{path}", patch).status_code == 404

    def test_that_is_late_is_answered_as_taken(self, cso):
        put(cso)

        answer = put(cso, last_updated="2026-06-01T09:00:00Z", name="Old")

        assert answer.ocpi["status_code"] == 1000
        assert Location.objects.get().name == "Harbour"


class TestAPart:
    def test_loc_01_a_connector_makes_evse_and_location_newer(self, cso, csp):
        put(cso)
        at = "2026-06-02T08:00:00.250Z"
        tree = location()["evses"][0]["connectors"][0] | {"max_amperage": 16, "last_updated": at}

        assert cso.put(f"{OWN}/LOC1/3256/1", tree).status_code == 200

        seen = csp.get("sender/locations/LOC1").ocpi["data"]
        assert seen["last_updated"] == at
        assert seen["evses"][0]["last_updated"] == at
        assert seen["evses"][0]["connectors"] == [tree]
        assert LocationEvse.objects.get().max_power_kw == Decimal("11.040")

    def test_that_is_new_is_put_beside_the_others(self, cso):
        put(cso)
        evse = location()["evses"][0] | {"uid": "3257", "evse_id": "DE*NLX*E041503002"}

        assert cso.put(f"{OWN}/LOC1/3257", evse).status_code == 201
        assert cso.put(f"{OWN}/LOC9/3257", evse).ocpi["status_code"] == 2003
        second = evse["connectors"][0] | {"id": "2"}
        assert cso.put(f"{OWN}/LOC1/3257/2", second).status_code == 200

        evses = cso.get(f"{OWN}/LOC1").ocpi["data"]["evses"]
        assert [one["uid"] for one in evses] == ["3256", "3257"]
        assert [one["id"] for one in evses[1]["connectors"]] == ["1", "2"]

    def test_that_is_patched_keeps_the_rest(self, cso):
        put(cso)
        at = "2026-06-02T08:00:00Z"

        cso.patch(f"{OWN}/LOC1/3256", {"status": "CHARGING", "last_updated": at})
        cso.patch(f"{OWN}/LOC1/3256/1", {"format": "CABLE", "last_updated": at})
        cso.patch(f"{OWN}/LOC1", {"name": "Quay", "last_updated": at})

        expected = location(name="Quay", last_updated=at)
        expected["evses"][0] |= {"status": "CHARGING", "last_updated": at}
        expected["evses"][0]["connectors"][0] |= {"format": "CABLE", "last_updated": at}
        assert cso.get(f"{OWN}/LOC1").ocpi["data"] == expected
        assert LocationEvse.objects.get().status == "CHARGING"

    def test_is_not_patched_without_its_time(self, cso):
        put(cso)

        answer = cso.patch(f"{OWN}/LOC1/3256", {"status": "CHARGING"})

        assert (answer.status_code, answer.ocpi["status_code"]) == (200, 2001)

    def test_loc_02_that_is_removed_is_still_listed(self, cso, csp):
        put(cso)
        at = "2026-06-02T08:00:00Z"
        cso.patch(f"{OWN}/LOC1/3256", {"status": "REMOVED", "last_updated": at})
        put(cso, evses=[], last_updated="2026-06-03T08:00:00Z")

        [evse] = csp.get("sender/locations/LOC1").ocpi["data"]["evses"]
        assert (evse["uid"], evse["status"]) == ("3256", "REMOVED")


class TestACsp:
    def test_rte_08_gets_all_csos_that_it_may_see(self, cso, csp):
        put(cso)
        makers.AgreementMaker(seller=polder())
        other = System(connection(polder())[1], as_code="NL*PLD")
        tree = location(country_code="NL", party_id="PLD", evses=[])
        assert other.put("receiver/locations/NL/PLD/LOC1", tree).status_code == 201

        everything = csp.get("sender/locations", to_code="DE*CLH").ocpi["data"]
        assert [one["party_id"] for one in everything] == ["NLX", "PLD"]
        [one] = csp.get("sender/locations", to_code="NL*PLD").ocpi["data"]
        assert one["party_id"] == "PLD"
        assert csp.get("sender/locations/LOC1").ocpi["status_code"] == 2001
        one = csp.get("sender/locations/LOC1", to_code="NL*PLD").ocpi["data"]
        assert one["party_id"] == "PLD"
        assert csp.get("sender/locations", to_code="NL*ONE").ocpi["status_code"] == 4001

    def test_without_an_agreement_sees_nothing(self, cso):
        put(cso)
        stranger = System(connection(makers.fjell())[1], as_code="NO*FJL")

        assert stranger.get("sender/locations").ocpi["data"] == []
        answer = stranger.get("sender/locations/LOC1")
        assert (answer.status_code, answer.ocpi["status_code"]) == (404, 2003)
        assert stranger.put(f"{OWN}/LOC1", location()).status_code == 404

    def test_rte_21_sees_the_owners_time_exactly(self, cso, csp):
        put(cso)

        seen = csp.get("sender/locations/LOC1").ocpi["data"]
        assert seen["last_updated"] == "2026-06-01T10:00:00.500Z"
        assert csp.get("sender/locations/LOC1/3256").ocpi["data"] == location()["evses"][0]

    def test_loc_03_does_not_see_what_is_not_published(self, cso, csp):
        put(cso, publish=False)
        old = System(connection(voltaire(), version="2.1.1")[1], version="2.1.1")

        assert csp.get("sender/locations").ocpi["data"] == []
        assert old.get("sender/locations").ocpi["data"] == []

    def test_pag_reads_pages_of_what_changed_in_a_time(self, cso, csp):
        for number in range(1, 6):
            put(cso, id=f"L{number}", evses=[], last_updated=f"2026-06-0{number}T00:00:00Z")
        query = "date_from=2026-06-02T00:00:00Z&date_to=2026-06-05T00:00:00Z&limit=2"

        first = csp.get(f"sender/locations?{query}")
        assert [one["id"] for one in first.ocpi["data"]] == ["L2", "L3"]
        assert first.headers["X-Total-Count"] == "3"
        assert first.headers["X-Limit"] == "100"
        link = first.headers["Link"].partition(">")[0].removeprefix("<")
        second = csp.get("/" + link.split("/", 3)[3])
        assert [one["id"] for one in second.ocpi["data"]] == ["L4"]
        assert "Link" not in second.headers

    def test_pag_03_asks_for_too_much_and_gets_the_cap(self, cso, csp):
        put(cso)

        assert csp.get("sender/locations?limit=100000").headers["X-Limit"] == "100"
        assert csp.get("sender/locations?limit=x").ocpi["status_code"] == 2001


class TestAcrossVersions:
    def test_what_2_1_1_tells_is_seen_in_2_2_1_and_back(self, cso, csp):
        makers.AgreementMaker(seller=polder())
        old_cso = System(connection(polder(), version="2.1.1")[1], version="2.1.1")
        old_csp = System(connection(voltaire(), version="2.1.1")[1], version="2.1.1")
        put(cso)
        tree = old_csp.get("sender/locations/LOC1").ocpi["data"]
        assert (tree["evses"][0]["connectors"][0]["voltage"], tree["type"]) == (230, "UNKNOWN")
        assert tree["last_updated"] == LOCATION["last_updated"]

        told = old_cso.put("receiver/locations/NL/PLD/LOC2", tree | {"id": "LOC2"})
        assert told.status_code == 201, told.ocpi

        seen = csp.get("sender/locations/LOC2").ocpi["data"]
        assert (seen["country_code"], seen["party_id"], seen["publish"]) == ("NL", "PLD", True)
        connector = seen["evses"][0]["connectors"][0]
        assert (connector["max_voltage"], connector["tariff_ids"]) == (230, ["T1"])

    def test_a_part_in_another_version_is_merged_into_the_whole(self, cso, csp):
        old = System(connection(nordlicht(), version="2.1.1")[1], version="2.1.1")
        put(cso)
        at = "2026-06-02T08:00:00Z"

        answer = old.patch(f"{OWN}/LOC1/3256", {"status": "CHARGING", "last_updated": at})

        assert answer.ocpi["status_code"] == 1000, answer.ocpi
        stored = Location.objects.get()
        assert stored.document_format == "OCPI 2.1.1"
        assert stored.evses.get().status == "CHARGING"
        assert csp.get("sender/locations/LOC1").ocpi["data"]["last_updated"] == at
