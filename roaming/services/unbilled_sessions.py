"""Tell staff and the CSO of sessions that are over and whose records did not come when agreed."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from clearinghouse.statements import load_statement
from partners.models import Party
from roaming.models import Alert
from roaming.rules import unbilled
from roaming.services import alerts, deliveries

_SQL = Path(__file__).parent / "sql"
# Longer than any agreement lets a record be late.
_LOOKED_BACK = timedelta(days=400)


def watch(*, now: datetime) -> dict[str, int]:
    """One open alert for each pair with such sessions; closed when their records came.

    An open alert's figures are kept up to date. The same again changes nothing.
    """
    with transaction.atomic():
        pairs = _pairs(now)
        parties = Party.objects.in_bulk({party for row in pairs for party in row[:2]})
        causes = {}
        for cso_id, csp_id, count, since_at in pairs:
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


def _pairs(now: datetime) -> list[tuple[UUID, UUID, int, datetime]]:
    parameters: dict[str, Any] = {
        "now": now,
        "since": now - _LOOKED_BACK,
        "usual_days": unbilled.USUAL_DAYS,
        "longest_days": unbilled.LONGEST_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "sessions_unbilled.sql"), parameters)
        return cursor.fetchall()
