"""A tariff made ready to price many sessions in the time zone of one location.

What depends on the calendar alone is worked out once per day and kept: for each stretch of a day,
which components may apply, first in the list first. What depends on the session (energy, duration,
power, current) stays a question to it.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clearinghouse.money import minor_unit_digits
from roaming.rules.rating.figures import MICRO, MICRO_DIGITS, NO_VAT_FACTOR
from roaming.rules.rating.local_days import DAY_US, instants_of, local_time
from roaming.rules.rating.tariff import Component, Kind, Reservation, Restrictions, Tariff

# A tariff of dynamic prices is asked for a few days; this bounds what a hostile record can fill.
_MOST_DAYS = 512
_FOR_EVER = 2**63

# What an amount is shown under; the keys of ``price_cdr``.
RESERVATION = "reservation"
_BUCKETS = {
    Kind.ENERGY: "energy",
    Kind.TIME: "time",
    Kind.PARKING_TIME: "parking",
    Kind.FLAT: "flat",
}
BUCKETS = ("energy", "time", "parking", RESERVATION, "flat")


class Rate:
    """One price component of one element, as integers. Compared and hashed by identity."""

    __slots__ = (
        "bucket",
        "component",
        "element",
        "is_priced",
        "kind",
        "price",
        "step_size",
        "vat_factor",
    )

    def __init__(
        self, component: Component, *, element: int | None = None, is_reserved: bool = False
    ) -> None:
        self.component = component
        self.element = element
        self.bucket = RESERVATION if is_reserved else _BUCKETS[component.kind]
        self.kind = component.kind
        self.price = component.price_micro
        self.is_priced = component.price_micro != 0
        self.step_size = component.step_size
        vat = component.vat_micro
        self.vat_factor = NO_VAT_FACTOR if vat is None else MICRO + vat


class Candidate(NamedTuple):
    """A rate that applies if the session, too, fits ``asks``; ``None`` asks nothing."""

    rate: Rate
    asks: Restrictions | None


Candidates = tuple[Candidate, ...]
Key = tuple[Reservation | None, Kind]


class SimpleRates(NamedTuple):
    """One rate per kind, where nothing asks the session; ``None``: the kind has no price."""

    energy: Rate | None
    time: Rate | None
    parking: Rate | None
    flat: Rate | None

    def parking_rounds(self, *, came_last: bool) -> bool:
        """Whether the step of parking is the one that counts for times: not where it is free."""
        if self.parking is None or not self.parking.is_priced:
            return False
        return came_last or self.time is None or not self.time.is_priced


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Who may price what, per kind, while the calendar stays as it is; one object per content.

    ``reserved`` and ``expired``: TIME and FLAT of a reservation that was used, or ended unused.
    ``simple`` are the rates if none of the session's kinds asks anything.
    """

    energy: Candidates
    time: Candidates
    parking: Candidates
    flat: Candidates
    reserved: tuple[Candidates, Candidates]
    expired: tuple[Candidates, Candidates]
    simple: SimpleRates | None


class Day(NamedTuple):
    """``rows[i]`` holds from ``starts[i]`` to the next start."""

    starts: list[int]
    rows: list[Row]


class Compiled:
    """See the module. ``always`` is the one row of a tariff that does not look at the calendar."""

    def __init__(self, tariff: Tariff, zone: ZoneInfo) -> None:
        self.tariff = tariff
        self.zone = zone
        self._rates = [
            [
                Rate(
                    component,
                    element=index,
                    is_reserved=element.restrictions.reservation is not None,
                )
                for component in element.components
            ]
            for index, element in enumerate(tariff.elements)
        ]
        told = [element.restrictions for element in tariff.elements]
        self.free = _free_rates(self._rates)
        self.energy_marks = _marks(told, "min_energy_micro", "max_energy_micro")
        self.duration_marks = [
            seconds * MICRO for seconds in _marks(told, "min_duration_s", "max_duration_s")
        ]
        self.has_marks = bool(self.energy_marks or self.duration_marks)
        self._minutes = frozenset(_marks(told, "start_minute", "end_minute"))
        self._days: dict[int, Day] = {}
        self._rows: dict[frozenset[tuple[Key, Candidates]], Row] = {}
        by_calendar = any(one.is_of_the_calendar for one in told)
        self.always = None if by_calendar else self._row(lambda _restrictions: True)
        self.has_limits = tariff.min_price is not None or tariff.max_price is not None
        digits = minor_unit_digits(tariff.currency)
        self.excl_unit = 10 ** (2 * MICRO_DIGITS - digits)
        self.incl_unit = 10 ** (3 * MICRO_DIGITS - digits)

    def day(self, utc_day: int) -> Day:
        """The rows of a UTC day (days since 1970)."""
        found = self._days.get(utc_day)
        if found is None:
            if len(self._days) >= _MOST_DAYS:
                self._days.clear()
            found = self._days[utc_day] = self._day(utc_day)
        return found

    def row_at(self, instant_us: int) -> tuple[Row, int]:
        """The row of an instant, and an instant up to which it holds at least."""
        if self.always is not None:
            return self.always, _FOR_EVER
        utc_day = instant_us // DAY_US
        starts, rows = self.day(utc_day)
        index = bisect_right(starts, instant_us)
        holds_until_us = starts[index] if index < len(starts) else (utc_day + 1) * DAY_US
        return rows[index - 1], holds_until_us

    def changes_within(self, start_us: int, end_us: int) -> list[int]:
        """The instants in (start, end) at which another row begins to hold."""
        if self.always is not None:
            return []
        found = []
        holding, _ = self.row_at(start_us)
        for utc_day in range(start_us // DAY_US, (end_us - 1) // DAY_US + 1):
            for instant, row in zip(*self.day(utc_day), strict=True):
                if start_us < instant < end_us and row is not holding:
                    found.append(instant)
                    holding = row
        return found

    def _day(self, utc_day: int) -> Day:
        day = Day([], [])
        for instant in instants_of(self._minutes, utc_day, self.zone):
            wall = local_time(instant, self.zone)
            row = self._row(partial(fits_calendar, wall=wall))
            if not day.rows or day.rows[-1] is not row:
                day.starts.append(instant)
                day.rows.append(row)
        return day

    def _row(self, fits: Callable[[Restrictions], bool]) -> Row:
        found: dict[Key, list[Candidate]] = {}
        for element, rates in zip(self.tariff.elements, self._rates, strict=True):
            told = element.restrictions
            if not fits(told):
                continue
            asks = told if told.is_of_the_session else None
            for rate in rates:
                for reservation in _answers(told.reservation):
                    found.setdefault((reservation, rate.kind), []).append(Candidate(rate, asks))
        sure = {key: _up_to_the_first_sure(several) for key, several in found.items()}
        # One object per content: "is" tells whether a border changes anything.
        content = frozenset(sure.items())
        row = self._rows.get(content)
        if row is None:
            row = self._rows[content] = self._row_of(sure)
        return row

    def _row_of(self, sure: Mapping[Key, Candidates]) -> Row:
        kinds = [sure.get((None, kind), ()) for kind in Kind]
        used, expired = (
            (sure.get((one, Kind.TIME), ()), sure.get((one, Kind.FLAT), ()))
            for one in (Reservation.USED_OR_NOT, Reservation.EXPIRED)
        )
        energy, time, parking, flat = kinds
        return Row(energy, time, parking, flat, used, expired, self._simple(kinds))

    def _simple(self, kinds: list[Candidates]) -> SimpleRates | None:
        if any(candidate.asks is not None for several in kinds for candidate in several):
            return None
        return SimpleRates(
            *(
                several[0].rate if several else self.free.get((kind, False))
                for kind, several in zip(Kind, kinds, strict=True)
            )
        )


def _free_rates(told: list[list[Rate]]) -> dict[tuple[Kind, bool], Rate]:
    """What stands for "no element matches", of the kinds that the tariff does price elsewhere."""
    kinds = {(rate.kind, rate.bucket == RESERVATION) for rates in told for rate in rates}
    return {
        (kind, is_reserved): Rate(Component(kind=kind, price_micro=0), is_reserved=is_reserved)
        for kind, is_reserved in kinds
        if kind is not Kind.FLAT
    }


def _answers(told: Reservation | None) -> tuple[Reservation | None, ...]:
    """An element for reservations is for expired ones as well, but not the other way round."""
    if told is Reservation.USED_OR_NOT:
        return (Reservation.USED_OR_NOT, Reservation.EXPIRED)
    return (told,)


def _up_to_the_first_sure(candidates: list[Candidate]) -> Candidates:
    for index, candidate in enumerate(candidates):
        if candidate.asks is None:
            return tuple(candidates[: index + 1])
    return tuple(candidates)


def _marks(told: list[Restrictions], *names: str) -> list[int]:
    values = {getattr(one, name) for one in told for name in names}
    return sorted(value for value in values if value is not None)


def fits_calendar(told: Restrictions, wall: datetime) -> bool:
    """Whether a local wall clock is inside the times, dates and weekdays of the restrictions."""
    if told.days is not None and wall.weekday() not in told.days:
        return False
    if told.start_date is not None and wall.date() < told.start_date:
        return False
    if told.end_date is not None and wall.date() >= told.end_date:
        return False
    return _fits_clock(told, wall.hour * 60 + wall.minute)


def _fits_clock(told: Restrictions, minute: int) -> bool:
    starts = 0 if told.start_minute is None else told.start_minute
    ends = 24 * 60 if told.end_minute is None else told.end_minute
    if starts <= ends:
        return starts <= minute < ends
    return minute >= starts or minute < ends
