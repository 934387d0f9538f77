"""Periods of the books: made month by month, locked by two persons, never opened again.

A locked period takes no posting (a trigger holds it): what is wrong goes into the open one. Records
that were supplied in it and are not settled are no reason to wait: they are accrued, and the
figure of the accrual is what the second person sees.
"""

import hashlib
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.models import FiscalPeriod, Transfer
from billing.queries_books import complete_until
from clearinghouse.periods import DEFAULT_TIME_ZONE, month_containing
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Approval, User
from partners.services import approvals

_ZONE = ZoneInfo(DEFAULT_TIME_ZONE)
VERB = "fiscal_period.lock"
# Who may lock what another asked to lock, or leave it open.
RIGHT = "billing.approve_fiscalperiod"
_ABOUT = "FiscalPeriod"


class NotLockable(Exception):
    """The period cannot be locked (yet); the text says why and what to do."""


def open_months(*, year: int, environment: str, now: datetime) -> list[FiscalPeriod]:
    """Make the twelve months of a year in the house's calendar; those that exist stay."""
    rows = []
    for number in range(1, 13):
        noon = datetime.combine(date(year, number, 2), datetime.min.time(), _ZONE)
        month = month_containing(noon)
        rows.append(
            FiscalPeriod(
                id=uuid7_at(now),
                environment=environment,
                name=f"{year:04}-{number:02}",
                starts_at=month.starts_at,
                ends_at=month.ends_at,
            )
        )
    FiscalPeriod.objects.bulk_create(rows, ignore_conflicts=True)
    names = [row.name for row in rows]
    return list(FiscalPeriod.objects.filter(environment=environment, name__in=names))


def why_not_lockable(period: FiscalPeriod) -> str:
    """ "" where it can be locked."""
    if period.state == FiscalPeriod.State.LOCKED:
        return "It is locked already."
    until = complete_until()
    if until is None or until < period.ends_at:
        return (
            "The books are not sealed up to its end yet: sealing runs every few minutes; lock it"
            " once the period is over."
        )
    waiting = Transfer.objects.filter(
        environment=period.environment,
        posted_at__gte=period.starts_at,
        posted_at__lt=period.ends_at,
        seal__isnull=True,
    )
    if waiting.exists():
        return "Postings of the period are not sealed yet: wait for the next sealing."
    earlier = FiscalPeriod.objects.filter(
        environment=period.environment,
        starts_at__lt=period.starts_at,
        state=FiscalPeriod.State.OPEN,
    )
    first = earlier.order_by("starts_at").first()
    return f"Lock {first} first: periods are locked in their order." if first else ""


def open_request(period: FiscalPeriod, *, now: datetime) -> Approval | None:
    """Who asked for the lock and waits for a second person."""
    return approvals.waiting(VERB, about=(_ABOUT, str(period.pk)), now=now)


def request_lock(period: FiscalPeriod, *, reason: str, maker: User, now: datetime) -> Approval:
    """Ask a second person to lock the period.

    :raises NotLockable: see ``why_not_lockable``.
    """
    if problem := why_not_lockable(period):
        raise NotLockable(problem)
    return approvals.request(
        VERB,
        about=(_ABOUT, str(period.pk)),
        content_sha256=_content(period),
        reason=reason,
        maker=maker,
        now=now,
    )


def lock(period_id: UUID, *, checker: User, now: datetime) -> FiscalPeriod:
    """Lock the period as a second person; what was asked for is what is locked.

    :raises NotLockable: nobody asked, or it cannot be locked any more.
    :raises partners.services.approvals.NotDecidable: the maker cannot decide.
    """

    def work() -> FiscalPeriod:
        period = FiscalPeriod.objects.select_for_update().get(pk=period_id)
        asked = open_request(period, now=now)
        if asked is None or asked.content_sha256 != _content(period):
            raise NotLockable("Nobody asked for it, or the request has expired: ask first.")
        if problem := why_not_lockable(period):
            raise NotLockable(problem)
        period.approval = approvals.approve(asked.pk, checker=checker, now=now, right=RIGHT)
        period.state, period.locked_at = FiscalPeriod.State.LOCKED, now
        period.save(update_fields=["approval", "state", "locked_at"])
        return period

    return in_transaction(work)


def refuse_lock(period_id: UUID, *, checker: User, now: datetime) -> None:
    """Leave the period open.

    :raises NotLockable: nobody asked.
    :raises partners.services.approvals.NotDecidable: the maker cannot decide.
    """

    def work() -> None:
        period = FiscalPeriod.objects.select_for_update().get(pk=period_id)
        asked = open_request(period, now=now)
        if asked is None:
            raise NotLockable("Nobody asked for it, or the request has expired.")
        approvals.refuse(asked.pk, checker=checker, now=now, right=RIGHT)

    in_transaction(work)


def _content(period: FiscalPeriod) -> str:
    said = f"{period.pk}|{period.starts_at.isoformat()}|{period.ends_at.isoformat()}"
    return hashlib.sha256(said.encode()).hexdigest()
