"""Locations and EVSEs as the rows that the statements take, and the statements' call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from clearinghouse.statements import run_bound
from clearinghouse.uuid7 import uuid7s_at
from roaming.messages.locations import EvseFacts, LocationFacts

_SQL = Path(__file__).parent / "sql"
_encode = msgspec.json.Encoder(decimal_format="number").encode
_OWN_COLUMNS = frozenset(LocationFacts.__struct_fields__) - {"evses", "tells_evses"}
# Facts name things; the columns hold this much of a name.
_LONGEST = {
    "name": 255,
    "address": 255,
    "city": 100,
    "postal_code": 20,
    "country_code": 2,
    "time_zone": 60,
    "operator_name": 200,
}
_Facts = TypeVar("_Facts", LocationFacts, EvseFacts)


def run(name: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement; its rows, [] where it returns none."""
    return run_bound(_SQL / f"{name}.sql", parameters)


def newest_by_key(many: Iterable[_Facts], id_of: Callable[[_Facts], str]) -> dict[str, _Facts]:
    """By id as it is compared; of two with one id the newer, of two as new the later told."""
    found: dict[str, _Facts] = {}
    for facts in many:
        key = id_of(facts).upper()
        if key not in found or found[key].updated_at <= facts.updated_at:
            found[key] = facts
    return found


def of_locations(many: Mapping[str, LocationFacts], ids: Iterable[UUID]) -> str:
    return _text(
        [
            {name: _cut(name, getattr(facts, name)) for name in _OWN_COLUMNS}
            | {"id": id_, "key": key}
            for (key, facts), id_ in zip(many.items(), ids, strict=True)
        ]
    )


def of_evses(many: Sequence[tuple[UUID, Sequence[EvseFacts]]], now: datetime) -> str:
    """``many``: EVSEs by location."""
    ids = iter(uuid7s_at(now, sum(len(evses) for _, evses in many)))
    return _text(
        [
            msgspec.structs.asdict(facts) | {"id": next(ids), "location": place, "key": key}
            for place, evses in many
            for key, facts in newest_by_key(evses, lambda one: one.evse_uid).items()
        ]
    )


def keys_of_evses(many: Sequence[tuple[UUID, Sequence[EvseFacts]]]) -> str:
    return _text(
        [{"location": place, "key": one.evse_uid.upper()} for place, evses in many for one in evses]
    )


def _cut(name: str, value: Any) -> Any:
    longest = _LONGEST.get(name)
    return value[:longest] if longest else value


def _text(rows: list[dict[str, Any]]) -> str:
    return _encode(rows).decode()
