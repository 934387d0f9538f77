"""Half-open periods of a local calendar, and the TARGET business days on which books close.

A month of settlement begins and ends at local midnight, so its length in hours changes with
daylight saving; both ends are kept as UTC instants. Nothing here reads the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import financial_holidays

# The European Central Bank's calendar day ends here.
DEFAULT_TIME_ZONE = "Europe/Brussels"

# Books of a month close on business day 6 after it, those of a week on business day 2 after it,
# both at this local time (defaults of the house; a settlement group may differ).
CLOSING_TIME = time(18, 0)
MONTHLY_CLOSING_BUSINESS_DAY = 6
WEEKLY_CLOSING_BUSINESS_DAY = 2

# What a CSP does not contest until then counts for the month (or week) that closes that day; it has
# three business days at least, whenever it was delivered.
ACCEPTANCE_TIME = time(12, 0)
LEAST_ACCEPTANCE_BUSINESS_DAYS = 3

# A partner may object to a provisional statement until noon of the n-th business day after the day
# on which it was given one.
OBJECTION_TIME = time(12, 0)
MONTHLY_OBJECTION_BUSINESS_DAYS = 3
WEEKLY_OBJECTION_BUSINESS_DAYS = 1

# Longer than from the begin of a month to the day on which its books close.
_LONGEST_CLOSING = timedelta(days=62)
_SATURDAY = 5
_ECB_TIME_ZONE, _ECB_TIME = "Europe/Berlin", time(16, 0)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The instants from ``starts_at`` up to, but without, ``ends_at``; both aware UTC.

    :raises ValueError: an end is not UTC, or the period is empty.
    """

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        for instant in (self.starts_at, self.ends_at):
            if instant.utcoffset() != timedelta(0):
                raise ValueError(f"A period is bounded by UTC instants; {instant} is not one.")
        if self.starts_at >= self.ends_at:
            raise ValueError(f"A period ends after it starts; {self.ends_at} is not after.")

    def __contains__(self, instant: datetime) -> bool:
        return self.starts_at <= instant < self.ends_at


def month_containing(instant: datetime, tz: str = DEFAULT_TIME_ZONE) -> Period:
    """Return the calendar month of the time zone in which the instant lies.

    :raises ValueError: the instant is naive.
    """
    first = _local_date(instant, tz).replace(day=1)
    return _period(first, _first_of_next_month(first), tz)


def week_containing(instant: datetime, tz: str = DEFAULT_TIME_ZONE) -> Period:
    """Return the week, Monday to Monday, of the time zone in which the instant lies.

    :raises ValueError: the instant is naive.
    """
    local = _local_date(instant, tz)
    monday = local - timedelta(days=local.weekday())
    return _period(monday, monday + _WEEK, tz)


def next_period(period: Period, tz: str = DEFAULT_TIME_ZONE) -> Period:
    """Return the month after a month, or the week after a week.

    :raises ValueError: the period is neither a month nor a week in this time zone.
    """
    following = week_containing if _is_week(period, tz) else month_containing
    return following(period.ends_at, tz)


def closing_at(period: Period, tz: str = DEFAULT_TIME_ZONE) -> datetime:
    """Return the UTC instant at which the books of a period close.

    By default 18:00 local time: of business day 6 after a month, of business day 2 after a week.
    The day on which the period ends counts as day 1 if it is a business day.

    :raises ValueError: the period is neither a month nor a week in this time zone.
    """
    number = WEEKLY_CLOSING_BUSINESS_DAY if _is_week(period, tz) else MONTHLY_CLOSING_BUSINESS_DAY
    closing_date = add_business_days(_local_date(period.ends_at, tz) - _DAY, number)
    return datetime.combine(closing_date, CLOSING_TIME, ZoneInfo(tz)).astimezone(UTC)


def acceptance_ends_at(
    delivered_at: datetime,
    *,
    days: int,
    ended_at: datetime,
    is_weekly: bool = False,
    tz: str = DEFAULT_TIME_ZONE,
) -> datetime:
    """Return the UTC instant until which a record may be contested before it is deemed accepted.

    That is ``days`` after its delivery, but no later than noon of the day on which the books close
    that it can still reach, and no earlier than noon of the third business day after the day of
    its delivery. So of a month's records delivered by business day 3, each is accepted, held or
    disputed before the month's books close at 18:00 on business day 6.

    :raises ValueError: an instant is naive.
    """
    containing = week_containing if is_weekly else month_containing
    # A period that ended long ago is closed; the books of the one before delivery may be open.
    period = containing(max(ended_at, delivered_at - _LONGEST_CLOSING), tz)
    return _contested_until(delivered_at, days, period, tz)


def objections_end_at(
    given_at: datetime, *, is_weekly: bool = False, tz: str = DEFAULT_TIME_ZONE
) -> datetime:
    """Return the last UTC instant at which a provisional statement may be objected to.

    Noon of the third TARGET business day after the day on which it was given, of the first one
    where settlement is weekly.

    :raises ValueError: the instant is naive.
    """
    number = WEEKLY_OBJECTION_BUSINESS_DAYS if is_weekly else MONTHLY_OBJECTION_BUSINESS_DAYS
    last_date = add_business_days(_local_date(given_at, tz), number)
    return datetime.combine(last_date, OBJECTION_TIME, ZoneInfo(tz)).astimezone(UTC)


@lru_cache(maxsize=1024)
def _contested_until(delivered_at: datetime, days: int, period: Period, tz: str) -> datetime:
    """Records come in batches: many are delivered at one instant and ended in one period."""
    zone = ZoneInfo(tz)
    least_date = add_business_days(_local_date(delivered_at, tz), LEAST_ACCEPTANCE_BUSINESS_DAYS)
    least_at = datetime.combine(least_date, ACCEPTANCE_TIME, zone).astimezone(UTC)
    while (noon := _acceptance_noon(period, tz)) <= delivered_at:
        period = next_period(period, tz)
    return max(min(delivered_at + timedelta(days=days), noon), least_at)


def _acceptance_noon(period: Period, tz: str) -> datetime:
    zone = ZoneInfo(tz)
    closing_date = closing_at(period, tz).astimezone(zone).date()
    return datetime.combine(closing_date, ACCEPTANCE_TIME, zone).astimezone(UTC)


def is_business_day(day: date) -> bool:
    """Tell whether TARGET settles on that day: no weekend and no closing day of the ECB."""
    return day.weekday() < _SATURDAY and day not in _closing_days(day.year)


def business_day(number: int, *, year: int, month: int) -> date:
    """Return the n-th TARGET business day of a calendar month, counted from 1.

    :raises ValueError: the month has no such business day.
    """
    if number < 1:
        raise ValueError(f"Business days are counted from 1, not {number}.")
    found = add_business_days(date(year, month, 1) - _DAY, number)
    if (found.year, found.month) != (year, month):
        raise ValueError(f"{year}-{month:02} has no business day {number}.")
    return found


def add_business_days(day: date, number: int) -> date:
    """Return the n-th TARGET business day after a day, or before it for a negative number.

    Zero returns the day itself, or the next business day if it is none.
    """
    if number == 0:
        day, number = day - _DAY, 1
    step = _DAY if number > 0 else -_DAY
    for _count in range(abs(number)):
        day += step
        while not is_business_day(day):
            day += step
    return day


def reference_rate_date(instant: datetime) -> date:
    """Return the day of the ECB's reference rates that are the newest at an instant.

    They come out at about 16:00 in Frankfurt on every TARGET business day.

    :raises ValueError: the instant is naive.
    """
    day = _local_date(instant, _ECB_TIME_ZONE)
    if is_business_day(day) and instant.astimezone(ZoneInfo(_ECB_TIME_ZONE)).time() >= _ECB_TIME:
        return day
    return add_business_days(day, -1)


@lru_cache(maxsize=64)
def _closing_days(year: int) -> frozenset[date]:
    return frozenset(financial_holidays("XECB", years=year))


def _local_date(instant: datetime, tz: str) -> date:
    if instant.utcoffset() is None:
        raise ValueError(f"{instant} has no time zone. Pass an aware instant.")
    return instant.astimezone(ZoneInfo(tz)).date()


def _first_of_next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _period(first: date, end: date, tz: str) -> Period:
    """Bound a period by the local midnights of two days, the second excluded."""
    zone = ZoneInfo(tz)
    return Period(
        datetime.combine(first, time.min, zone).astimezone(UTC),
        datetime.combine(end, time.min, zone).astimezone(UTC),
    )


def _is_week(period: Period, tz: str) -> bool:
    if period == week_containing(period.starts_at, tz):
        return True
    if period == month_containing(period.starts_at, tz):
        return False
    raise ValueError(
        f"{period.starts_at} to {period.ends_at} is neither a month nor a week in {tz}."
    )
