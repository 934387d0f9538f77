"""Which fields an object must have in each version, and of what kind some are.

From the field tables of OCPI 2.1.1, 2.2.1 and 2.3.0: enough to refuse what a careful partner would.
"""

from datetime import datetime
from decimal import Decimal

from roaming.protocols.ocpi.simulator.exact import Document

_OWNER = "country_code party_id "
_FIELDS = {
    "locations": _OWNER + "id publish address city country coordinates time_zone last_updated",
    "evse": "uid status connectors last_updated",
    "connector": "id standard format power_type max_voltage max_amperage last_updated",
    "tariffs": _OWNER + "id currency elements last_updated",
    "sessions": _OWNER + "id start_date_time kwh cdr_token auth_method location_id evse_uid"
    " connector_id currency status last_updated",
    "cdrs": _OWNER + "id start_date_time end_date_time cdr_token auth_method cdr_location currency"
    " charging_periods total_cost total_energy total_time last_updated",
    "tokens": _OWNER + "uid type contract_id issuer valid whitelist last_updated",
    "hubclientinfo": _OWNER + "role status last_updated",
    "invoicereconciliation": _OWNER + "id invoice_id cdrs last_updated",
}
_FIELDS_2_1_1 = _FIELDS | {
    "locations": "id type address city postal_code country coordinates last_updated",
    "connector": "id standard format power_type voltage amperage last_updated",
    "tariffs": "id currency elements last_updated",
    "sessions": "id start_datetime kwh auth_id auth_method location currency status last_updated",
    "cdrs": "id start_date_time stop_date_time auth_id auth_method location currency"
    " charging_periods total_cost total_energy total_time last_updated",
    "tokens": "uid type auth_id issuer valid whitelist last_updated",
}
_FIELDS_2_3_0 = _FIELDS | {"tariffs": _FIELDS["tariffs"] + " tax_included"}
_BY_VERSION = {"2.1.1": _FIELDS_2_1_1, "2.2.1": _FIELDS, "2.3.0": _FIELDS_2_3_0}

_NUMBERS = {"kwh", "total_energy", "total_time", "total_parking_time"}
_TIMES = {"start_date_time", "end_date_time", "start_datetime", "end_datetime", "last_updated"}
_LISTS = {"evses", "connectors", "elements", "charging_periods", "tariffs", "cdrs"}


def required(version: str, kind: str) -> tuple[str, ...]:
    return tuple(_BY_VERSION[version][kind].split())


def wrong_with(version: str, kind: str, document: Document, *, whole: bool = True) -> list[str]:
    """Sentences, none for a sound object. A PATCH is not ``whole``: it need not name everything."""
    missing = [n for n in required(version, kind) if document.get(n) is None] if whole else []
    return [f"{name} is missing" for name in missing] + [
        f"{name} is of a wrong type" for name, value in document.items() if not _fits(name, value)
    ]


def _fits(name: str, value: object) -> bool:
    if value is None:
        return True
    if name in _NUMBERS:
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    if name in _LISTS:
        return isinstance(value, list)
    return name not in _TIMES or _is_time(value)


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False
