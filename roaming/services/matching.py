"""Bring the CSO's and the CSP's record of a session together, a window at a time.

Set-based: the ladder is a statement per step over temporary tables. One run is one transaction
under a ``run_key``; killed, it leaves nothing, and started again it ends the same.
"""

import json
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.db.models import Exists, OuterRef

from clearinghouse import locks
from clearinghouse.retry import in_transaction
from clearinghouse.statements import load_statement
from roaming.models import Delivery, Dispute, Match, MatchingRun
from roaming.rules.matching import DEFAULT_TOLERANCES, TIMED_KINDS
from roaming.services import deliveries, disputes

_SQL = Path(__file__).parent / "sql"
_SAME_START_S = 300
_SHARE_OF_THE_SHORTER = 0.8
_GATHER = ("00_free", "10_sdrs", "11_counters")
_ANALYZE = "ANALYZE match_sdr, match_counter"
_LADDER = (
    "20_pairs",
    "21_duplicates",
    "31_authorization",
    "32_session",
    "33_contract_and_evse",
    "34_contract_and_place",
    "40_alone",
)
_STORE = ("50_compare", "51_same", "60_replace", "70_store", "71_owe")


def match(*, from_at: datetime, until_at: datetime, run_key: str, now: datetime) -> dict[str, int]:
    """Match what ended in [from_at, until_at) and has no partner yet; what was found, by outcome.

    Both sides are owed the news. A finished run of the same ``run_key`` is not repeated: its counts
    are the answer.
    """

    def work() -> dict[str, int]:
        locks.take(connection, locks.Lock.MATCHING)
        run, _ = MatchingRun.objects.get_or_create(
            run_key=run_key,
            defaults={"from_at": from_at, "until_at": until_at, "started_at": now},
        )
        if run.finished_at is None:
            run.outcomes = _match(run, now)
            run.finished_at = now
            run.save(update_fields=["outcomes", "finished_at"])
        return run.outcomes

    found = in_transaction(work)
    owed = Delivery.objects.filter(kind=Delivery.Kind.MATCH, sequence__isnull=True)
    deliveries.publish(set(owed.values_list("receiver", flat=True).distinct()))
    return found


def match_and_dispute(
    *, from_at: datetime, until_at: datetime, run_key: str, now: datetime
) -> dict[str, int]:
    """Match, then dispute what differs too much; a killed run is made up for by its rerun."""
    found = match(from_at=from_at, until_at=until_at, run_key=run_key, now=now)
    differing = Match.objects.filter(
        is_current=True, outcome=Match.Outcome.MISMATCH, run__run_key=run_key
    )
    disputed = Dispute.objects.filter(record_id=OuterRef("record_id"))
    # One that was disputed already, open or closed, is not asked about again.
    disputes.open_automatic(differing.exclude(Exists(disputed)).order_by("id"), now=now)
    return found


def _match(run: MatchingRun, now: datetime) -> dict[str, int]:
    parameters = {
        "run_id": run.id,
        "from_at": run.from_at,
        "until_at": run.until_at,
        "now": now,
        "defaults": json.dumps(dict(DEFAULT_TOLERANCES)),
        "timed_kinds": sorted(TIMED_KINDS),
        "start_s": _SAME_START_S,
        "overlap": _SHARE_OF_THE_SHORTER,
    }
    with connection.cursor() as cursor:
        for name in _GATHER:
            _run(cursor, name, parameters)
        cursor.execute(_ANALYZE)
        for name in (*_LADDER, *_STORE, "80_count"):
            _run(cursor, name, parameters)
        found = dict(cursor.fetchall())
        cursor.execute("DROP TABLE match_sdr, match_counter, match_pair, match_found")
    return found


def _run(cursor, name: str, parameters: dict[str, object]) -> None:
    cursor.execute(load_statement(_SQL / f"match_{name}.sql"), parameters)
