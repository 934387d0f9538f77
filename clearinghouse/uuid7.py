"""Time-ordered ids (UUIDv7, RFC 9562), made in Python before a row is written.

Their first 48 bits are milliseconds since 1970, so tables can be partitioned by id, and rows
that arrive together lie together.
"""

from __future__ import annotations

import os
import secrets
import struct
import threading
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import uuid_utils
import uuid_utils.compat

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LARGEST_MS = 2**48 - 1

# An id is 48 bits of time, then 4 of version, 12 free, 2 of variant, 62 free.
_TIME_SHIFT = 80
_FREE_BITS = 74
_LOW_BITS = 62
_LOW_MASK = (1 << _LOW_BITS) - 1
_VERSION_AND_VARIANT = (7 << 76) | (0b10 << 62)
# The next id of the same millisecond lies a random step further: nobody can guess it, and two
# processes that started near each other still do not meet (RFC 9562 §6.2, method 2).
_STEP_BITS = 32


class _Counter:
    """Hands out rising 74-bit numbers within one millisecond."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms = -1
        self._number = 0

    def take(self, ms: int, steps: Iterable[int]) -> list[int]:
        with self._lock:
            if ms != self._ms:
                # One bit is left free above the start, so that no count overflows.
                self._ms, self._number = ms, secrets.randbits(_FREE_BITS - 1)
            start = self._number
            numbers = [start := start + 1 + step for step in steps]
            self._number = start
            return numbers


_counter = _Counter()


def new_uuid7() -> uuid.UUID:
    """Return a new UUIDv7 of this very moment; the ids of one process rise."""
    return uuid_utils.compat.uuid7()


def uuid7_at(instant: datetime) -> uuid.UUID:
    """Return a new UUIDv7 that carries the given instant, cut to the millisecond.

    Ids that one process makes one after the other for one instant rise: the records of a batch
    that was received at one instant keep their order. Of two instants taken in turns only the
    instants are ordered.

    :raises ValueError: the instant is naive, or before 1970.
    """
    return _made(instant, [secrets.randbits(_STEP_BITS)])[0]


def uuid7s_at(instant: datetime, count: int) -> list[uuid.UUID]:
    """Return ``count`` rising ids of one instant, as ``uuid7_at`` makes them one by one.

    :raises ValueError: the instant is naive, or before 1970.
    """
    random = secrets.token_bytes(_STEP_BITS // 8 * count)
    return _made(instant, struct.unpack(f"={count}I", random))


def _made(instant: datetime, steps: Iterable[int]) -> list[uuid.UUID]:
    ms = _milliseconds(instant)
    frame = ms << _TIME_SHIFT | _VERSION_AND_VARIANT
    return [
        uuid.UUID(int=frame | (number >> _LOW_BITS) << 64 | number & _LOW_MASK)
        for number in _counter.take(ms, steps)
    ]


def floor_of(instant: datetime) -> uuid.UUID:
    """Return a lower bound of all UUIDv7 from the instant's millisecond on, for partitions.

    It is the time followed by zeros, without version and variant: a bound, not an id.

    :raises ValueError: the instant is naive, or before 1970.
    """
    return uuid.UUID(int=_milliseconds(instant) << _TIME_SHIFT)


def instant_of(value: uuid.UUID) -> datetime:
    """Return the aware UTC millisecond that a UUIDv7, or a floor, carries.

    :raises ValueError: the UUID carries no time in this form.
    """
    ms, rest = divmod(value.int, 1 << _TIME_SHIFT)
    if rest and value.version != 7:
        raise ValueError(f"{value} is not a UUIDv7 and carries no instant.")
    try:
        return _EPOCH + ms * _MILLISECOND
    except OverflowError:
        raise ValueError(f"{value} lies beyond the year 9999.") from None


def _milliseconds(instant: datetime) -> int:
    if instant.utcoffset() is None:
        raise ValueError(f"{instant} has no time zone. Pass an aware instant.")
    ms = (instant - _EPOCH) // _MILLISECOND
    if not 0 <= ms <= _LARGEST_MS:
        raise ValueError(f"{instant} does not fit into a UUIDv7.")
    return ms


def _start_afresh() -> None:
    """Forget the parent's numbers, lest parent and child hand out the same ids."""
    global _counter
    _counter = _Counter()
    uuid_utils.reseed_rng()


os.register_at_fork(after_in_child=_start_afresh)
