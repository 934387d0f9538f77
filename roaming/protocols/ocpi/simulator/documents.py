"""Objects as a sound partner makes them, in the shape of OCPI 2.2.1. Prices in euros."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from roaming.protocols.ocpi.simulator.exact import Document
from roaming.protocols.ocpi.simulator.options import Speaker
from roaming.protocols.ocpi.simulator.platform import stamp

ENERGY_PRICE, VAT_PERCENT = Decimal("0.25"), Decimal(20)
_FOUR_DECIMALS = Decimal("0.0001")


def owned(owner: Speaker) -> Document:
    return {"country_code": owner.country_code, "party_id": owner.party_id}


def location(owner: Speaker, location_id: str, *, evses: int = 1, tariff_id: str = "") -> Document:
    """One site with ``evses`` EVSEs of one connector each."""
    return owned(owner) | {
        "id": location_id,
        "publish": True,
        "name": f"Site {location_id}",
        "address": "Stationsplein 1",
        "city": "Utrecht",
        "postal_code": "3511ED",
        "country": "NLD",
        "coordinates": {"latitude": "52.089444", "longitude": "5.110278"},
        "parking_type": "PARKING_LOT",
        "operator": {"name": f"Simulated {owner.name}"},
        "owner": {"name": f"Simulated {owner.name}"},
        "time_zone": "Europe/Amsterdam",
        "opening_times": {"twentyfourseven": True},
        "evses": [evse(owner, location_id, n, tariff_id) for n in range(1, evses + 1)],
        "last_updated": stamp(),
    }


def evse(owner: Speaker, location_id: str, number: int, tariff_id: str = "") -> Document:
    return {
        "uid": f"{location_id}-{number}",
        "evse_id": f"{owner.name}*E{location_id}*{number}",
        "status": "AVAILABLE",
        "capabilities": ["RFID_READER", "REMOTE_START_STOP_CAPABLE"],
        "connectors": [
            {
                "id": "1",
                "standard": "IEC_62196_T2",
                "format": "SOCKET",
                "power_type": "AC_3_PHASE",
                "max_voltage": 230,
                "max_amperage": 32,
                "max_electric_power": 22000,
                "last_updated": stamp(),
            }
            | ({"tariff_ids": [tariff_id]} if tariff_id else {})
        ],
        "last_updated": stamp(),
    }


def tariff(owner: Speaker, tariff_id: str, *, price: Decimal = ENERGY_PRICE) -> Document:
    """So much for a kWh, VAT on top."""
    component = {"type": "ENERGY", "price": price, "vat": VAT_PERCENT, "step_size": 1}
    return owned(owner) | {
        "id": tariff_id,
        "currency": "EUR",
        "elements": [{"price_components": [component]}],
        "last_updated": stamp(),
    }


def token(owner: Speaker, uid: str, **changes: object) -> Document:
    return (
        owned(owner)
        | {
            "uid": uid,
            "type": "RFID",
            "contract_id": f"{owner.country_code}-{owner.party_id}-C{uid[-8:].zfill(8)}",
            "issuer": f"Simulated {owner.name}",
            "valid": True,
            "whitelist": "ALLOWED",
            "last_updated": stamp(),
        }
        | changes
    )


def cdr_token(document: Document) -> Document:
    """The part of a Token that sessions and CDRs name."""
    names = ("country_code", "party_id", "uid", "type", "contract_id")
    return {name: document[name] for name in names}


def session(owner: Speaker, session_id: str, token: Document, place: Document) -> Document:
    """A session that has just begun at the first connector of ``place``; times are the caller's."""
    first = place["evses"][0]
    return owned(owner) | {
        "id": session_id,
        "start_date_time": stamp(),
        "kwh": Decimal(0),
        "cdr_token": cdr_token(token),
        "auth_method": "AUTH_REQUEST",
        "location_id": place["id"],
        "evse_uid": first["uid"],
        "connector_id": first["connectors"][0]["id"],
        "currency": "EUR",
        "charging_periods": [],
        "status": "ACTIVE",
        "last_updated": stamp(),
    }


def cdr(session: Document, cdr_id: str, place: Document, tariff: Document) -> Document:
    """The record of a finished session with one charging period, priced by its energy."""
    energy_kwh = Decimal(session["kwh"])
    component = tariff["elements"][0]["price_components"][0]
    cost = _price(energy_kwh * component["price"], component["vat"])
    time_h = _hours(session["start_date_time"], session["end_date_time"])
    kept = ("country_code", "party_id", "start_date_time", "end_date_time", "cdr_token")
    also = ("auth_method", "authorization_reference", "currency")
    document = {name: session[name] for name in (*kept, *also) if name in session}
    return document | {
        "id": cdr_id,
        "session_id": session["id"],
        "cdr_location": _cdr_location(session, place),
        "tariffs": [tariff],
        "charging_periods": [
            {
                "start_date_time": session["start_date_time"],
                "dimensions": [
                    {"type": "ENERGY", "volume": energy_kwh},
                    {"type": "TIME", "volume": time_h},
                ],
                "tariff_id": tariff["id"],
            }
        ],
        "total_cost": cost,
        "total_energy": energy_kwh,
        "total_energy_cost": cost,
        "total_time": time_h,
        "last_updated": stamp(),
    }


def credit(document: Document) -> Document:
    """The credit CDR of a CDR: only the values of ``total_cost`` change their sign."""
    negated = {name: -value for name, value in document["total_cost"].items()}
    return document | {
        "id": f"{document['id']}-C",
        "credit": True,
        "credit_reference_id": document["id"],
        "total_cost": negated,
        "last_updated": stamp(),
    }


def _cdr_location(session: Document, place: Document) -> Document:
    point = next(one for one in place["evses"] if one["uid"] == session["evse_uid"])
    plug = next(one for one in point["connectors"] if one["id"] == session["connector_id"])
    names = ("id", "name", "address", "city", "postal_code", "country", "coordinates")
    return {name: place[name] for name in names if name in place} | {
        "evse_uid": point["uid"],
        "evse_id": point.get("evse_id", "#NA"),
        "connector_id": plug["id"],
        "connector_standard": plug["standard"],
        "connector_format": plug["format"],
        "connector_power_type": plug["power_type"],
    }


def _price(excl_vat: Decimal, percent: Decimal) -> Document:
    incl_vat = excl_vat * (100 + percent) / 100
    return {"excl_vat": _rounded(excl_vat), "incl_vat": _rounded(incl_vat)}


def _hours(start: str, end: str) -> Decimal:
    seconds = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return _rounded(Decimal(str(seconds.total_seconds())) / 3600)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_FOUR_DECIMALS, ROUND_HALF_UP)
