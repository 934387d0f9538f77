"""Keep windows open, so that no record ever finds none to go into."""

from collections.abc import Iterator
from datetime import datetime

from billing.models import ClearingWindow
from clearinghouse.periods import Period, closing_at, month_containing, week_containing
from clearinghouse.uuid7 import uuid7_at
from partners.models import SettlementGroup


def ensure_windows(group: SettlementGroup, *, now: datetime) -> int:
    """Open what is missing of the supply periods from the one around ``now`` to the next.

    Where those were all closed early, the one after them is opened. Periods that lie between the
    group's newest window and ``now`` are opened too, unless their closing day has passed. Returns
    how many were opened; two callers at once open each window once.
    """
    known = {
        window.supply_starts_at: window
        for window in ClearingWindow.objects.filter(group=group).order_by("supply_starts_at")
    }
    missing = [period for period in _wanted(group, known, now) if period.starts_at not in known]
    ClearingWindow.objects.bulk_create(
        [
            ClearingWindow(
                id=uuid7_at(now),
                group=group,
                environment=group.environment,
                supply_starts_at=period.starts_at,
                supply_ends_at=period.ends_at,
                closes_at=closing_at(period, group.time_zone),
                opened_at=now,
            )
            for period in missing
        ],
        ignore_conflicts=True,
    )
    return len(missing)


def supply_period(group: SettlementGroup, *, at: datetime) -> Period:
    """The group's month or week around ``at``, in the group's time zone."""
    is_weekly = group.cycle == SettlementGroup.Cycle.WEEKLY
    containing = week_containing if is_weekly else month_containing
    return containing(at, group.time_zone)


def _wanted(
    group: SettlementGroup, known: dict[datetime, ClearingWindow], now: datetime
) -> list[Period]:
    current = supply_period(group, at=now)
    wanted = [current, supply_period(group, at=current.ends_at)]
    while all(period.starts_at in known for period in wanted) and not _is_open_for(known, now):
        wanted.append(supply_period(group, at=wanted[-1].ends_at))
    return [*_skipped(group, known, current=current, now=now), *wanted]


def _skipped(
    group: SettlementGroup,
    known: dict[datetime, ClearingWindow],
    *,
    current: Period,
    now: datetime,
) -> Iterator[Period]:
    """Periods after the newest window and before ``now`` whose closing day is still to come."""
    if not known:
        return
    ends_at = known[max(known)].supply_ends_at
    while ends_at < current.starts_at:
        period = supply_period(group, at=ends_at)
        ends_at = period.ends_at
        if closing_at(period, group.time_zone) > now:
            yield period


def _is_open_for(known: dict[datetime, ClearingWindow], now: datetime) -> bool:
    """Does a record that ends now find a window?"""
    return any(
        window.state == ClearingWindow.State.OPEN and window.supply_ends_at > now
        for window in known.values()
    )
