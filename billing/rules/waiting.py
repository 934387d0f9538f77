"""What a window still waits for before it closes: records that are held, and records that will be
deemed accepted. The readable twins of ``sql/window_holds.sql`` and ``sql/window_deemed.sql``.

Money in minor units of the window's currency, rounded once per record.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar
from uuid import UUID

from clearinghouse.money import to_minor_units

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRecord:
    """A record of the group that is not accepted. ``since_at``: held, or to be deemed accepted."""

    seller: UUID
    buyer: UUID | None
    ended_at: datetime
    since_at: datetime
    claim_amount: Decimal | None
    currency: str
    codes: tuple[str, ...] = ()


class Held(NamedTuple):
    """Held records of one pair with the same codes; without a code, matching or ageing holds."""

    seller: UUID
    buyer: UUID | None
    codes: tuple[str, ...]
    sdrs: int
    claim_minor: int
    oldest_held_at: datetime


class HeldSum(NamedTuple):
    """Held records with something in common."""

    sdrs: int
    claim_minor: int
    oldest_held_at: datetime


class Deemed(NamedTuple):
    """Records of one pair that will be deemed accepted; in time: before the closing day."""

    seller: UUID
    buyer: UUID
    is_in_time: bool
    sdrs: int
    claim_minor: int
    first_at: datetime
    last_at: datetime


def holds_of(
    records: Iterable[WaitingRecord],
    *,
    currency: str,
    from_at: datetime | None,
    until_at: datetime,
) -> set[Held]:
    """Add up held records whose service ended in [from_at, until_at)."""
    groups: dict[tuple[UUID, UUID | None, tuple[str, ...]], list[WaitingRecord]] = {}
    for record in records:
        if _is_of_period(record, from_at, until_at):
            groups.setdefault((record.seller, record.buyer, record.codes), []).append(record)
    return {
        Held(
            seller,
            buyer,
            codes,
            len(rows),
            _claims(rows, currency),
            min(row.since_at for row in rows),
        )
        for (seller, buyer, codes), rows in groups.items()
    }


def deemed_of(
    records: Iterable[WaitingRecord],
    *,
    currency: str,
    from_at: datetime | None,
    until_at: datetime,
    closes_at: datetime,
) -> set[Deemed]:
    """Add up delivered records whose service ended in [from_at, until_at)."""
    groups: dict[tuple[UUID, UUID, bool], list[WaitingRecord]] = {}
    for record in records:
        if record.buyer and _is_of_period(record, from_at, until_at):
            key = (record.seller, record.buyer, record.since_at < closes_at)
            groups.setdefault(key, []).append(record)
    return {
        Deemed(
            seller,
            buyer,
            is_in_time,
            len(rows),
            _claims(rows, currency),
            min(row.since_at for row in rows),
            max(row.since_at for row in rows),
        )
        for (seller, buyer, is_in_time), rows in groups.items()
    }


def held_by_code(rows: Iterable[Held]) -> dict[str, HeldSum]:
    """Per code, largest amount first. A record that two codes hold is in both: the lines add up to
    more than what is held.
    """
    return _sums((code, row) for row in rows for code in row.codes or ("",))


def held_by_pair(rows: Iterable[Held]) -> dict[tuple[UUID, UUID | None], HeldSum]:
    """Per seller and buyer, largest amount first; each record once."""
    return _sums(((row.seller, row.buyer), row) for row in rows)


def _sums(rows: Iterable[tuple[Key, Held]]) -> dict[Key, HeldSum]:
    sums: dict[Key, HeldSum] = {}
    for key, row in rows:
        known = sums.get(key, HeldSum(0, 0, row.oldest_held_at))
        sums[key] = HeldSum(
            known.sdrs + row.sdrs,
            known.claim_minor + row.claim_minor,
            min(known.oldest_held_at, row.oldest_held_at),
        )
    return dict(
        sorted(sums.items(), key=lambda one: (-one[1].claim_minor, -one[1].sdrs, str(one[0])))
    )


def _is_of_period(record: WaitingRecord, from_at: datetime | None, until_at: datetime) -> bool:
    return record.ended_at < until_at and (from_at is None or record.ended_at >= from_at)


def _claims(rows: Iterable[WaitingRecord], currency: str) -> int:
    return sum(
        to_minor_units(row.claim_amount, currency=currency)
        for row in rows
        if row.claim_amount is not None and row.currency == currency
    )
