"""How long open items are past due; the readable twin of ``sql/ageing.sql``."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

# The last day of each bucket, past due; what comes after the last one is in a bucket of its own.
LAST_DAYS = (0, 30, 60, 90)


class OpenAmount(NamedTuple):
    """A position: ``due_minor`` + the partner gets, − it pays; ``settled_minor`` ≥ 0 of it."""

    partner: UUID
    currency: str
    due_minor: int
    settled_minor: int
    due_date: date | None


class AgedLine(NamedTuple):
    """What a partner pays (PAYS) or gets (GETS) in a currency; whole minor units, ≥ 0."""

    partner: UUID
    currency: str
    side: str
    items: int
    not_due_minor: int
    to_30_minor: int
    to_60_minor: int
    to_90_minor: int
    over_90_minor: int

    @property
    def buckets(self) -> tuple[int, ...]:
        return self[4:]

    @property
    def total_minor(self) -> int:
        return sum(self.buckets)


def aged(rows: Iterable[OpenAmount], *, today: date) -> list[AgedLine]:
    """Sort what is open into buckets; without a due date it is not due."""
    sums: dict[tuple[UUID, str, str], list[int]] = defaultdict(lambda: [0] * 6)
    for row in rows:
        amount = abs(row.due_minor) - row.settled_minor
        if amount <= 0:
            continue
        known = sums[row.partner, row.currency, "PAYS" if row.due_minor < 0 else "GETS"]
        known[0] += 1
        known[1 + bucket_of(row.due_date, today=today)] += amount
    lines = [AgedLine(*key, *figures) for key, figures in sums.items()]
    return sorted(lines, key=lambda line: (line.currency, line.side, line.partner))


def bucket_of(due_date: date | None, *, today: date) -> int:
    """0 not due, 1 up to 30 days past due, 2 up to 60, 3 up to 90, 4 more."""
    days = (today - due_date).days if due_date else 0
    return sum(days > last for last in LAST_DAYS)
