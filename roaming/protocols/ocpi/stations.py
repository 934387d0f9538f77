"""Stored locations as rows of the station export, read as OCPI 2.3.0 tells them: its fields for
national access points are a part of 2.3.0 alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from roaming.models import Location, LocationEvse, TariffVersion
from roaming.protocols.ocpi.locations import location_tree, ordered
from roaming.protocols.ocpi.objects import Untranslatable
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.location_reading import STATUS_OF, power_kw, tariff_ids
from roaming.queries_stations import in_chunks, open_tariffs
from roaming.services.location_reading import status_at

VERSION = "2.3.0"
_AD_HOC = "AD_HOC_PAYMENT"
_OPERATIONAL = {
    **dict.fromkeys(("AVAILABLE", "BLOCKED", "CHARGING", "RESERVED"), "OPERATIONAL"),
    **dict.fromkeys(("INOPERATIVE", "OUT_OF_ORDER"), "NOT_OPERATIONAL"),
    "PLANNED": "PLANNED",
}
_PAYS = ("CREDIT_CARD_PAYABLE", "DEBIT_CARD_PAYABLE", "PED_TERMINAL", "CONTACTLESS_CARD_SUPPORT")
_KNOWS = ("RFID_READER", "REMOTE_START_STOP_CAPABLE", "CHIP_CARD_SUPPORT", *_PAYS)
_PRICES = {
    "ENERGY": "ad_hoc_per_kwh",
    "TIME": "ad_hoc_per_hour",
    "PARKING_TIME": "ad_hoc_parking_per_hour",
    "FLAT": "ad_hoc_per_session",
}
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
Tariffs = Mapping[tuple[UUID, str], TariffVersion]


def rows(locations: Any, *, now: datetime) -> Iterator[dict[str, Any]]:
    """One row per connector of each location, in the order of the locations.

    A location that cannot be read as OCPI 2.3.0 is told by its columns, without connectors.
    """
    for page in in_chunks(locations):
        named = ((place.cso, id_) for place in page for id_ in _named(place))
        tariffs = open_tariffs(named, now=now)
        for place in page:
            yield from _rows_of(place, tariffs, now)


def _named(place: Location) -> Iterable[str]:
    return {id_ for evse in place.evses.all() for id_ in evse.tariff_ids}


def _rows_of(place: Location, tariffs: Tariffs, now: datetime) -> Iterator[dict[str, Any]]:
    evses = ordered(place.evses.all())
    try:
        tree = location_tree(place, evses, VERSION, now=now)
    except Untranslatable:
        tree = {}
    site = _site(place, tree, evses)
    told = {str(one.get("uid")).upper(): one for one in tree.get("evses") or ()}
    for evse in evses:
        point = site | _point(evse, told.get(evse.evse_uid.upper(), {}), now)
        for connector in told.get(evse.evse_uid.upper(), {}).get("connectors") or [{}]:
            yield point | _connector(connector) | _price(place, connector, tariffs)


def _site(place: Location, tree: Tree, evses: Sequence[LocationEvse]) -> dict[str, Any]:
    planned = LocationEvse.Status.PLANNED
    return {
        "cso_id": place.cso.code,
        "operator_name": place.operator_name or place.cso.name,
        "owner_name": _name(tree, "owner"),
        "help_phone": tree.get("help_phone") or "",
        "location_id": place.location_id,
        "location_name": place.name,
        "address": place.address,
        "postal_code": place.postal_code,
        "city": place.city,
        "country_code": place.country_code,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "time_zone": place.time_zone,
        "opening_hours": _hours(tree.get("opening_times")),
        "points_at_once": sum(evse.status != planned for evse in evses),
        "amenities": [str(one) for one in tree.get("facilities") or ()],
        "static_updated_at": place.updated_at,
    }


def _point(evse: LocationEvse, tree: Tree, now: datetime) -> dict[str, Any]:
    status = STATUS_OF.get(str(tree.get("status")), str(status_at(evse, now)))
    state = _OPERATIONAL.get(status, "UNKNOWN")
    return {
        "evse_uid": evse.evse_uid,
        "evse_id": evse.evse_id,
        "authentication": [one for one in evse.capabilities if one in _KNOWS],
        "status": status,
        "status_at": evse.status_at,
        "operational_state": state,
        "is_in_use": None if state == "UNKNOWN" else status == "CHARGING",
    }


def _connector(tree: Tree) -> dict[str, Any]:
    kw = power_kw(tree) if tree else None
    return {
        "connector_id": tree.get("id") or "",
        "connector_type": tree.get("standard") or "",
        "connector_format": tree.get("format") or "",
        "current_type": str(tree.get("power_type") or "")[:2],
        "max_power_kw": kw or None,
    }


def _price(place: Location, connector: Tree, tariffs: Tariffs) -> dict[str, Any]:
    """For whoever comes without a contract: an ad-hoc tariff, else one of no type, for all."""
    named = tariff_ids(connector)
    found = [
        tariffs[key] for id_ in named if (key := (place.cso_id, str(id_).casefold())) in tariffs
    ]
    types = {_AD_HOC: 0, "": 1}
    open_ones = [one for one in found if _type(one) in types]
    if not open_ones:
        note = "NOT_AD_HOC" if found else "NOT_PUBLISHED" if named else "NO_TARIFF"
        return {"ad_hoc_note": note}
    version = min(open_ones, key=lambda one: (types[_type(one)], one.tariff.tariff_id))
    return _prices(version)


def _type(version: TariffVersion) -> str:
    return str(version.content.get("type") or "")


def _prices(version: TariffVersion) -> dict[str, Any]:
    elements = [one for one in version.content.get("elements") or () if isinstance(one, dict)]
    # What is kept for a driver, and what a reservation costs, is no price of charging.
    elements = [one for one in elements if not (one.get("restrictions") or {}).get("reservation")]
    told: dict[str, Any] = {}
    for element in elements:
        for component in element.get("price_components") or ():
            name = _PRICES.get(component.get("type"))
            if name is not None and name not in told and component.get("price") is not None:
                told[name] = Decimal(str(component["price"]))
    with_tax = {"YES": True, "NO": False}.get(str(version.content.get("tax_included")))
    # Before 2.3.0 a price is always one without VAT.
    is_older = "2.3" not in version.content_format
    return told | {
        "ad_hoc_tariff_id": version.tariff.tariff_id,
        "ad_hoc_currency": version.tariff.currency,
        "ad_hoc_with_tax": False if is_older and with_tax is None else with_tax,
        "ad_hoc_varies": any(one.get("restrictions") for one in elements),
        "ad_hoc_note": "",
    }


def _name(tree: Tree, who: str) -> str:
    value = tree.get(who)
    return str(value.get("name") or "") if isinstance(value, dict) else ""


def _hours(told: Any) -> str:
    """24/7, or e.g. "Mo 08:00-20:00; Tu 08:00-20:00"; exceptions are not told."""
    if not isinstance(told, dict):
        return ""
    if told.get("twentyfourseven"):
        return "24/7"
    periods = [one for one in told.get("regular_hours") or () if isinstance(one, dict)]
    return "; ".join(
        f"{_day(one.get('weekday'))} {one.get('period_begin')}-{one.get('period_end')}"
        for one in periods
    )


def _day(number: Any) -> str:
    return _DAYS[number - 1] if number in range(1, 8) else "?"
