"""Prepared figures, added up for charts, tiles and the scorecards of senders.

Periods are days of receipt in UTC, half-open. All read ``DayFigure`` alone, whose rows are few.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Max, Q, QuerySet, Sum

from roaming.models import DayFigure, SdrState
from roaming.rules.day_figures import DELAYS

Kind = DayFigure.Kind
_State = SdrState.State
_OF_RECORDS = DayFigure.objects.exclude(kind=Kind.MISSING)
_REACHED = (_State.DELIVERED, _State.DISPUTED, _State.ACCEPTED)
_TAKEN_BACK = (_State.WITHDRAWN, _State.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures: one environment, days from ``first`` to before ``until``, maybe one sender."""

    environment: str
    first: date
    until: date
    sender_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DayVolume:
    """What one day brought; energy without refused records, which may say anything."""

    day: date
    records: int
    energy_kwh: Decimal
    claim_amount: Decimal


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far the records of a period came. Those that the seller took back are counted apart."""

    received: int
    passed: int
    delivered: int
    accepted: int
    taken_back: int


@dataclass(frozen=True, slots=True)
class Score:
    """How well one sender's records come in. ``late`` came 3 days or more after their end.

    ``missing``: sessions that were over in the period, and no record came in the time agreed.
    """

    sender_id: UUID
    received: int
    refused: int
    held: int
    late: int
    with_delay: int
    missing: int = 0


def prepared_at() -> datetime | None:
    """When figures were counted last."""
    return _OF_RECORDS.aggregate(last=Max("prepared_at"))["last"]


def last_day() -> date | None:
    """The newest day that has records."""
    return _OF_RECORDS.aggregate(last=Max("day"))["last"]


def missing(asked: Asked) -> dict[date, int]:
    """Sessions without a record by the day on which they were over."""
    rows = _figures(asked, Kind.MISSING).values_list("day").annotate(n=Sum("records")).order_by()
    return dict(rows)


def states(asked: Asked) -> dict[str, int]:
    """Records by the state in which they are now."""
    return _by_key(asked, Kind.STATE)


def causes(asked: Asked, kind: str) -> list[tuple[str, int]]:
    """Codes that refused (REFUSED) or hold (HELD) records, the most frequent one first."""
    return frequent_first(_by_key(asked, kind))


def frequent_first(told: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(told.items(), key=lambda one: (-one[1], one[0]))


def keyed(asked: Asked, *kinds: str) -> dict[str, dict[str, int]]:
    """Several kinds at once, each by its keys."""
    told: dict[str, dict[str, int]] = {kind: {} for kind in kinds}
    rows = _figures(asked, *kinds).values_list("kind", "key").annotate(n=Sum("records")).order_by()
    for kind, key, n in rows:
        told[kind][key] = n
    return told


def delays(asked: Asked) -> list[tuple[str, int]]:
    """Each bucket in its order, empty ones too."""
    told = _by_key(asked, Kind.DELAY)
    return [(name, told.get(name, 0)) for name, _ in DELAYS]


def funnel(asked: Asked) -> Funnel:
    """Each step holds those of the next one."""
    return funnel_of(states(asked))


def funnel_of(told: Mapping[str, int]) -> Funnel:
    """The same of states that were counted already."""
    received = sum(told.values())
    stuck = sum(told.get(one, 0) for one in (_State.RECEIVED, _State.REJECTED, _State.HELD))
    taken_back = sum(told.get(one, 0) for one in _TAKEN_BACK)
    return Funnel(
        received=received,
        passed=received - stuck - taken_back,
        delivered=sum(told.get(one, 0) for one in _REACHED),
        accepted=told.get(_State.ACCEPTED, 0),
        taken_back=taken_back,
    )


def volumes(asked: Asked) -> dict[str, list[DayVolume]]:
    """By currency ("" where none could be read), days with records alone, oldest first."""
    sound = ~Q(key=_State.REJECTED)
    rows = (
        _figures(asked, Kind.STATE)
        .values_list("currency", "day")
        .annotate(
            n=Sum("records"), energy=Sum("energy_kwh", filter=sound), claim=Sum("claim_amount")
        )
        .order_by("currency", "day")
    )
    told: dict[str, list[DayVolume]] = defaultdict(list)
    for currency, day, n, energy, claim in rows:
        told[currency].append(DayVolume(day, n, energy or Decimal(0), claim))
    return dict(told)


def scores(asked: Asked) -> list[Score]:
    """One for each that sent something in the period or should have, the busiest one first."""
    late = _names_from("under 7 d")
    sums: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = (
        _figures(asked, Kind.STATE, Kind.DELAY, Kind.MISSING)
        .values_list("sender", "kind", "key")
        .annotate(n=Sum("records"))
        .order_by()
    )
    for sender, kind, key, n in rows:
        sums[sender][kind] += n
        sums[sender]["late"] += n if kind == Kind.DELAY and key in late else 0
        sums[sender][key] += n if kind == Kind.STATE else 0
    told = [
        Score(
            sender_id=sender,
            received=one[Kind.STATE],
            refused=one[_State.REJECTED],
            held=one[_State.HELD],
            late=one["late"],
            with_delay=one[Kind.DELAY],
            missing=one[Kind.MISSING],
        )
        for sender, one in sums.items()
    ]
    return sorted(told, key=lambda one: (-one.received, one.sender_id))


def _names_from(first: str) -> Sequence[str]:
    names = [name for name, _ in DELAYS]
    return names[names.index(first) :]


def _by_key(asked: Asked, kind: str) -> dict[str, int]:
    rows = _figures(asked, kind).values_list("key").annotate(n=Sum("records")).order_by()
    return dict(rows)


def _figures(asked: Asked, *kinds: str) -> QuerySet[DayFigure]:
    told = DayFigure.objects.filter(
        environment=asked.environment,
        day__gte=asked.first,
        day__lt=asked.until,
        kind__in=kinds,
    )
    return told if asked.sender_id is None else told.filter(sender=asked.sender_id)
