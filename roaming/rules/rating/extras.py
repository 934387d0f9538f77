"""What an agreement adds to a tariff and OCPI cannot say: idle fee, session minimum, discount."""

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from roaming.rules.rating.figures import MICRO, NO_VAT_FACTOR
from roaming.rules.rating.local_days import DAY_US, instants_of, local_time
from roaming.rules.rating.usage import Usage

_MINUTE_US = 60 * MICRO
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleFee:
    """A price per minute that the car stays parked beyond a grace time, up to a cap.

    Local minutes of the day in [``exempt_from_minute``, ``exempt_until_minute``) cost nothing and
    use up no grace (an end before the start wraps around midnight), nor does an outage.
    """

    grace_min: int
    per_minute_micro: int
    most_micro: int | None = None
    exempt_from_minute: int | None = None
    exempt_until_minute: int | None = None
    vat_micro: int | None = None

    @property
    def vat_factor(self) -> int:
        return NO_VAT_FACTOR if self.vat_micro is None else MICRO + self.vat_micro


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMinimum:
    """A session below both figures costs nothing (a reservation before it does)."""

    energy_micro: int
    duration_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """``discount_micro`` is a fraction in millionths off the tariff's price, not the idle fee."""

    idle_fee: IdleFee | None = None
    session_minimum: SessionMinimum | None = None
    discount_micro: int = 0


NO_EXTRAS = Extras()


def reached_discount(tiers: Iterable[tuple[int, int]], volume_micro: int) -> int:
    """The discount of the highest tier whose volume (millionths of a kWh) is reached, or none."""
    reached = [tier for tier in tiers if tier[0] <= volume_micro]
    return max(reached)[1] if reached else 0


def is_below_minimum(usage: Usage, minimum: SessionMinimum) -> bool:
    """Judged without the reservation."""
    charged = [one for one in usage.stretches if not one.is_reservation]
    if not charged:
        return False
    lasted_us = charged[-1].end_us - charged[0].start_us
    return usage.energy < minimum.energy_micro and lasted_us < minimum.duration_s * MICRO


def idle_minutes(usage: Usage, fee: IdleFee, zone: ZoneInfo) -> int:
    """The minutes to pay for, in millionths, halves up, after exemptions and grace.

    A period with parking time counts for that time, from its end backwards: a car charges first.
    """
    spans = [
        (one.end_us - min(one.parking * 3600, one.end_us - one.start_us), one.end_us)
        for one in usage.stretches
        if one.parking
    ]
    for outage in usage.outages:
        spans = _without(spans, outage)
    for exempt in _exempt_spans(spans, fee, zone):
        spans = _without(spans, exempt)
    idle_us = sum(ends - starts for starts, ends in spans) - fee.grace_min * _MINUTE_US
    return max(0, (2 * idle_us + 60) // 120)


def _without(spans: list[Span], hole: Span) -> list[Span]:
    kept = []
    for starts, ends in spans:
        kept += [(starts, min(ends, hole[0])), (max(starts, hole[1]), ends)]
    return [(starts, ends) for starts, ends in kept if starts < ends]


def _exempt_spans(spans: list[Span], fee: IdleFee, zone: ZoneInfo) -> list[Span]:
    if fee.exempt_from_minute is None or fee.exempt_until_minute is None or not spans:
        return []
    starts, until = fee.exempt_from_minute, fee.exempt_until_minute
    days = range(spans[0][0] // DAY_US, spans[-1][1] // DAY_US + 1)
    marks = [mark for day in days for mark in instants_of(frozenset((starts, until)), day, zone)]
    found = []
    for begins, ends in zip(marks, [*marks[1:], spans[-1][1]], strict=True):
        wall = local_time(begins, zone)
        minute = wall.hour * 60 + wall.minute
        wraps = starts > until
        inside = (minute >= starts or minute < until) if wraps else starts <= minute < until
        if inside:
            found.append((begins, ends))
    return found
