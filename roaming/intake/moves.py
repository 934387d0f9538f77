"""A step of records' lives, written: state, event, keys, hold queue and news in one go."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from clearinghouse.periods import acceptance_ends_at
from clearinghouse.statements import load_statement
from partners.models import RoamingAgreement, SettlementGroup
from roaming.models import SdrKey, SdrState

_SQL = Path(__file__).parent / "sql"
HOLD_DAYS = 30


def write_moves(
    record_ids: Collection[UUID],
    from_state: str,
    path: list[str],
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> list[UUID]:
    """Move what stands in ``from_state`` through ``path``; the ids of those moved.

    The caller has checked the path and holds the transaction.
    """
    parameters: dict[str, Any] = {
        "ids": sorted(record_ids),
        "from_state": from_state,
        "path": path,
        "to_state": path[-1],
        "is_delivered": "DELIVERED" in path,
        "actor": actor[:150],
        "reason": reason[:500],
        "now": now,
        "hold_until": now + timedelta(days=HOLD_DAYS),
    }
    deadlines = _deadlines(record_ids, now) if parameters["is_delivered"] else {}
    parameters |= {"deemed_ids": list(deadlines), "deadlines": list(deadlines.values())}
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "move_states.sql"), parameters)
        moved = [row[0] for row in cursor.fetchall()]
        for name in ("move_free_sessions", "move_holds", "move_owe_news"):
            cursor.execute(load_statement(_SQL / f"{name}.sql"), {**parameters, "ids": moved})
        if path[-1] == "REJECTED":
            _free_ids(cursor, moved)
    return moved


def _deadlines(record_ids: Collection[UUID], now: datetime) -> dict[UUID, datetime]:
    """Until when each record delivered now may be contested, on its settlement group's calendar."""
    rows = SdrState.objects.filter(
        id__in=record_ids, agreement__acceptance=RoamingAgreement.Acceptance.DEEMED
    ).values_list(
        "id",
        "ended_at",
        "agreement__acceptance_days",
        "agreement__group__cycle",
        "agreement__group__time_zone",
    )
    return {
        id_: acceptance_ends_at(
            now,
            days=days,
            ended_at=ended_at or now,
            is_weekly=cycle == SettlementGroup.Cycle.WEEKLY,
            tz=time_zone,
        )
        for id_, ended_at, days, cycle, time_zone in rows
    }


def _free_ids(cursor, rejected: list[UUID]) -> None:
    """Let the ids of records that were live until now be used again, as after intake.

    A rejection at the door may take the attempt's number first; the next look sees it.
    """
    left = len(rejected)
    while left:
        cursor.execute(load_statement(_SQL / "move_number_rejections.sql"), {"ids": rejected})
        cursor.execute(load_statement(_SQL / "move_free_ids.sql"), {"ids": rejected})
        left = SdrKey.objects.filter(record_id__in=rejected).count()
