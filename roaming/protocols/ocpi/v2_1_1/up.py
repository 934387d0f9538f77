"""OCPI 2.1.1 to 2.2.1: what 2.1.1 leaves to its connection is told (protocols.md, 1.15.9)."""

from typing import Any

from roaming.protocols.ocpi.trees.cdr_reading import NOT_APPLICABLE, alpha_2
from roaming.protocols.ocpi.trees.checks import Place
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.translation import CannotTell, FieldRule, ObjectRule, Run, Step
from roaming.protocols.ocpi.v2_1_1.dimensions import known_dimensions
from roaming.protocols.ocpi.v2_1_1.mapping import place_of
from roaming.protocols.ocpi.v2_1_1.wire import SCHEMA as V2_1_1
from roaming.protocols.ocpi.v2_2_1.wire import SCHEMA as V2_2_1
from roaming.rules.time_zones import zone_of

_TOKEN_FIELDS = ("country_code", "party_id", "uid", "type", "contract_id")
# Seconds within which a result should come, where the answer does not say (OCPI: 30 as a rule).
_TIMEOUT_S = 30
_OWNER = "Owner added from the connection."


def _owned(run: Run, tree: Tree, out: Tree, place: Place) -> Tree:
    country, _, party_id = run.known.owner.partition("*")
    if not party_id:
        raise CannotTell(place, "its owner is the connection's party, which is not known")
    owner = {"country_code": country, "party_id": party_id}
    # In front, and stronger than what the object says of itself: staff bind parties.
    return owner | out | owner


def _token(run: Run, auth_id: Any, place: Place, tree: Tree) -> Tree:
    token = run.known.token_of(auth_id)
    if token is None:
        raise CannotTell(place, "no token of this contract is known")
    told = {name: token[name] for name in _TOKEN_FIELDS if name in token}
    return {"cdr_token": told | {"contract_id": auth_id}}


def _flat_location(run: Run, location: Any, place: Place, tree: Tree) -> Tree:
    flat = place_of({"location": location})
    if "connector_id" not in flat:
        raise CannotTell((place, "evses"), "not exactly one connector")
    run.lose(place, "changed", "a CdrLocation tells less than the whole Location")
    return {"cdr_location": flat | {"evse_id": flat["evse_id"] or NOT_APPLICABLE}}


def _references(run: Run, location: Any, place: Place, tree: Tree) -> Tree:
    """The Location itself is told by the locations module."""
    flat = place_of({"location": location})
    if "connector_id" not in flat:
        raise CannotTell((place, "evses"), "not exactly one connector")
    run.lose(place, "changed", "a session refers to its Location by ids")
    return {
        "location_id": location["id"],
        "evse_uid": flat["evse_uid"],
        "connector_id": flat["connector_id"],
    }


def _price(run: Run, cost: Any, place: Place, tree: Tree) -> Tree:
    return {"total_cost": {"excl_vat": cost}}


def _tariff_ids(run: Run, tariff_id: Any, place: Place, tree: Tree) -> Tree:
    return {"tariff_ids": [tariff_id]}


def _parking_type(run: Run, value: Any, place: Place, tree: Tree) -> Tree:
    if value in V2_2_1.tables.enumerations["ParkingType"].values:
        return {"parking_type": value}
    if value != "UNKNOWN":
        run.lose(place, "dropped", f"OCPI 2.2.1 has no {value}")
    return {}


def _location(run: Run, tree: Tree, out: Tree, place: Place) -> Tree:
    owned = _owned(run, tree, out, place)
    if not owned.get("time_zone"):
        zone, because = zone_of("", alpha_2(tree["country"]), "")
        owned["time_zone"] = zone.key
        run.lose((place, "time_zone"), "added", f"{zone.key}, {because}")
    return {"publish": True} | owned


def _hours(run: Run, tree: Tree, out: Tree, place: Place) -> Tree:
    return {"twentyfourseven": False} | out


def _answer(run: Run, tree: Tree, out: Tree, place: Place) -> Tree:
    run.lose((place, "timeout"), "added", f"{_TIMEOUT_S} s")
    return out | {"timeout": _TIMEOUT_S}


def _authorization(run: Run, tree: Tree, out: Tree, place: Place) -> Tree:
    if run.known.token is None:
        raise CannotTell((place, "token"), "the token that was asked about is not known")
    return {"token": run.known.token} | out


def _number_as_text(run: Run, number: Any, place: Place, tree: Tree) -> Tree:
    return {"reservation_id": str(number)}


UP = Step(
    source=V2_1_1,
    target=V2_2_1,
    renames={
        ("CDR", "stop_date_time"): "end_date_time",
        ("Session", "start_datetime"): "start_date_time",
        ("Session", "end_datetime"): "end_date_time",
        ("Token", "auth_id"): "contract_id",
        ("Connector", "voltage"): "max_voltage",
        ("Connector", "amperage"): "max_amperage",
        ("EnvironmentalImpact", "source"): "category",
    },
    fields={
        ("CDR", "auth_id"): FieldRule(
            "Becomes `cdr_token`, from the registry of tokens; refused where it has none.", _token
        ),
        ("CDR", "location"): FieldRule(
            "Becomes `cdr_location`: one EVSE with one connector; refused with none or several.",
            _flat_location,
        ),
        ("CDR", "total_cost"): FieldRule("", _price),
        ("Session", "auth_id"): FieldRule(
            "Becomes `cdr_token`, from the registry of tokens; refused where it has none.", _token
        ),
        ("Session", "location"): FieldRule(
            "Becomes `location_id`, `evse_uid`, `connector_id`; refused unless it has one"
            " connector.",
            _references,
        ),
        ("Session", "total_cost"): FieldRule("", _price),
        ("Connector", "tariff_id"): FieldRule("", _tariff_ids),
        ("Location", "type"): FieldRule(
            "Becomes `parking_type`; `OTHER` is dropped, `UNKNOWN` says nothing.", _parking_type
        ),
        ("ChargingPeriod", "dimensions"): FieldRule(
            "`FLAT` is dropped; `ENERGY` of 0 where nothing else is left.",
            known_dimensions("ENERGY"),
        ),
        ("ReserveNow", "reservation_id"): FieldRule("", _number_as_text),
    },
    objects={
        "CDR": ObjectRule(_OWNER, _owned),
        "Token": ObjectRule(_OWNER, _owned),
        "Tariff": ObjectRule(_OWNER, _owned),
        "Session": ObjectRule(_OWNER, _owned),
        "Location": ObjectRule(
            f"{_OWNER} `publish` = true; a missing `time_zone` is assumed from the country.",
            _location,
        ),
        "Hours": ObjectRule("`twentyfourseven` = false where `regular_hours` stands.", _hours),
        "CommandResponse": ObjectRule(f"`timeout` of {_TIMEOUT_S} s added.", _answer),
        "AuthorizationInfo": ObjectRule(
            "`token` added: the one that was asked about.", _authorization
        ),
    },
    replaced={
        ("CommandResponseType", "TIMEOUT"): "REJECTED",
        ("CommandResponseType", "UNKNOWN_SESSION"): "REJECTED",
    },
    guarded=frozenset({("CDR", "tariffs")}),
)
