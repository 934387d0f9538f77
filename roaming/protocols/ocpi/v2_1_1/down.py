"""OCPI 2.2.1 to 2.1.1: the older version has fewer words (protocols.md, 1.15.9)."""

from typing import Any

from roaming.protocols.ocpi.trees.cdr_reading import NOT_APPLICABLE
from roaming.protocols.ocpi.trees.checks import Place
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.translation import CannotTell, FieldRule, ObjectRule, Run, Step
from roaming.protocols.ocpi.v2_1_1.dimensions import known_dimensions
from roaming.protocols.ocpi.v2_1_1.wire import SCHEMA as V2_1_1
from roaming.protocols.ocpi.v2_2_1.wire import SCHEMA as V2_2_1

_LONGEST_REMARK = 255
_REFUSED_COMMAND = ("CANCELED_RESERVATION", "EVSE_OCCUPIED", "EVSE_INOPERATIVE", "FAILED",
                    "UNKNOWN_RESERVATION")  # fmt: skip


def _excl_vat(run: Run, price: Any, place: Place, tree: Tree) -> Tree:
    if price.get("incl_vat") is not None:
        run.lose((place, "incl_vat"), "dropped", "OCPI 2.1.1 tells prices without VAT alone")
    return {"total_cost": price["excl_vat"]}


def _auth_id(run: Run, token: Any, place: Place, tree: Tree) -> Tree:
    run.lose(place, "changed", "of the token the contract id alone is told, as auth_id")
    return {"auth_id": token["contract_id"]}


def _tariff_id(run: Run, tariff_ids: Any, place: Place, tree: Tree) -> Tree:
    for index in range(1, len(tariff_ids)):
        run.lose((place, index), "dropped", "a connector of OCPI 2.1.1 has one tariff")
    return {"tariff_id": tariff_ids[0]} if tariff_ids else {}


def _type(run: Run, value: Any, place: Place, tree: Tree) -> Tree:
    if value in V2_1_1.tables.enumerations["LocationType"].values:
        return {"type": value}
    run.lose(place, "changed", f"OCPI 2.1.1 has no {value}: OTHER is told")
    return {"type": "OTHER"}


def _published(run: Run, value: Any, place: Place, tree: Tree) -> Tree:
    if not value:
        raise CannotTell(place, "OCPI 2.1.1 would publish a location that is not to be published")
    return {}


def _location(run: Run, tree: Tree, out: Tree, place: Place) -> Tree:
    """``type`` and ``postal_code`` are required here and not there."""
    for name, value in (("type", "UNKNOWN"), ("postal_code", NOT_APPLICABLE)):
        if out.get(name) is None:
            out[name] = value
            run.lose((place, name), "added", f"{value}: it is required and not told")
    return out


def _around_the_clock(run: Run, value: Any, place: Place, hours: Tree) -> Tree:
    """Either this or the regular hours; false beside them says nothing."""
    return {} if not value and hours.get("regular_hours") else {"twentyfourseven": value}


def _session_location(run: Run, location_id: Any, place: Place, session: Tree) -> Tree:
    """The whole Location, with the one EVSE and connector that the session is at."""
    location = run.known.location_of(location_id)
    if location is None:
        raise CannotTell(place, "OCPI 2.1.1 wants the whole Location, which is not known")
    evses = [
        evse | {"connectors": _named(evse["connectors"], "id", session.get("connector_id"))}
        for evse in _named(location.get("evses") or [], "uid", session.get("evse_uid"))
    ]
    if not evses or not evses[0]["connectors"]:
        raise CannotTell(place, "the Location does not have that connector")
    # What a 2.1.1 Location lacks was lost with the Location itself, not with the session.
    inner = Run(run.step, run.known)
    told = inner.translated("Location", location | {"evses": evses}, place)
    return {"location": told}


def _named(trees: list[Tree], name: str, value: object) -> list[Tree]:
    wanted = str(value).casefold()
    return [one for one in trees if str(one[name]).casefold() == wanted]


def _is_in_the_location(run: Run, value: Any, place: Place, tree: Tree) -> Tree:
    return {}


def _whole_location(run: Run, flat: Any, place: Place, cdr: Tree) -> Tree:
    """A Location with one EVSE and one connector, as far as a CdrLocation tells them."""
    at = cdr["last_updated"]
    run.lose(place, "changed", "a Location; EVSE status UNKNOWN, voltage and amperage 0 are filled")
    if flat.get("state") is not None:
        run.lose((place, "state"), "dropped", "OCPI 2.1.1 has no such field")
    if flat["connector_standard"] not in V2_1_1.tables.enumerations["ConnectorType"].values:
        standard = flat["connector_standard"]
        why = f"OCPI 2.1.1 has no {standard}; sent as it is"
        run.lose((place, "connector_standard"), "kept", why)
    connector = {
        "id": flat["connector_id"],
        "standard": flat["connector_standard"],
        "format": flat["connector_format"],
        "power_type": _power_type(run, flat["connector_power_type"], place),
        "voltage": 0,
        "amperage": 0,
        "last_updated": at,
    }
    evse = {
        "uid": flat["evse_uid"],
        "evse_id": flat["evse_id"],
        "status": "UNKNOWN",
        "connectors": [connector],
        "last_updated": at,
    }
    location = {name: value for name, value in flat.items() if name not in _ELSEWHERE}
    return {
        "location": _location(run, flat, location, (place, "location"))
        | {"evses": [evse], "last_updated": at}
    }


_ELSEWHERE = frozenset(
    name
    for name in V2_2_1.tables.objects["CdrLocation"]
    if name.startswith(("evse_", "connector_")) or name == "state"
)


def _power_type(run: Run, value: str, place: Place) -> str:
    instead = _REPLACED.get(("PowerType", value))
    if instead is None:
        return value
    why = f"OCPI 2.1.1 has no {value}: {instead} is told"
    run.lose((place, "connector_power_type"), "changed", why)
    return instead


def _credit(run: Run, cdr: Tree, out: Tree, place: Place) -> Tree:
    """2.1.1 has no credits: the negative price stays, and a remark says what it takes back."""
    if not cdr.get("credit"):
        return out
    remark = f"Credit of {cdr.get('credit_reference_id')}. {out.get('remark', '')}".strip()
    run.lose((place, "remark"), "changed", "says which CDR is credited")
    return out | {"remark": remark[:_LONGEST_REMARK]}


def _elements(run: Run, elements: Any, place: Place, tariff: Tree) -> Tree:
    """What a reservation costs would be what charging costs: it is left out."""
    told = []
    for index, element in enumerate(elements):
        here = (place, index)
        restrictions = element.get("restrictions") or {}
        if restrictions.get("reservation"):
            run.lose(here, "dropped", "OCPI 2.1.1 has no prices of reservations")
        else:
            told.append(run.translated("TariffElement", element, here))
    if not told:
        raise CannotTell(place, "it prices reservations alone", whole="Tariff")
    return {"elements": told}


def _current(run: Run, value: Any, place: Place, tree: Tree) -> Tree:
    """Leaving a restriction out would make the price count where it does not."""
    raise CannotTell(place, "OCPI 2.1.1 has no restriction by current", whole="Tariff")


def _number(run: Run, text: Any, place: Place, tree: Tree) -> Tree:
    if not (text.isascii() and text.isdecimal()):
        raise CannotTell(place, "OCPI 2.1.1 wants a number")
    return {"reservation_id": int(text)}


_REPLACED = {
    ("AuthMethod", "COMMAND"): "AUTH_REQUEST",
    ("SessionStatus", "RESERVATION"): "PENDING",
    ("TokenType", "APP_USER"): "OTHER",
    ("TokenType", "AD_HOC_USER"): "OTHER",
    ("PowerType", "AC_2_PHASE"): "AC_1_PHASE",
    ("PowerType", "AC_2_PHASE_SPLIT"): "AC_1_PHASE",
    **{("CommandResultType", value): "REJECTED" for value in _REFUSED_COMMAND},
}
_COST = FieldRule("The price without VAT; `incl_vat` is dropped.", _excl_vat)
_TOKEN = FieldRule("Becomes `auth_id`, the contract id; the rest is lost.", _auth_id)
_CURRENT = FieldRule("The tariff is refused as a whole: without it the price is wrong.", _current)
_IN_LOCATION = FieldRule("", _is_in_the_location)

DOWN = Step(
    source=V2_2_1,
    target=V2_1_1,
    renames={
        ("CDR", "end_date_time"): "stop_date_time",
        ("Session", "start_date_time"): "start_datetime",
        ("Session", "end_date_time"): "end_datetime",
        ("Token", "contract_id"): "auth_id",
        ("Connector", "max_voltage"): "voltage",
        ("Connector", "max_amperage"): "amperage",
        ("EnvironmentalImpact", "category"): "source",
    },
    fields={
        ("CDR", "total_cost"): _COST,
        ("CDR", "cdr_token"): _TOKEN,
        ("CDR", "cdr_location"): FieldRule(
            "Becomes `location`, a Location with one EVSE (status `UNKNOWN`) and one connector"
            " (voltage and amperage 0); `state` is dropped.",
            _whole_location,
        ),
        ("Session", "total_cost"): _COST,
        ("Session", "cdr_token"): _TOKEN,
        ("Session", "location_id"): FieldRule(
            "Becomes `location`, whole, from the registry of locations; refused where it has none.",
            _session_location,
        ),
        ("Session", "evse_uid"): _IN_LOCATION,
        ("Session", "connector_id"): _IN_LOCATION,
        ("ChargingPeriod", "dimensions"): FieldRule(
            "Only `ENERGY`, `MAX_CURRENT`, `MIN_CURRENT`, `PARKING_TIME` and `TIME` are told;"
            " `TIME` of 0 where nothing else is left.",
            known_dimensions("TIME"),
        ),
        ("Connector", "tariff_ids"): FieldRule("Becomes `tariff_id`, the first.", _tariff_id),
        ("Location", "parking_type"): FieldRule(
            "Becomes `type`; `OTHER` for what 2.1.1 does not have.", _type
        ),
        ("Location", "publish"): FieldRule(
            "A location that is not published is refused.", _published
        ),
        ("Hours", "twentyfourseven"): FieldRule("", _around_the_clock),
        ("Tariff", "elements"): FieldRule("Elements for reservations are dropped.", _elements),
        ("TariffRestrictions", "min_current"): _CURRENT,
        ("TariffRestrictions", "max_current"): _CURRENT,
        ("ReserveNow", "reservation_id"): FieldRule("Refused where it is no number.", _number),
    },
    objects={
        "CDR": ObjectRule("Of a credit, `remark` says which CDR it takes back.", _credit),
        "Location": ObjectRule(
            "A missing `type` is `UNKNOWN`, a missing `postal_code` is `#NA`.", _location
        ),
    },
    replaced=_REPLACED,
    guarded=frozenset({("CDR", "tariffs")}),
)
