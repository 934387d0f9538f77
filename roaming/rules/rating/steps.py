"""OCPI's step_size: a session's total is rounded up once, at the rate that came last.

Energy once per session; charging and parking time once together, so that charging time which priced
parking follows is not rounded; reserved time by itself. What is free counts for nothing.
"""

from roaming.rules.rating.compiled import Rate
from roaming.rules.rating.figures import MICRO
from roaming.rules.rating.tariff import Kind

_MICRO_PER_WH = 1000
_SECONDS = 3600
# Hours have four decimals on the wire, so a time is known to 0.18 s: what a total is over a step by
# less than that is noise, and no reason to bill another step. In millionths of an hour.
_NOISE = 50

# Charging and parking share one step; each of the others has its own.
_SHARED = {"parking": "time"}


class Totals:
    """What of a session is priced, by bucket, and the rates that came last."""

    __slots__ = ("_last", "_total")

    def __init__(self) -> None:
        self._total: dict[str, int] = {}
        self._last: dict[str, Rate] = {}

    def add(self, rate: Rate, quantity: int) -> None:
        """Add to the bucket of a rate that is neither free nor FLAT."""
        bucket = rate.bucket
        self._total[bucket] = self._total.get(bucket, 0) + quantity
        self._last[_SHARED.get(bucket, bucket)] = rate

    def surplus(self) -> list[tuple[Rate, int]]:
        """What each step adds, in millionths, at which rate; only what is above zero."""
        found = []
        for rate in self._last.values():
            added = surplus_of(rate, self._total[rate.bucket])
            if added:
                found.append((rate, added))
        return found


def surplus_of(rate: Rate, total: int) -> int:
    """What is missing from ``total`` to whole steps of the rate; never below zero."""
    if rate.kind is Kind.ENERGY:
        return -total % (rate.step_size * _MICRO_PER_WH)
    seconds = rate.step_size
    steps = -(-(total - _NOISE) * _SECONDS // (seconds * MICRO))
    billed = (2 * steps * seconds * MICRO + _SECONDS) // (2 * _SECONDS)
    return max(0, billed - total)
