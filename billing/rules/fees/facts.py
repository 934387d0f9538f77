"""What fees are charged for: cleared records, memberships, lost disputes."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRecord:
    """A cleared record as far as fees look at it.

    ``service_date`` is the day of service end in the group's time zone: its calendar month is the
    one whose tiers, floor and cap it counts for, in whichever window it is cleared. A credit has
    the service date of its original and negative ``amount_minor`` and ``energy_kwh``.
    """

    id: UUID
    seller: UUID
    buyer: UUID
    service_date: date
    amount_minor: int
    energy_kwh: Decimal
    is_credit: bool = False
    is_late: bool = False
    # The credit puts right a fault of the house: it takes every fee back.
    is_house_fault: bool = False
    # A replacement out of a correction run: the fee per record has been paid.
    is_correction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LostDispute:
    """A dispute over a record between two sides, closed on ``closed_date`` against one of them."""

    id: UUID
    seller: UUID
    buyer: UUID
    lost_by: Literal["CSO", "CSP"]
    closed_date: date

    @property
    def loser(self) -> UUID:
        return self.seller if self.lost_by == "CSO" else self.buyer


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The partner takes part in a calendar month, given by its first day."""

    partner: UUID
    month: date


def month_of(day: date) -> date:
    """The first day of its calendar month."""
    return day.replace(day=1)
