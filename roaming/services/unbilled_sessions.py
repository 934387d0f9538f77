"""Tell staff and the CSO of sessions that are over and whose records did not come when agreed.

How many of each day are missing is prepared for the scorecards on the way.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from clearinghouse.locks import Lock, take
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import new_uuid7
from partners.models import Party
from roaming.models import Alert, DayFigure
from roaming.rules import unbilled
from roaming.services import alerts, deliveries
from roaming.services.figures import DAYS_PREPARED

_SQL = Path(__file__).parent / "sql"
# Longer than any agreement lets a record be late.
_LOOKED_BACK = timedelta(days=400)
_KEY = "SESSIONS"


class _Day(NamedTuple):
    """Sessions of one pair that were over on one day; ``awaited`` of them may still be billed."""

    cso_id: UUID
    csp_id: UUID
    owner_id: UUID | None
    day: date
    awaited: int
    since_at: datetime | None
    missing: int


def watch(*, now: datetime) -> dict[str, int]:
    """One open alert for each pair with such sessions; closed when their records came.

    An open alert's figures are kept up to date. The same again changes nothing.
    """
    first = now.astimezone(UTC).date() - timedelta(days=DAYS_PREPARED)
    with transaction.atomic():
        days = _days(now, counted_from=datetime.combine(first, time(), UTC))
        parties = Party.objects.in_bulk({one.cso_id for one in days} | {one.csp_id for one in days})
        _prepare([one for one in days if one.day >= first], parties, first=first, now=now)
        pairs = _pairs(days)
        causes = {}
        for (cso_id, csp_id), (count, since_at) in pairs.items():
            cso, csp = parties[cso_id], parties[csp_id]
            many = "session is" if count == 1 else "sessions are"
            text = (
                f"{count} {many} over at {cso.code} by drivers of {csp.code}, since"
                f" {since_at:%Y-%m-%d}, and no record came in the time agreed; ask the CSO"
            )
            causes[f"{cso_id} {csp_id}"] = (cso, text)
        kept = alerts.keep(Alert.Kind.UNBILLED, causes, now=now)
    deliveries.publish(kept.told)
    return {"pairs": len(pairs), "opened": len(kept.told), "closed": kept.closed}


def _pairs(days: list[_Day]) -> dict[tuple[UUID, UUID], tuple[int, datetime]]:
    """What is still awaited, by pair, and since when."""
    pairs: dict[tuple[UUID, UUID], tuple[int, datetime]] = {}
    for one in days:
        if one.since_at is not None:
            count, since_at = pairs.get((one.cso_id, one.csp_id), (0, one.since_at))
            together = (count + one.awaited, min(since_at, one.since_at))
            pairs[one.cso_id, one.csp_id] = together
    return pairs


def _prepare(days: list[_Day], parties: dict[UUID, Party], *, first: date, now: datetime) -> None:
    """Count the missing of the last days anew; days before stand as they were counted last."""
    take(connection, Lock.FIGURES)
    told: Counter[tuple[str, UUID, date]] = Counter()
    for one in days:
        if one.owner_id is not None:
            told[parties[one.cso_id].environment, one.owner_id, one.day] += one.missing
    DayFigure.objects.filter(kind=DayFigure.Kind.MISSING, day__gte=first).delete()
    DayFigure.objects.bulk_create(
        [
            DayFigure(
                id=new_uuid7(), environment=environment, sender_id=owner_id, day=day,
                kind=DayFigure.Kind.MISSING, key=_KEY, records=missing, prepared_at=now,
            )
            for (environment, owner_id, day), missing in sorted(told.items())
        ],
        batch_size=1000,
    )  # fmt: skip


def _days(now: datetime, *, counted_from: datetime) -> list[_Day]:
    parameters: dict[str, Any] = {
        "now": now,
        "since": now - _LOOKED_BACK,
        "usual_days": unbilled.USUAL_DAYS,
        "longest_days": unbilled.LONGEST_DAYS,
        "counted_from": counted_from,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "sessions_unbilled.sql"), parameters)
        return [_Day(*row) for row in cursor.fetchall()]
