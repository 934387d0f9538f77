"""What was delivered and is not settled yet, as it was known at an instant.

The slow, readable twin of ``sql/accruals.sql``: Hypothesis and mutants hold the two together.
Claims are in whole minor units, before commission and fees; they contain VAT where the price basis
is INCL_TAX.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from clearinghouse.money import to_minor_units

_GONE = frozenset({"REJECTED", "WITHDRAWN", "SUPERSEDED"})


class AccrualLine(NamedTuple):
    """Records of one supply month (``2026-12``) between two partners, of one standing.

    ``standing``: ACCEPTED will be settled; DISPUTED, OPEN (delivered, not accepted yet) and HELD
    may be; CORRECTION is what a correction run posted. No owner was known: the partner is null.
    """

    supply_month: str
    seller: UUID | None
    buyer: UUID | None
    currency: str
    price_basis: str
    standing: str
    sdrs: int
    claim_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What a record was cleared at; ``settled_at``: when its window's settlement was issued."""

    at: datetime
    claim_minor: int
    settled_at: datetime | None = None

    def is_settled(self, as_of: datetime) -> bool:
        return self.settled_at is not None and self.settled_at <= as_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Accruable:
    """All that is ever known of a record; every fact with its instant, in order.

    ``prices`` are our own where they are agreed on. ``credited_at``: when a credit of it came.
    ``is_credit_of``: what was cleared of the record that it credits, if anything ever was.
    """

    id: UUID
    seller: UUID | None
    buyer: UUID | None
    ended_at: datetime
    currency: str
    claim_amount: Decimal | None
    steps: Sequence[tuple[datetime, str]]
    price_basis: str = "EXCL_TAX"
    time_zone: str = "Europe/Brussels"
    is_direct: bool = False
    cleared: Cleared | None = None
    disputes: Sequence[tuple[datetime, datetime | None]] = ()
    prices: Sequence[tuple[datetime, Decimal]] = ()
    credited_at: datetime | None = None
    is_credit: bool = False
    is_credit_of: Cleared | None = None


def accrued(
    records: Iterable[Accruable], *, as_of: datetime, partner: UUID | None = None
) -> list[AccrualLine]:
    """Lines of all partners, or of one; sorted."""
    sums: dict[tuple, list[int]] = defaultdict(lambda: [0, 0])
    for record in records:
        standing = _standing(record, as_of)
        if standing is None or not _may_see(record, standing, partner):
            continue
        zone = ZoneInfo(record.time_zone)
        key = (
            f"{record.ended_at.astimezone(zone):%Y-%m}",
            record.seller,
            record.buyer,
            record.currency,
            "" if standing == "HELD" else record.price_basis,
            standing,
        )
        sums[key][0] += 1
        sums[key][1] += _claim(record, as_of)
    lines = [AccrualLine(*key, *pair) for key, pair in sums.items()]
    return sorted(lines, key=lambda line: tuple(map(str, line)))


def _may_see(record: Accruable, standing: str, partner: UUID | None) -> bool:
    if partner is None or record.seller == partner:
        return True
    return record.buyer == partner and standing != "HELD"


def _standing(record: Accruable, as_of: datetime) -> str | None:
    """``None``: nothing is to be accrued."""
    states = [state for at, state in record.steps if at <= as_of]
    if not states or states[-1] in _GONE or record.claim_amount is None:
        return None
    if record.is_direct or record.seller == record.buyer:
        return None
    cleared = _cleared(record.cleared, as_of)
    if cleared is None and record.credited_at is not None and record.credited_at <= as_of:
        return None
    if record.is_credit and _cleared(record.is_credit_of, as_of) is None:
        return None
    if cleared is not None and cleared.is_settled(as_of):
        return None
    state = states[-1]
    if state in ("HELD", "DISPUTED"):
        return state
    if state != "ACCEPTED":
        return "OPEN"
    is_disputed = any(
        opened <= as_of and (closed is None or closed > as_of) for opened, closed in record.disputes
    )
    return "DISPUTED" if cleared is None and is_disputed else "ACCEPTED"


def _claim(record: Accruable, as_of: datetime) -> int:
    cleared = _cleared(record.cleared, as_of)
    if cleared is not None:
        return cleared.claim_minor
    ours = [price for at, price in record.prices if at <= as_of]
    if ours:
        sign = -1 if record.is_credit else 1
        return sign * to_minor_units(ours[-1], currency=record.currency)
    return to_minor_units(record.claim_amount or Decimal(0), currency=record.currency)


def _cleared(cleared: Cleared | None, as_of: datetime) -> Cleared | None:
    return cleared if cleared is not None and cleared.at <= as_of else None
