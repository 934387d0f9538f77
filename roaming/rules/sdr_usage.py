"""What a service detail record used, in the figures that rating computes with.

Hours that the items tell are the seller's measure and are billed; where they tell none the clock
does. A period without energy after the charging is parking: the car asked for no power. Reserved
time lies before the session.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from roaming.rules.rating.figures import MICRO, micro_rounded
from roaming.rules.rating.refusals import RecordUnusable
from roaming.rules.rating.usage import Stretch, Usage, microseconds
from roaming.rules.record import InboundItem, InboundPeriod, InboundSdr

_HOUR_US = 3_600 * MICRO
_LONGEST_US = 400 * 24 * _HOUR_US
Span = tuple[int, int]


def usage_of(sdr: InboundSdr, *, outages: Sequence[Span] = ()) -> Usage:
    """The stretches of a record; ``outages`` are [start, end) in microseconds.

    :raises RecordUnusable: it tells no times or energy, or times that no session has.
    """
    if sdr.started_at is None or sdr.ended_at is None or sdr.energy_kwh is None:
        raise RecordUnusable("RECORD_UNREADABLE", "start, end and energy are needed")
    start, end = microseconds(sdr.started_at), microseconds(sdr.ended_at)
    if end < start:
        raise RecordUnusable("PERIODS_OUT_OF_ORDER", "it ends before it starts")
    if end - start > _LONGEST_US:
        raise RecordUnusable("RECORD_TOO_LONG", "no session lasts that long")
    session = (
        _by_periods(sdr, sdr.charging_periods, start, end)
        if sdr.charging_periods
        else _by_clock(sdr, start, end)
    )
    reserved = _hours(sdr.items, "RESERVATION")
    if reserved:
        session = [Stretch(start - _span_of(reserved), start, reserved=reserved), *session]
    return Usage(stretches=tuple(session), outages=tuple(outages))


def _by_clock(sdr: InboundSdr, start: int, end: int) -> list[Stretch]:
    """Charging, and then parking where an item or the end of charging tells of it."""
    energy = micro_rounded(sdr.energy_kwh or Decimal(0))
    told_parking = _hours(sdr.items, "PARKING")
    charged_until = _within(sdr.charging_ended_at, start, end, otherwise=end)
    if sdr.charging_ended_at is None and told_parking:
        charged_until = max(start, end - _span_of(told_parking))
    charged_from = _within(sdr.charging_started_at, start, charged_until, otherwise=start)
    charging = _hours(sdr.items, "TIME")
    if charging is None:
        charging = _hours_of(charged_until - charged_from)
    parking = _hours_of(end - charged_until) if told_parking is None else told_parking
    stretches = [Stretch(start, charged_until, energy=energy, charging=charging)]
    if parking:
        stretches.append(Stretch(charged_until, end, parking=parking))
    return stretches


def _by_periods(
    sdr: InboundSdr, periods: Sequence[InboundPeriod], start: int, end: int
) -> list[Stretch]:
    marks = [*(microseconds(one.started_at) for one in periods), end]
    if marks[0] < start or any(later < earlier for earlier, later in pairwise(marks)):
        raise RecordUnusable("PERIODS_OUT_OF_ORDER", "periods do not follow one another")
    energies = [micro_rounded(one.energy_kwh) for one in periods]
    last = max((index for index, energy in enumerate(energies) if energy), default=-1)
    stretches = []
    for index, (one, (begins, ends)) in enumerate(zip(periods, pairwise(marks), strict=True)):
        time = _hours_of(one.duration_s * MICRO if one.duration_s else ends - begins)
        charges = index <= last
        stretches.append(
            Stretch(
                begins,
                ends,
                energy=energies[index],
                charging=time if charges else 0,
                parking=0 if charges else time,
            )
        )
    return _measured(stretches, sdr)


def _measured(stretches: list[Stretch], sdr: InboundSdr) -> list[Stretch]:
    """Energy and hours that the record tells as a whole, put on its last fitting period."""
    told = {
        "energy": micro_rounded(sdr.energy_kwh or Decimal(0)),
        "charging": _hours(sdr.items, "TIME"),
        "parking": _hours(sdr.items, "PARKING"),
    }
    for name, total in told.items():
        missing = 0 if total is None else total - sum(getattr(one, name) for one in stretches)
        if not missing:
            continue
        fitting = [i for i, one in enumerate(stretches) if getattr(one, name) + missing > 0]
        if not fitting:
            raise RecordUnusable(
                "RECORD_UNREADABLE", f"the periods do not come to the {name} of the record"
            )
        filled = [i for i in fitting if getattr(stretches[i], name)]
        index = (filled or fitting)[-1]
        value = getattr(stretches[index], name) + missing
        stretches[index] = stretches[index]._replace(**{name: value})
    return stretches


def _within(instant: datetime | None, start: int, end: int, *, otherwise: int) -> int:
    return otherwise if instant is None else min(max(microseconds(instant), start), end)


def _hours(items: Sequence[InboundItem], kind: str) -> int | None:
    """Hours of a kind in millionths; ``None``: no item tells any."""
    told = [item.quantity for item in items if item.kind == kind and item.quantity is not None]
    return micro_rounded(sum(told, Decimal(0))) if told else None


def _hours_of(span_us: int) -> int:
    return (2 * span_us * MICRO + _HOUR_US) // (2 * _HOUR_US)


def _span_of(hours_micro: int) -> int:
    return hours_micro * _HOUR_US // MICRO
