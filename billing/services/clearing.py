"""Clear what was accepted: one set-based statement per group, each record once."""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import connection

from billing.models import ClearingRun
from billing.services import window_sums
from billing.services.windows import ensure_windows
from clearinghouse.money import minor_unit_digits
from clearinghouse.retry import in_transaction
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at
from partners.models import SettlementGroup

_SQL = Path(__file__).resolve().parent.parent / "sql"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cleared:
    """One pass of clearing: its run, and how many accepted records it had to leave, by reason.

    Reasons: SELLER_WITHOUT_OWNER and BUYER_WITHOUT_OWNER (at service end), OTHER_CURRENCY (than
    the group's), BUYER_AT_ITS_LIMIT and WITHOUT_WINDOW. ``is_repeat``: the run key was known,
    nothing was done.
    """

    run: ClearingRun
    left: dict[str, int] = field(default_factory=dict)
    is_repeat: bool = False


def clear_group(group: SettlementGroup, *, run_key: str, now: datetime) -> Cleared:
    """Clear every accepted record of the group that is not cleared yet.

    Safe beside itself and beside closing: the group row is locked FOR SHARE, and the open windows
    are read by a later statement. A known ``run_key`` returns its first run.
    """
    cleared = in_transaction(lambda: _clear(group, run_key, now))
    window_sums.prepare(group, now=now)
    return cleared


def _clear(group: SettlementGroup, run_key: str, now: datetime) -> Cleared:
    _share(group)
    run, is_new = ClearingRun.objects.get_or_create(
        run_key=run_key, defaults={"id": uuid7_at(now), "group": group, "started_at": now}
    )
    if not is_new:
        return Cleared(run, is_repeat=True)
    ensure_windows(group, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "clear_sdrs.sql"),
            {
                "group_id": group.pk,
                "run_id": run.pk,
                "currency": group.currency,
                "time_zone": group.time_zone,
                "digits": minor_unit_digits(group.currency),
                "cleared_at": now,
            },
        )
        run.cleared, run.finished_at = cursor.rowcount, now
    run.save(update_fields=["cleared", "finished_at"])
    return Cleared(run, _left(group))


def _share(group: SettlementGroup) -> None:
    """Wait for a closing of the group, and keep the next one waiting until we commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM partners_settlementgroup WHERE id = %s FOR SHARE", [group.pk])


def _left(group: SettlementGroup) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "uncleared_sdrs.sql"),
            {"group_id": group.pk, "currency": group.currency},
        )
        left = dict(cursor.fetchall())
    if left:
        logger.warning("billing.clearing.left", extra={"group": group.name, "left": left})
    return left
