"""The demo's three months, told through the services that real days use."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

from billing.models import Settlement
from billing.services import releases
from billing.services.closing import close_window, due_windows
from billing.services.windows import ensure_windows
from clearinghouse.demo.cast import CAST, World
from clearinghouse.demo.logins import STAFF
from clearinghouse.demo.sessions import every_day, records_of
from partners.models import Environment, User
from roaming.intake.structure import read_sdr
from roaming.services.intake import Origin, take_in


def send_all(world: World, *, tick: Callable[[], None]) -> Counter[str]:
    """Send every record on the morning after its day; return how many became what."""
    outcomes: Counter[str] = Counter()
    ensure_windows(world.group, now=_morning_after(next(every_day())))
    for day in every_day():
        for company in CAST:
            if company.cso:
                outcomes.update(_send(world, company.name, company.cso, day))
        _close_what_is_due(world, now=_morning_after(day))
        tick()
    return outcomes


def _send(world: World, name: str, seller: str, day: date) -> Iterator[str]:
    submissions = [read_sdr(msgspec.json.encode(record)) for record in records_of(seller, day)]
    chunks = take_in(
        submissions,
        sender=world.partners[name],
        environment=Environment.LIVE,
        origin=Origin(door="DEMO", actor=f"system of {name}", file_name=f"{seller} {day}"),
        received_at=_morning_after(day),
    )
    return (outcome.outcome for chunk in chunks for outcome in chunk)


def _close_what_is_due(world: World, *, now: datetime) -> None:
    """Close as the calendar would, and let it out by two persons; the third month stays open."""
    for window in due_windows(now=now, group=world.group):
        settlement = close_window(window, now=now).settlement
        if settlement.state == Settlement.State.CALCULATED:
            _release(settlement, now=now)


def _release(settlement: Settlement, *, now: datetime) -> None:
    maker, checker = (User.objects.get(username=name) for name in STAFF)
    approval = releases.request_release(settlement, reason="month-end", maker=maker, now=now)
    releases.approve_and_release(
        settlement, approval.pk, reason="compared with last month", checker=checker, now=now
    )


def _morning_after(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 5, 30, tzinfo=UTC) + timedelta(days=1)
