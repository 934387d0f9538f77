"""Locations and EVSEs of any version as ours; where versions have two names, both are read."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, get_args

from roaming.intake.normal import normal_evse_id
from roaming.messages.locations import EvseFacts, EvseStatus, LocationFacts
from roaming.protocols.ocpi.trees import times
from roaming.protocols.ocpi.trees.cdr_reading import alpha_2
from roaming.protocols.ocpi.trees.exact import Tree

# Says when an object was told, and nothing else.
VOLATILE = ("last_updated",)
STATUS_OF: dict[str, EvseStatus] = {
    **{word: word for word in get_args(EvseStatus)},
    "OUTOFORDER": "OUT_OF_ORDER",
}
WORD_OF: dict[str, str] = {status: word for word, status in STATUS_OF.items()}
_NOT_KNOWN = datetime(1970, 1, 1, tzinfo=UTC)
_PHASES = {"AC_2_PHASE": 2, "AC_2_PHASE_SPLIT": 2, "AC_3_PHASE": 3}
# Between two phases rather than to neutral, on three phases: what is told beyond this voltage.
_LINE_TO_NEUTRAL_V = 300
_ROOT_OF_3 = Decimal("1.732")
# Less is a slip of the unit: kW where W is asked for.
_SMALLEST_W = 500
_LONGEST_WORD, _LONGEST_TARIFF = 40, 100
_MOST_KW = Decimal(999_999)


def location_facts(tree: Tree, document_format: str) -> LocationFacts:
    """A location without fatal faults. EVSEs that it does not name are no part of it."""
    coordinates = tree.get("coordinates") or {}
    latitude, longitude = _degrees(coordinates)
    evses = tree.get("evses") or ()
    return LocationFacts(
        location_id=tree["id"],
        name=_text(tree, "name"),
        address=_text(tree, "address"),
        city=_text(tree, "city"),
        postal_code=_text(tree, "postal_code"),
        country_code=alpha_2(_text(tree, "country")),
        latitude=latitude,
        longitude=longitude,
        time_zone=_text(tree, "time_zone"),
        operator_name=_text(tree.get("operator") or {}, "name"),
        is_published=tree.get("publish") is not False,
        updated_at=_when(tree),
        evses=tuple(evse_facts(one) for one in evses),
        document={name: value for name, value in tree.items() if name != "evses"},
        document_format=document_format,
    )


def evse_facts(tree: Tree) -> EvseFacts:
    """An EVSE without fatal faults."""
    updated_at = _when(tree)
    connectors = tree.get("connectors") or ()
    return EvseFacts(
        evse_uid=tree["uid"],
        evse_id=normal_evse_id(_text(tree, "evse_id")),
        status=STATUS_OF.get(tree["status"], "UNKNOWN"),
        status_at=updated_at,
        capabilities=tuple(str(one)[:60] for one in tree.get("capabilities") or ()),
        connector_types=_each(connector.get("standard") for connector in connectors),
        current_type=_current_type(connectors),
        max_power_kw=max(map(power_kw, connectors), default=None) or None,
        tariff_ids=_each((id_ for one in connectors for id_ in tariff_ids(one)), _LONGEST_TARIFF),
        updated_at=updated_at,
        document=tree,
    )


def tariff_ids(connector: Tree) -> list[str]:
    """Several since 2.2, one before."""
    single = connector.get("tariff_id")
    return [*(connector.get("tariff_ids") or ()), *([single] if single else [])]


def _when(tree: Tree) -> datetime:
    """OCPI knows a way to say that a time is not known."""
    return times.instant(tree["last_updated"]) or _NOT_KNOWN


def _text(tree: Tree, name: str) -> str:
    value = tree.get(name)
    return "" if value is None else str(value)


def _each(words: Iterable[Any], longest: int = _LONGEST_WORD) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(word)[:longest] for word in words if word))


def _degrees(coordinates: Tree) -> tuple[Decimal | None, Decimal | None]:
    """Rounded to our seven decimals; 0, 0 is what systems say that do not know."""
    try:
        latitude, longitude = (
            round(Decimal(coordinates[name]), 7) for name in ("latitude", "longitude")
        )
    except (KeyError, ArithmeticError, TypeError):
        return None, None
    return (latitude, longitude) if latitude or longitude else (None, None)


def _current_type(connectors: Iterable[Tree]) -> Literal["", "AC", "DC"]:
    kinds = {str(one.get("power_type"))[:2] for one in connectors}
    if "DC" in kinds:
        return "DC"
    return "AC" if "AC" in kinds else ""


def power_kw(connector: Tree) -> Decimal:
    """kW as told, else what voltage and current allow; 0 where nothing is told."""
    told = connector.get("max_electric_power") or 0
    if told < _SMALLEST_W:
        told = _computed_w(connector)
    return min(round(Decimal(told) / 1000, 3), _MOST_KW)


def _computed_w(connector: Tree) -> Decimal:
    volts = connector.get("max_voltage") or connector.get("voltage") or 0
    amperes = connector.get("max_amperage") or connector.get("amperage") or 0
    phases = _PHASES.get(str(connector.get("power_type")), 1)
    factor = _ROOT_OF_3 if phases == 3 and volts > _LINE_TO_NEUTRAL_V else Decimal(phases)
    return Decimal(volts) * Decimal(amperes) * factor
