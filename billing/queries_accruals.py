"""Accruals as of an instant: what was delivered and not settled, the same whenever it is read.

Facts are dated by the clock that the act read before its transaction, so an instant that has just
passed may still be given one: an answer is refused until every request and job that may do so has
ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from billing.queries_books import NotCompleteYet
from billing.rules.accruals import AccrualLine
from clearinghouse.money import MINOR_UNIT_DIGITS
from clearinghouse.periods import DEFAULT_TIME_ZONE
from clearinghouse.statements import load_statement
from partners.models import Job, Partner

# Longer than any request or clock work takes; jobs are asked for.
SETTLES_IN = timedelta(hours=1)
_SQL = Path(__file__).resolve().parent / "sql" / "accruals.sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines; ``None``: any."""

    supply_month: str | None = None
    seller_id: UUID | None = None
    buyer_id: UUID | None = None
    currency: str | None = None
    standing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccruedRecord:
    """One record of a line; a correction is named by its own id."""

    record_id: UUID
    line: AccrualLine


def accruals_complete_until(*, now: datetime) -> datetime:
    """The last instant for which accruals can be read."""
    running = Job.objects.filter(state=Job.State.RUNNING, started_at__isnull=False)
    oldest = running.order_by("started_at").values_list("started_at", flat=True).first()
    until = now - SETTLES_IN
    return min(until, oldest - timedelta(microseconds=1)) if oldest else until


def accruals(
    *,
    as_of: datetime,
    now: datetime,
    environment: str,
    partner: Partner | None = None,
    wanted: Wanted | None = None,
) -> list[AccrualLine]:
    """Lines of one partner or of all, by supply month, seller, buyer, currency and standing.

    :raises NotCompleteYet: an act that began until ``as_of`` may still be written.
    """
    _refuse_incomplete(as_of, now)
    rows = _rows(as_of, environment, partner, wanted or Wanted(), each=False)
    lines = [AccrualLine(*row[:6], *row[7:]) for row in rows]
    return sorted(lines, key=lambda line: tuple(map(str, line)))


def accrued_records(
    *,
    as_of: datetime,
    now: datetime,
    environment: str,
    partner: Partner | None = None,
    wanted: Wanted | None = None,
    after_id: UUID | None = None,
    limit: int | None = None,
) -> list[AccruedRecord]:
    """The records behind the lines, by id; a page of them begins after ``after_id``.

    :raises NotCompleteYet: an act that began until ``as_of`` may still be written.
    """
    _refuse_incomplete(as_of, now)
    rows = _rows(
        as_of,
        environment,
        partner,
        wanted or Wanted(),
        each=True,
        after_id=after_id,
        limit=limit,
    )
    return [AccruedRecord(record_id=row[6], line=AccrualLine(*row[:6], *row[7:])) for row in rows]


def _refuse_incomplete(as_of: datetime, now: datetime) -> None:
    until = accruals_complete_until(now=now)
    if as_of > until:
        raise NotCompleteYet(as_of, until)


def _rows(
    as_of: datetime,
    environment: str,
    partner: Partner | None,
    wanted: Wanted,
    *,
    each: bool,
    after_id: UUID | None = None,
    limit: int | None = None,
) -> Iterator[tuple]:
    parameters: dict[str, Any] = {
        "as_of": as_of,
        "environment": environment,
        "currencies": list(MINOR_UNIT_DIGITS),
        "digits": list(MINOR_UNIT_DIGITS.values()),
        "time_zone": DEFAULT_TIME_ZONE,
        "each": each,
        "after_id": after_id,
        "limit": limit,
        "partner_id": partner.pk if partner else None,
        "supply_month": wanted.supply_month,
        "seller_id": wanted.seller_id,
        "buyer_id": wanted.buyer_id,
        "currency": wanted.currency,
        "standing": wanted.standing,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL), parameters)
        yield from cursor.fetchall()
