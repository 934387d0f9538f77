"""What becomes of a location or an EVSE that is told: the slow twin of the statements that put."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

PutWord: TypeAlias = Literal["created", "updated", "unchanged", "older"]


class Told(NamedTuple):
    """What is told of one object, or stored of it. ``facts``: what else decides, e.g. a status."""

    updated_at: datetime
    document: dict[str, Any]
    facts: tuple[object, ...] = ()
    is_removed: bool = False


def word_of(before: Told | None, given: Told, *, volatile: Collection[str] = ()) -> PutWord:
    """``created``, ``updated``, ``unchanged`` (nothing but its times) or ``older`` (not taken).

    What was removed may come back with any time: its owner did not know that it was removed.
    """
    if before is None:
        return "created"
    if before.is_removed:
        return "updated"
    if before.updated_at > given.updated_at:
        return "older"
    same = _lasting(before.document, volatile) == _lasting(given.document, volatile)
    return "unchanged" if same and before.facts == given.facts else "updated"


def _lasting(document: dict[str, Any], volatile: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in volatile}
