"""Dunning of what a partner did not pay in time (finance.md 4.7).

A level is reached on the day ``days`` after the due date; each is taken once, in its order, and the
disputed part of a debt is not dunned. Interest for late payment between companies is the ECB's main
refinancing rate of the half-year plus 8 points, by the day over 365, with 40.00 once (Directive
2011/7/EU). Integer minor units; days are calendar days, the due date itself not late.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from clearinghouse.money import minor_unit_digits

POINTS_ABOVE = Decimal(8)
LUMP_SUM_UNITS = 40
DAYS_OF_YEAR = 365


class Level(StrEnum):
    """What is done; from SECOND on it concerns more than the debtor."""

    FRIENDLY = "FRIENDLY"
    FIRST = "FIRST"
    SECOND = "SECOND"
    DRAW = "DRAW"
    EXCLUSION = "EXCLUSION"


DAYS = {
    Level.FRIENDLY: 1,
    Level.FIRST: 7,
    Level.SECOND: 14,
    Level.DRAW: 21,
    Level.EXCLUSION: 30,
}
# Suspends new clearing; takes money; needs two persons, and so is only proposed by the job.
SUSPENDS, DRAWS, NEEDS_TWO_PERSONS = Level.SECOND, Level.DRAW, Level.EXCLUSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """``open_minor`` is what is not paid of a debt, ``disputed_minor`` what of it is disputed."""

    due_on: date
    open_minor: int
    disputed_minor: int = 0

    @property
    def dunned_minor(self) -> int:
        """What is asked for: never the disputed part, never below zero."""
        return max(0, self.open_minor - self.disputed_minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The ECB's main refinancing rate in percent, in force from that day on."""

    from_on: date
    percent: Decimal


def due_levels(debt: Overdue, *, taken: Collection[str], today: date) -> list[Level]:
    """The levels reached and not taken yet, in order; none where nothing is left to dun."""
    if not debt.dunned_minor:
        return []
    late = (today - debt.due_on).days
    return [level for level, days in DAYS.items() if late >= days and level not in taken]


def reached_on(level: Level, *, due_on: date) -> date:
    """The first day of a level."""
    return due_on + timedelta(days=DAYS[level])


def interest_minor(debt: Overdue, *, rates: Collection[Rate], until: date) -> int:
    """Interest from the day after the due date to ``until`` inclusive, rounded once, half-up.

    The rate of a half-year is the one in force on its first day.

    :raises ValueError: no rate is known for a half-year that the debt was late in.
    """
    total = Decimal(0)
    for day_from, day_until in _half_years(debt.due_on + timedelta(days=1), until):
        percent = _rate_on(_first_of_half_year(day_from), rates) + POINTS_ABOVE
        days = (day_until - day_from).days + 1
        total += debt.dunned_minor * percent * days
    exact = total / (100 * DAYS_OF_YEAR)
    return int(exact.to_integral_value(ROUND_HALF_UP))


def charged_now(interest: int, *, earlier_minor: int) -> int:
    """What of the interest is to be charged: without what was charged before, never below zero."""
    return max(0, interest - earlier_minor)


def lump_sum_minor(currency: str) -> int:
    """40 units of the currency, once per debt."""
    return LUMP_SUM_UNITS * 10 ** minor_unit_digits(currency)


def _half_years(start: date, until: date) -> list[tuple[date, date]]:
    """[start, until] cut at 1 January and 1 July; empty where it ends before it starts."""
    parts = []
    while start <= until:
        ends = date(start.year, 6, 30) if start.month <= 6 else date(start.year, 12, 31)
        parts.append((start, min(ends, until)))
        start = ends + timedelta(days=1)
    return parts


def _first_of_half_year(day: date) -> date:
    return date(day.year, 1 if day.month <= 6 else 7, 1)


def _rate_on(day: date, rates: Collection[Rate]) -> Decimal:
    known = [rate for rate in rates if rate.from_on <= day]
    if not known:
        raise ValueError(f"The ECB's main refinancing rate on {day} is not known.")
    return max(known, key=lambda rate: rate.from_on).percent
