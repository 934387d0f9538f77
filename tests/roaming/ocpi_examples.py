"""The examples that the OCPI specification publishes, and objects like them."""

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from roaming.protocols.ocpi import objects

# CC BY-ND: the files stay where they are and unchanged.
ROOT: Path = settings.BASE_DIR
EXAMPLES = ROOT.parent / "shared" / "data" / "ocpi-spec-examples"
VERSIONS = ("2.2.1", "2.3.0")
needs_examples = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="../shared/data is absent: the examples are not in the repository"
)


def files_of(version: str) -> list[Path]:
    return sorted((EXAMPLES / version).glob("*.json"))


def example(version: str, name: str) -> bytes:
    return (EXAMPLES / version / f"{name}.json").read_bytes()


A_TOKEN: dict[str, Any] = {
    "country_code": "DE",
    "party_id": "TNM",
    "uid": "012345678",
    "type": "RFID",
    "contract_id": "DE8ACC12E46L89",
}
A_PLACE: dict[str, Any] = {
    "id": "LOC1",
    "name": "Ghent South",
    "address": "Rooseveltlaan 3A",
    "city": "Ghent",
    "postal_code": "9000",
    "country": "BEL",
    "coordinates": {"latitude": "51.047599", "longitude": "3.729944"},
    "evse_uid": "3256",
    "evse_id": "BE*BEC*E041503003",
    "connector_id": "1",
    "connector_standard": "IEC_62196_T2",
    "connector_format": "SOCKET",
    "connector_power_type": "AC_3_PHASE",
}
A_TARIFF: dict[str, Any] = {
    "country_code": "BE",
    "party_id": "BEC",
    "id": "12",
    "currency": "EUR",
    "elements": [
        {
            "price_components": [
                {"type": "ENERGY", "price": Decimal("0.25"), "vat": Decimal("10.0"), "step_size": 1}
            ]
        }
    ],
    "last_updated": "2027-02-02T14:15:01Z",
}
A_LOCATION: dict[str, Any] = {
    "country_code": "BE",
    "party_id": "BEC",
    "id": "LOC1",
    "publish": True,
    "name": "Ghent South",
    "address": "Rooseveltlaan 3A",
    "city": "Ghent",
    "postal_code": "9000",
    "state": "East Flanders",
    "country": "BEL",
    "coordinates": {"latitude": "51.047599", "longitude": "3.729944"},
    "parking_type": "ON_STREET",
    "evses": [
        {
            "uid": "3256",
            "evse_id": "BE*BEC*E041503001",
            "status": "AVAILABLE",
            "capabilities": ["RESERVABLE", "PED_TERMINAL"],
            "connectors": [
                {
                    "id": "1",
                    "standard": "IEC_62196_T2",
                    "format": "CABLE",
                    "power_type": "AC_3_PHASE",
                    "max_voltage": 220,
                    "max_amperage": 16,
                    "max_electric_power": 11000,
                    "tariff_ids": ["11", "12"],
                    "last_updated": "2027-03-16T10:10:02Z",
                },
                {
                    "id": "2",
                    "standard": "GBT_DC",
                    "format": "CABLE",
                    "power_type": "DC",
                    "max_voltage": 500,
                    "max_amperage": 125,
                    "last_updated": "2027-03-16T10:10:02Z",
                },
            ],
            "last_updated": "2027-03-16T10:10:02.123Z",
        }
    ],
    "time_zone": "Europe/Brussels",
    "opening_times": {
        "twentyfourseven": False,
        "regular_hours": [{"weekday": 1, "period_begin": "08:00", "period_end": "20:00"}],
    },
    "last_updated": "2027-03-29T20:39:09Z",
}
A_CDR: dict[str, Any] = {
    "country_code": "BE",
    "party_id": "BEC",
    "id": "12345",
    "start_date_time": "2027-03-01T21:39:09Z",
    "end_date_time": "2027-03-01T23:37:32Z",
    "session_id": "S-1",
    "cdr_token": A_TOKEN,
    "auth_method": "WHITELIST",
    "authorization_reference": "A-1",
    "cdr_location": A_PLACE,
    "currency": "EUR",
    "tariffs": [A_TARIFF],
    "charging_periods": [
        {
            "start_date_time": "2027-03-01T21:39:09Z",
            "dimensions": [
                {"type": "ENERGY", "volume": Decimal("15.342")},
                {"type": "TIME", "volume": Decimal("1.5")},
            ],
            "tariff_id": "12",
        },
        {
            "start_date_time": "2027-03-01T23:09:09Z",
            "dimensions": [{"type": "PARKING_TIME", "volume": Decimal("0.473")}],
            "tariff_id": "12",
        },
    ],
    "total_cost": {"excl_vat": Decimal("4.00"), "incl_vat": Decimal("4.40")},
    "total_energy": Decimal("15.342"),
    "total_energy_cost": {"excl_vat": Decimal("3.50"), "incl_vat": Decimal("3.85")},
    "total_time": Decimal("1.973"),
    "total_parking_time": Decimal("0.473"),
    "total_parking_cost": {"excl_vat": Decimal("0.50"), "incl_vat": Decimal("0.55")},
    "last_updated": "2027-03-01T23:40:13Z",
}


def a_cdr(**changes: Any) -> dict[str, Any]:
    """A right CDR of OCPI 2.2.1 with these fields changed; ``None`` leaves a field out."""
    cdr = copy.deepcopy(A_CDR) | changes
    return {name: value for name, value in cdr.items() if value is not None}


def as_json(tree: Any) -> bytes:
    return objects.write(tree)
