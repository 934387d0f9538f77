"""How the records of one day are counted: the readable twin of ``figure_rows.sql``."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# Name of each bucket, and the seconds that it ends before; the last one is endless.
DELAYS: tuple[tuple[str, float], ...] = (
    ("under 5 min", 5 * _MINUTE),
    ("under 1 h", _HOUR),
    ("under 1 d", _DAY),
    ("under 3 d", 3 * _DAY),
    ("under 7 d", 7 * _DAY),
    ("under 30 d", 30 * _DAY),
    ("30 d or more", float("inf")),
)


@dataclass(frozen=True, slots=True)
class Received:
    """One record of the day. ``causes``: (version, severity, code) of its findings."""

    environment: str
    sender_id: UUID
    state: str
    currency: str
    energy_kwh: Decimal | None
    claim_amount: Decimal | None
    delay_s: float | None
    causes: Sequence[tuple[int, str, str]] = ()


class Key(NamedTuple):
    environment: str
    sender_id: UUID
    kind: str
    key: str
    currency: str


class Sums(NamedTuple):
    records: int
    energy_kwh: Decimal
    claim_amount: Decimal


def bucket_of(delay_s: float) -> str:
    """The bucket of a delay in seconds; a record that came before its end is in the first."""
    return next(name for name, limit_s in DELAYS if delay_s < limit_s)


def count(received: Iterable[Received]) -> dict[Key, Sums]:
    """Every figure of the day."""
    sums: dict[Key, Sums] = defaultdict(lambda: Sums(0, Decimal(0), Decimal(0)))

    def add(one: Received, kind: str, key: str, *, with_sums: bool = False) -> None:
        place = Key(one.environment, one.sender_id, kind, key, one.currency if with_sums else "")
        records, energy_kwh, claim_amount = sums[place]
        if with_sums:
            energy_kwh += one.energy_kwh or 0
            claim_amount += one.claim_amount or 0
        sums[place] = Sums(records + 1, energy_kwh, claim_amount)

    for one in received:
        add(one, "STATE", one.state, with_sums=True)
        for code in _causes_of(one):
            add(one, "HELD" if one.state == "HELD" else "REFUSED", code)
        if one.delay_s is not None:
            add(one, "DELAY", bucket_of(one.delay_s))
    return dict(sums)


def _causes_of(one: Received) -> set[str]:
    """The codes of the newest check that refused it, or that holds it."""
    severity = {"REJECTED": "REJECT", "HELD": "HOLD"}.get(one.state)
    told = [(version, code) for version, kind, code in one.causes if kind == severity]
    newest = max((version for version, _ in told), default=0)
    return {code for version, code in told if version == newest}
