"""Station data for national access points: AFIR's attributes, ad-hoc prices, what nobody told."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command

from roaming.documents import station_files
from roaming.models import Location, LocationEvse
from tests.makers import AgreementMaker, nordlicht, polder, voltaire
from tests.roaming import ndw
from tests.roaming.ocpi_world import System, connection
from tests.roaming.partner_systems import PartnerSystem
from tests.roaming.test_api_locations import tell
from tests.roaming.test_ocpi_ndw import load

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_secrets")]
AT = "2026-11-14T11:00:00Z"


def exported(**options) -> list[dict[str, str]]:
    told = io.StringIO()
    call_command("export_stations", stdout=told, stderr=io.StringIO(), **options)
    return list(csv.DictReader(io.StringIO(told.getvalue(), newline="")))


def as_json(**options) -> dict:
    told = io.StringIO()
    call_command("export_stations", stdout=told, stderr=io.StringIO(), format="json", **options)
    return json.loads(told.getvalue())


@pytest.fixture
def cso() -> System:
    """A CSO of OCPI 2.3.0, whose locations have the fields for access points."""
    return System(connection(nordlicht(), version="2.3.0")[1], version="2.3.0")


def station(**changes) -> dict:
    own = {
        "country_code": "DE", "party_id": "NLX", "id": "LOC1", "publish": True,
        "name": "Harbour", "address": "Am Kai 1", "city": "Kiel", "country": "DEU",
        "coordinates": {"latitude": "54.323300", "longitude": "10.139400"},
        "time_zone": "Europe/Berlin", "help_phone": "+49 431 1234",
        "operator": {"name": "Nordlicht"}, "owner": {"name": "=Harbour Ltd"},
        "facilities": ["RESTAURANT", "WIFI"],
        "opening_times": {
            "twentyfourseven": False,
            "regular_hours": [
                {"weekday": 1, "period_begin": "08:00", "period_end": "20:00"},
                {"weekday": 7, "period_begin": "10:00", "period_end": "18:00"},
            ],
        },
        "evses": [evse("1"), evse("2", status="PLANNED")],
        "last_updated": AT,
    }  # fmt: skip
    return own | changes


def evse(uid: str, *, tariffs=("ADHOC",), **changes) -> dict:
    own = {
        "uid": uid, "evse_id": f"DE*NLX*E100{uid}", "status": "CHARGING",
        "capabilities": ["RFID_READER", "CREDIT_CARD_PAYABLE", "RESERVABLE"],
        "connectors": [
            {
                "id": "A", "standard": "IEC_62196_T2_COMBO", "format": "CABLE",
                "power_type": "DC", "max_voltage": 500, "max_amperage": 300,
                "max_electric_power": 150_000, "tariff_ids": list(tariffs), "last_updated": AT,
            }
        ],
        "last_updated": AT,
    }  # fmt: skip
    return own | changes


def publish(cso: System, tariff_id: str = "ADHOC", **changes) -> None:
    tariff = {
        "country_code": "DE", "party_id": "NLX", "id": tariff_id, "currency": "EUR",
        "type": "AD_HOC_PAYMENT", "tax_included": "YES",
        "elements": [
            {
                "price_components": [
                    {"type": "ENERGY", "price": 0.59, "step_size": 1},
                    {"type": "FLAT", "price": 1, "step_size": 1},
                ]
            }
        ],
        "last_updated": AT,
    } | changes  # fmt: skip
    told = {name: value for name, value in tariff.items() if value is not None}
    answer = cso.put(f"receiver/tariffs/DE/NLX/{tariff_id}", told)
    assert answer.ocpi["status_code"] == 1000, answer.ocpi


def put(cso: System, **changes) -> None:
    answer = cso.put("receiver/locations/DE/NLX/LOC1", station(**changes))
    assert answer.ocpi["status_code"] == 1000, answer.ocpi


class TestAnOcpiStation:
    def test_has_every_attribute_that_its_operator_told(self, cso):
        publish(cso)
        put(cso)

        first, planned = exported()

        assert list(first) == list(station_files.COLUMNS)
        assert {name: first[name] for name in (
            "cso_id", "operator_name", "owner_name", "help_phone", "opening_hours", "amenities",
            "points_at_once", "authentication", "connector_type", "current_type", "max_power_kw",
            "latitude", "country_code", "evse_id", "static_updated_at",
        )} == {
            "cso_id": "DE*NLX", "operator_name": "Nordlicht", "owner_name": "'=Harbour Ltd",
            "help_phone": "'+49 431 1234", "opening_hours": "Mo 08:00-20:00; Su 10:00-18:00",
            "amenities": "RESTAURANT WIFI", "points_at_once": "1",
            "authentication": "RFID_READER CREDIT_CARD_PAYABLE",
            "connector_type": "IEC_62196_T2_COMBO", "current_type": "DC", "max_power_kw": "150",
            "latitude": "54.3233", "country_code": "DE", "evse_id": "DE*NLX*E1001",
            "static_updated_at": AT,
        }  # fmt: skip
        assert (first["operational_state"], first["is_in_use"]) == ("OPERATIONAL", "yes")
        assert (first["status_at"], first["ad_hoc_per_kwh"]) == (AT, "0.59")
        assert (first["ad_hoc_per_session"], first["ad_hoc_with_tax"]) == ("1", "yes")
        assert (first["ad_hoc_varies"], first["ad_hoc_note"]) == ("no", "")
        assert (planned["operational_state"], planned["is_in_use"]) == ("PLANNED", "no")

    def test_says_in_json_what_the_source_does_not_tell(self, cso):
        put(cso, help_phone=None)

        told = as_json()

        assert (told["count"], told["environment"]) == (2, "LIVE")
        assert told["never_told"] == ["staff_on_site"]
        assert told["not_told"]["help_phone"] == told["not_told"]["staff_on_site"] == 2
        assert set(told["attributes"]["static"]) | set(told["attributes"]["dynamic"]) == set(
            station_files.COLUMNS
        )
        station = told["stations"][0]
        assert (station["ad_hoc_note"], station["is_in_use"]) == ("NOT_PUBLISHED", True)
        assert "help_phone" not in station
        assert station["latitude"] == "54.3233"

    @pytest.mark.parametrize(
        ("kind", "note"),
        [("REGULAR", "NOT_AD_HOC"), ("AD_HOC_PAYMENT", ""), (None, "")],
        ids=["contracts", "ad hoc", "whatever"],
    )
    def test_names_a_price_for_everyone_alone(self, cso, kind, note):
        publish(cso, type=kind)
        put(cso)

        assert exported()[0]["ad_hoc_note"] == note

    def test_shows_no_price_that_is_for_one_csp(self, cso):
        AgreementMaker()
        cso.to_code = "FR*VOL"
        publish(cso)
        cso.to_code = ""
        put(cso)

        assert exported()[0]["ad_hoc_note"] == "NOT_PUBLISHED"
        assert voltaire().code not in json.dumps(as_json())

    def test_says_where_a_price_varies_and_leaves_reservations_out(self, cso):
        night = {"restrictions": {"start_time": "22:00", "end_time": "06:00"}}
        kept = {"restrictions": {"reservation": "RESERVATION"}}
        price = {"step_size": 1}
        publish(
            cso,
            tax_included="NO",
            elements=[
                kept | {"price_components": [price | {"type": "TIME", "price": 9}]},
                night | {"price_components": [price | {"type": "ENERGY", "price": 0.3}]},
                {"price_components": [price | {"type": "ENERGY", "price": 0.5}]},
            ],
        )
        put(cso)

        first = exported()[0]
        assert (first["ad_hoc_per_kwh"], first["ad_hoc_varies"]) == ("0.3", "yes")
        assert (first["ad_hoc_per_hour"], first["ad_hoc_with_tax"]) == ("", "no")


class TestWhichStations:
    def test_unpublished_and_removed_ones_are_nobodys_matter(self, cso):
        put(cso, evses=[evse("1"), evse("2", status="REMOVED")])
        assert [row["evse_uid"] for row in exported()] == ["1"]
        Location.objects.update(is_published=False)
        assert exported() == []

    def test_are_those_of_one_cso_country_and_environment(self, cso):
        polder()
        put(cso)
        for options, count in (
            ({"cso": "DE*NLX"}, 2), ({"cso": "NL*PLD"}, 0), ({"country": "de"}, 2),
            ({"country": "NL"}, 0), ({"environment": "TEST"}, 0),
        ):  # fmt: skip
            assert len(exported(**options)) == count, options
        for code in ("nobody", "DE*ZZZ"):
            with pytest.raises(CommandError):
                exported(cso=code)

    def test_of_our_own_api_are_told_alike(self, noon):
        tell(PartnerSystem(nordlicht()))

        [row] = exported()

        assert (row["opening_hours"], row["connector_format"]) == ("24/7", "SOCKET")
        assert (row["max_power_kw"], row["ad_hoc_note"]) == ("22", "NOT_PUBLISHED")

    def test_whose_status_has_run_out_are_not_known(self, cso):
        put(cso)
        LocationEvse.objects.update(status_until_at=AT)

        first = exported()[0]
        assert (first["operational_state"], first["is_in_use"]) == ("UNKNOWN", "")


@ndw.needs_data
def test_of_a_real_country(tmp_path):
    """A sample of NDW's: what its publication tells is there, what it lacks is counted."""
    places = list(ndw.locations(20))
    named = {
        id_ for place in places for one in place["evses"] for plug in one["connectors"]
        for id_ in plug["tariff_ids"] or ()
    }  # fmt: skip
    prices = [one for one in ndw.tariffs() if one["id"] in named]
    system = ndw.supplier(map(ndw.code_of, [*places, *prices]))
    load(system, "tariffs", prices)
    load(system, "locations", places)
    target, said = tmp_path / "stations.csv", io.StringIO()

    call_command("export_stations", str(target), stderr=said)

    rows = list(csv.DictReader(target.open(newline="")))
    there = [
        plug for place in places for one in place["evses"] if one["status"] != "REMOVED"
        for plug in one["connectors"]
    ]  # fmt: skip
    assert len(rows) == len(there)
    assert all(row["latitude"] and row["operator_name"] and row["max_power_kw"] for row in rows)
    assert {row["country_code"] for row in rows} == {"NL"}
    notes = {row["ad_hoc_note"] for row in rows}
    assert notes <= {"", "NOT_PUBLISHED", "NO_TARIFF", "NOT_AD_HOC"}
    assert any(row["ad_hoc_per_kwh"] for row in rows)
    assert f"{len(rows):,} connectors" in said.getvalue()
    assert "help_phone" in said.getvalue()
    assert "staff_on_site" in said.getvalue()


def test_a_page_costs_four_queries(cso, django_assert_max_num_queries):
    put(cso)
    with django_assert_max_num_queries(4):
        exported()
