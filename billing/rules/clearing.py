"""How one accepted record becomes whole minor units, and which window takes it.

The slow, readable twin of ``sql/clear_sdrs.sql``: Hypothesis and mutants hold the two together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from clearinghouse.money import payout_minor, to_minor_units


@dataclass(frozen=True, slots=True)
class Figures:
    """Minor units of one record: claim = payout + commission."""

    is_billed: bool
    claim_minor: int
    payout_minor: int
    commission_minor: int


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window that still takes records; its supply period ends before ``supply_ends_at``."""

    id: UUID
    supply_ends_at: datetime


def figures_of(claim_amount: Decimal | None, *, currency: str, rate: Decimal) -> Figures:
    """Round the claim once, half-up, and share it: payout = half-up(claim × (1 − rate)).

    A record without an amount is not billed; it is cleared at zero.
    """
    if claim_amount is None:
        return Figures(is_billed=False, claim_minor=0, payout_minor=0, commission_minor=0)
    claim = to_minor_units(claim_amount, currency=currency)
    payout = payout_minor(claim, rate=rate)
    return Figures(
        is_billed=True, claim_minor=claim, payout_minor=payout, commission_minor=claim - payout
    )


def parts_of(
    claim_minor: int, items: Iterable[tuple[str, Decimal]], *, currency: str
) -> tuple[int, int]:
    """Parking and reservation as parts of a claim, with its sign; what is neither is electricity.

    Each is rounded once, half-up; together they are never more than the claim, parking first.
    """
    sums = {"PARKING": Decimal(0), "RESERVATION": Decimal(0)}
    for kind, amount in items:
        if kind in sums:
            sums[kind] += abs(amount)
    left = abs(claim_minor)
    parking = min(left, to_minor_units(sums["PARKING"], currency=currency))
    reservation = min(left - parking, to_minor_units(sums["RESERVATION"], currency=currency))
    sign = (claim_minor > 0) - (claim_minor < 0)
    return sign * parking, sign * reservation


def window_for(ended_at: datetime, windows: Iterable[OpenWindow]) -> OpenWindow | None:
    """The earliest open window whose supply period ends after the record's service end.

    In time: the window of its own month. Late: the next that is open. ``None``: there is none.
    """
    fitting = [window for window in windows if window.supply_ends_at > ended_at]
    return min(fitting, key=lambda window: window.supply_ends_at, default=None)
