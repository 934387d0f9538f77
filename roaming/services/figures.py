"""Prepare what pages show at once: the records of each day, counted where they stand now."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from clearinghouse.locks import Lock, take
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import instant_of, new_uuid7
from roaming.models import DayFigure, SdrState
from roaming.rules.day_figures import DELAYS

# Older days stand as they were counted last; charts show a quarter at most.
DAYS_PREPARED = 100
# Who commits late: an event is seen by the preparation after next at the latest.
_SLACK = timedelta(minutes=15)
_SQL = Path(__file__).parent / "sql"
_COLUMNS = (
    "environment", "sender_id", "kind", "key", "currency", "records", "energy_kwh", "claim_amount",
)  # fmt: skip


@transaction.atomic
def prepare(*, now: datetime) -> dict[str, int]:
    """Count anew each day to whose records something happened since the last time.

    Days in UTC, up to and with that of ``now``. The same again changes nothing.
    """
    take(connection, Lock.FIGURES)
    days = _days(now)
    # All or nothing: what is prepared last says from when on the next one looks.
    return {"days": len(days), "rows": sum(_prepare_day(day, now=now) for day in days)}


def _prepare_day(day: date, *, now: datetime) -> int:
    told = _count(day)
    DayFigure.objects.filter(day=day).exclude(kind=DayFigure.Kind.MISSING).delete()
    DayFigure.objects.bulk_create(
        [
            DayFigure(
                id=new_uuid7(), day=day, prepared_at=now, **dict(zip(_COLUMNS, row, strict=True))
            )
            for row in told
        ],
        batch_size=1000,
    )
    return len(told)


def _days(now: datetime) -> list[date]:
    """Those up to the newest record's; where nothing came for long, its last ones."""
    oldest, newest = _received("id"), _received("-id")
    if oldest is None or newest is None:
        return []
    of_records = DayFigure.objects.exclude(kind=DayFigure.Kind.MISSING)
    since = of_records.aggregate(last=Max("prepared_at"))["last"] or oldest
    last = min(now, newest).date()
    parameters: dict[str, Any] = {
        "since": since - _SLACK,
        "first": last - timedelta(days=DAYS_PREPARED),
        "last": last,
    }
    return [day for (day,) in _rows("figure_days.sql", parameters)]


def _received(order: str) -> datetime | None:
    """When the first (``id``) or last (``-id``) record came, in UTC: its UUIDv7 says so."""
    one = SdrState.objects.order_by(order).values_list("id", flat=True).first()
    return None if one is None else instant_of(one)


def _count(day: date) -> list[tuple]:
    starts_at = datetime.combine(day, time(), UTC)
    return _rows(
        "figure_rows.sql",
        {
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(days=1),
            "bucket_limits_s": [float(limit_s) for _, limit_s in DELAYS],
            "bucket_names": [name for name, _ in DELAYS],
        },
    )


def _rows(name: str, parameters: dict[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / name), parameters)
        return cursor.fetchall()
