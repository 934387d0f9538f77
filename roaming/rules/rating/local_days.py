"""Where a local calendar changes what it says, as instants. Days of 23 and 25 hours included.

A restriction is judged at an instant turned into local time. So in the hour that autumn repeats, a
local time matches twice, and one that spring skips never does.
"""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000
_SECOND_US = 1_000_000


def local_time(instant_us: int, zone: ZoneInfo) -> datetime:
    """The wall clock of the zone at an instant given in microseconds since 1970."""
    seconds, rest = divmod(instant_us, _SECOND_US)
    instant = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=rest)
    return instant.astimezone(zone)


def instants_of(minutes: frozenset[int], utc_day: int, zone: ZoneInfo) -> list[int]:
    """The instants of a UTC day (days since 1970) at which the wall clock shows one of ``minutes``,
    comes to a new date or jumps; the start of the UTC day first; microseconds, in order.
    """
    start = utc_day * DAY_US
    found = {start}
    pieces = [start, *_jumps(utc_day, zone), start + DAY_US]
    for begins, ends in pairwise(pieces):
        found.add(begins)
        offset = _offset_us(begins, zone)
        # Between jumps the wall clock runs evenly, so its marks are a subtraction away.
        first_day, last_day = ((one + offset) // DAY_US for one in (begins, ends))
        for day in range(first_day, last_day + 1):
            marks = (day * DAY_US + minute * _MINUTE_US - offset for minute in {0, *minutes})
            found.update(mark for mark in marks if begins <= mark < ends)
    return sorted(found)


@lru_cache(maxsize=4096)
def _jumps(utc_day: int, zone: ZoneInfo) -> tuple[int, ...]:
    """The instants inside a UTC day at which the zone's offset changes.

    Looked for between full hours, then by halves: no zone changes twice within an hour.
    """
    start = utc_day * DAY_US
    hours = [start + hour * DAY_US // 24 for hour in range(25)]
    found = []
    for begins, ends in pairwise(hours):
        before = _offset_us(begins, zone)
        if before == _offset_us(ends, zone):
            continue
        seconds = range(begins // _SECOND_US, ends // _SECOND_US + 1)
        at = bisect_left(
            seconds,
            True,
            key=lambda second: _offset_us(second * _SECOND_US, zone) != before,
        )
        if seconds[at] * _SECOND_US < start + DAY_US:
            found.append(seconds[at] * _SECOND_US)
    return tuple(found)


def _offset_us(instant_us: int, zone: ZoneInfo) -> int:
    offset = local_time(instant_us, zone).utcoffset()
    if offset is None:
        raise ValueError(f"{zone} tells no offset from UTC.")
    return offset // timedelta(microseconds=1)
