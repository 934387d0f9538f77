"""Objects of OCPI 2.2.1 as 2.1.1 and 2.3.0 spell them.

Written for the simulator alone: what it sends must not come out of the code that it tests.
"""

from collections.abc import Callable

from roaming.protocols.ocpi.simulator.exact import Document

_PRICES = {"total_cost", "total_fixed_cost", "total_energy_cost", "total_time_cost"} | {
    "total_parking_cost",
    "total_reservation_cost",
}
_OWNER = {"country_code", "party_id"}


class NotInThisVersion(ValueError):
    """The version has no word for it."""


def spoken(version: str, kind: str, document: Document, place: Document | None = None) -> Document:
    """``document`` in the spelling of ``version``.

    ``kind`` is its module. ``place`` is the Location (2.2.1) of a session or CDR, which 2.1.1
    carries whole.

    :raises NotInThisVersion: a credit CDR in 2.1.1.
    """
    if version == "2.1.1":
        return _OLD[kind](document, place)
    return _NEW.get(kind, _same)(document) if version == "2.3.0" else document


def _same(document: Document) -> Document:
    return document


def _without(document: Document, *names: str) -> Document:
    return {name: value for name, value in document.items() if name not in {*_OWNER, *names}}


def _renamed(document: Document, **names: str) -> Document:
    """``new="old"`` where the old name is there."""
    old = {was: is_now for is_now, was in names.items()}
    return {old.get(name, name): value for name, value in document.items()}


def _old_location(document: Document, place: Document | None = None) -> Document:
    kept = _without(document, "publish", "publish_allowed_to", "parking_type", "opening_times")
    return kept | {
        "type": document.get("parking_type", "UNKNOWN"),
        "evses": [
            one | {"connectors": [_old_connector(plug) for plug in one["connectors"]]}
            for one in document.get("evses", [])
        ],
    }


def _old_connector(plug: Document) -> Document:
    kept = _without(plug, "max_electric_power", "tariff_ids")
    renamed = _renamed(kept, voltage="max_voltage", amperage="max_amperage")
    return renamed | ({"tariff_id": plug["tariff_ids"][0]} if plug.get("tariff_ids") else {})


def _old_tariff(document: Document, place: Document | None = None) -> Document:
    kept = _without(document, "type", "min_price", "max_price")
    return kept | {
        "elements": [
            one | {"price_components": [_without(part, "vat") for part in one["price_components"]]}
            for one in document["elements"]
        ]
    }


def _old_token(document: Document, place: Document | None = None) -> Document:
    kept = _without(document, "group_id", "default_profile_type", "energy_contract")
    kind = document["type"] if document["type"] == "RFID" else "OTHER"
    return _renamed(kept, auth_id="contract_id") | {"type": kind}


def _old_session(document: Document, place: Document | None = None) -> Document:
    kept = _without(
        document, "cdr_token", "authorization_reference", "location_id", "evse_uid", "connector_id"
    )
    kept = _renamed(kept, start_datetime="start_date_time", end_datetime="end_date_time")
    if "total_cost" in kept:
        kept["total_cost"] = kept["total_cost"]["excl_vat"]
    return kept | {
        "auth_id": document["cdr_token"]["contract_id"],
        "auth_method": _old_method(document),
        "location": _only(place or {}, document["evse_uid"]),
    }


def _old_cdr(document: Document, place: Document | None = None) -> Document:
    if document.get("credit"):
        raise NotInThisVersion("2.1.1 knows no credit CDR")
    dropped = (_PRICES - {"total_cost"}) | {"cdr_token", "cdr_location", "session_id"}
    kept = _without(document, *dropped, "authorization_reference", "signed_data")
    return _renamed(kept, stop_date_time="end_date_time") | {
        "auth_id": document["cdr_token"]["contract_id"],
        "auth_method": _old_method(document),
        "location": _only(place or {}, document["cdr_location"]["evse_uid"]),
        "tariffs": [_old_tariff(one) for one in document.get("tariffs", [])],
        "charging_periods": [_without(one, "tariff_id") for one in document["charging_periods"]],
        "total_cost": document["total_cost"]["excl_vat"],
    }


def _old_method(document: Document) -> str:
    """2.1.1 has no word for a remote start; the provider was asked, so much is true."""
    method: str = document["auth_method"]
    return "AUTH_REQUEST" if method == "COMMAND" else method


def _only(place: Document, evse_uid: str) -> Document:
    """The Location with the one EVSE that was used."""
    evses = [one for one in place.get("evses", []) if one["uid"] == evse_uid]
    return _old_location(place | {"evses": evses})


def _new_price(price: Document) -> Document:
    tax = price["incl_vat"] - price["excl_vat"] if "incl_vat" in price else None
    taxes = [] if tax is None else [{"name": "VAT", "amount": tax}]
    return {"before_taxes": price["excl_vat"], "taxes": taxes}


def _new_tariff(document: Document) -> Document:
    limits = {
        name: {"before_taxes": document[name]["excl_vat"]}
        | ({"after_taxes": document[name]["incl_vat"]} if "incl_vat" in document[name] else {})
        for name in ("min_price", "max_price")
        if name in document
    }
    return document | limits | {"tax_included": "NO"}


def _new_costs(document: Document) -> Document:
    prices = {name: _new_price(document[name]) for name in _PRICES & document.keys()}
    tariffs = [_new_tariff(one) for one in document.get("tariffs", [])]
    return document | prices | ({"tariffs": tariffs} if tariffs else {})


_OLD: dict[str, Callable[[Document, Document | None], Document]] = {
    "locations": _old_location,
    "tariffs": _old_tariff,
    "tokens": _old_token,
    "sessions": _old_session,
    "cdrs": _old_cdr,
}
_NEW: dict[str, Callable[[Document], Document]] = {
    "tariffs": _new_tariff,
    "sessions": _new_costs,
    "cdrs": _new_costs,
}
