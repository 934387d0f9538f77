"""A step of records' lives, written: state, event, keys, hold queue and news in one go."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from clearinghouse.statements import load_statement
from roaming.models import SdrKey

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
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / "move_states.sql"), parameters)
        moved = [row[0] for row in cursor.fetchall()]
        for name in ("move_free_sessions", "move_holds", "move_owe_news"):
            cursor.execute(load_statement(_SQL / f"{name}.sql"), {**parameters, "ids": moved})
        if path[-1] == "REJECTED":
            _free_ids(cursor, moved)
    return moved


def _free_ids(cursor, rejected: list[UUID]) -> None:
    """Let the ids of records that were live until now be used again, as after intake.

    A rejection at the door may take the attempt's number first; the next look sees it.
    """
    left = len(rejected)
    while left:
        cursor.execute(load_statement(_SQL / "move_number_rejections.sql"), {"ids": rejected})
        cursor.execute(load_statement(_SQL / "move_free_ids.sql"), {"ids": rejected})
        left = SdrKey.objects.filter(record_id__in=rejected).count()
