"""Move records along the one transition table: state and event in one statement.

Partners and staff call verbs; nobody sets a state. A move that another one overtook changes
nothing.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from clearinghouse.statements import load_statement
from roaming.intake.moves import write_moves
from roaming.models import SdrState
from roaming.rules.lifecycle import check_path
from roaming.services import deliveries

# The time to contest once more (finance.md §1.2): a receiver that is away must not keep money back
# for ever, and what it did not take lies ready to be pulled.
LONGEST_STANDSTILL_DAYS = 10

_SQL = Path(__file__).parent / "sql"


def move(
    record_id: UUID,
    path: str | Sequence[str],
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> SdrState:
    """Move one record through ``path`` (a state, or several passed at one instant).

    :raises SdrState.DoesNotExist: there is no such record.
    :raises IllegalTransition: the table lacks a hop from where it stands; nothing was changed.
    """
    hops = [path] if isinstance(path, str) else list(path)
    with transaction.atomic():
        state = SdrState.objects.select_for_update().get(id=record_id)
        check_path(state.state, hops)
        write_moves([record_id], state.state, hops, actor=actor, reason=reason, now=now)
        state.refresh_from_db()
    deliveries.publish({side for side in (state.seller_id, state.buyer_id) if side})
    return state


def move_many(
    record_ids: Collection[UUID],
    from_state: str,
    path: Sequence[str],
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> list[UUID]:
    """Move all of ``record_ids`` that stand in ``from_state``; the ids of those moved.

    What another process moved meanwhile is left alone, so a rerun changes nothing.

    :raises IllegalTransition: the table lacks a hop of ``path``; nothing was changed.
    """
    check_path(from_state, path)
    with transaction.atomic():
        return write_moves(record_ids, from_state, list(path), actor=actor, reason=reason, now=now)


def deem_accepted(*, now: datetime, limit: int = 50_000) -> int:
    """Accept what the CSP left unanswered past its deadline; run by the clock.

    The clock stands still while the CSP's webhook cannot be reached, for ten days at most. Where
    the agreement requires counter-records, a record that the CSP does not know waits for ageing
    instead.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "find_deemed.sql"),
            {"now": now, "limit": limit, "standstill_days": LONGEST_STANDSTILL_DAYS},
        )
        due = [row[0] for row in cursor.fetchall()]
    moved = move_many(
        due,
        "DELIVERED",
        ["ACCEPTED"],
        actor="clock",
        reason="deemed accepted: not contested in time",
        now=now,
    )
    return len(moved)
