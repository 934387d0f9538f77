"""Open items by how long they are past due."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from billing.rules.ageing import AgedLine
from clearinghouse.periods import DEFAULT_TIME_ZONE
from clearinghouse.statements import load_statement
from partners.models import Partner

_SQL = Path(__file__).resolve().parent / "sql" / "ageing.sql"


def today_at(now: datetime) -> date:
    """The day of the house's calendar, up to which days past due are counted."""
    return now.astimezone(ZoneInfo(DEFAULT_TIME_ZONE)).date()


def ageing(
    *,
    today: date,
    environment: str,
    partner: Partner | None = None,
    as_of: datetime | None = None,
) -> list[AgedLine]:
    """Lines of one partner or of all, as what is settled stands now, or stood at ``as_of``."""
    parameters: dict[str, Any] = {
        "today": today,
        "environment": environment,
        "partner_id": partner.pk if partner else None,
        "as_of": as_of,
    }
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL), parameters)
        return [AgedLine(*row) for row in cursor.fetchall()]
