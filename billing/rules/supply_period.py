"""Supply periods and instants in the words that partners read, in the language of who reads."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

_DASH = "\N{EN DASH}"


def supply_title(starts_at: datetime, ends_at: datetime, *, time_zone: str) -> str:
    """Name the half-open period: "November 2026", "2 – 8 November 2026", or its two instants."""
    zone = ZoneInfo(time_zone)
    first, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    if (first.hour, first.minute, end.hour, end.minute) != (0, 0, 0, 0):
        return f"{local_instant(starts_at, time_zone)} {_DASH} {local_instant(ends_at, time_zone)}"
    last = end - timedelta(days=1)
    if first.day == 1 and end.day == 1 and first.month == last.month:
        return date_format(first, "F Y")
    if (first.year, first.month) == (last.year, last.month):
        return f"{date_format(first, 'DAY_OF_MONTH_FORMAT')} {_DASH} {local_day(last)}"
    return f"{local_day(first)} {_DASH} {local_day(last)}"


def local_day(day: datetime) -> str:
    """The calendar day as the instant's own zone has it: "8 December 2026"."""
    return date_format(day, "LONG_DATE_FORMAT")


def local_instant(instant: datetime, time_zone: str) -> str:
    """The instant on that zone's clocks: "8 December 2026, 18:00"."""
    local = instant.astimezone(ZoneInfo(time_zone))
    return f"{local_day(local)}, {local:%H:%M}"
