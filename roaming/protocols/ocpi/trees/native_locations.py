"""Locations of our own API as OCPI 2.2.1 tells them."""

from decimal import Decimal
from functools import cache
from typing import Any

from babel.core import get_global

from roaming.models import Location, LocationEvse
from roaming.protocols.ocpi.trees import times
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.location_reading import WORD_OF


def location(place: Location) -> Tree:
    """Without its EVSEs."""
    told = {
        "country_code": place.cso.country_code,
        "party_id": place.cso.party_id,
        "id": place.location_id,
        "publish": place.is_published,
        "name": place.name,
        "address": place.address,
        "city": place.city,
        "postal_code": place.postal_code,
        "country": alpha_3(place.country_code),
        "coordinates": {
            "latitude": _degrees(place.latitude),
            "longitude": _degrees(place.longitude),
        },
        "operator": {"name": place.operator_name} if place.operator_name else None,
        "time_zone": place.time_zone,
        "opening_times": {"twentyfourseven": True}
        if place.document.get("is_open_always")
        else None,
        "last_updated": times.written(place.updated_at),
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def evse(row: LocationEvse) -> Tree:
    at = times.written(row.updated_at)
    told = {
        "uid": row.evse_uid,
        "evse_id": row.evse_id,
        "status": WORD_OF[row.status],
        "capabilities": list(row.capabilities),
        "connectors": [_connector(one, at) for one in row.document.get("connectors", ())],
        "last_updated": at,
    }
    return {name: value for name, value in told.items() if value not in ("", [])}


def _connector(told: dict[str, Any], at: str) -> Tree:
    return {
        "id": told["connector_id"],
        "standard": told["standard"],
        "format": told["format"],
        "power_type": told["power_type"],
        "max_voltage": told["voltage_v"],
        "max_amperage": told["current_a"],
        "max_electric_power": int(Decimal(told["max_power_kw"]) * 1000),
        "tariff_ids": told["tariff_ids"],
        "last_updated": at,
    }


def _degrees(value: Decimal | None) -> str:
    return f"{value or 0:.6f}"


# Codes of states that are no more, which stand for their successors.
_FORMER = frozenset({"ANT", "BUR", "DDR", "FXX", "NTZ", "SCG", "SUN", "TMP", "YMD", "YUG", "ZAR"})


@cache
def alpha_3(country_code: str) -> str:
    """ISO 3166-1: three letters for two; the two where there are no three."""
    aliases = get_global("territory_aliases").items()
    found = {long for long, short in aliases if list(short) == [country_code] and len(long) == 3}
    return next((long for long in sorted(found - _FORMER) if long.isalpha()), country_code)
