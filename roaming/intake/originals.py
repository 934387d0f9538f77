"""The records that credits and replacements of a chunk name, and what becomes of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec
from django.db import connection

from clearinghouse.retry import KeyTaken
from roaming.intake.facts import Sides
from roaming.intake.moves import write_moves
from roaming.intake.structure import Submission
from roaming.rules.catalog import Verdict
from roaming.rules.facts import OriginalFact
from roaming.rules.lifecycle import fate_of_original


class Answer(Protocol):
    """A judged record that may answer an earlier one: at intake, or when its hold ends."""

    @property
    def record_id(self) -> UUID: ...
    @property
    def submission(self) -> Submission: ...
    @property
    def sides(self) -> Sides: ...
    @property
    def verdict(self) -> Verdict: ...
    @property
    def original(self) -> OriginalFact | None: ...


_ORIGINALS = """
SELECT k.cso_id, k.sdr_id, k.record_id::text, state.state, sdr.csp_code, sdr.currency,
       sdr.claim_amount, sdr.energy_kwh, state.accepted_at,
       EXISTS (SELECT FROM roaming_sdrlink AS link
                WHERE link.original_id = k.record_id AND link.kind = 'CREDIT') AS is_credited,
       EXISTS (SELECT FROM roaming_sdrlink AS link
                WHERE link.original_id = k.record_id AND link.kind = 'REPLACEMENT') AS is_replaced,
       sdr.credits_sdr_id <> '' AS is_credit, sdr.service_session_id
  FROM json_to_recordset(%s::json) AS wanted (cso_id uuid, sdr_id text)
  JOIN roaming_sdrkey AS k USING (cso_id, sdr_id)
  JOIN roaming_sdrstate AS state ON state.id = k.record_id
  JOIN roaming_sdr AS sdr ON sdr.id = k.record_id
"""


def read_originals(keys: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], OriginalFact]:
    """The live records under ``(seller, sdr_id)``; one query, none where nothing is asked."""
    wanted = [{"cso_id": cso, "sdr_id": sdr_id} for cso, sdr_id in set(keys)]
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ORIGINALS, [msgspec.json.encode(wanted).decode()])
        rows = cursor.fetchall()
    return {
        (row[0], row[1]): OriginalFact(
            record_id=row[2],
            state=row[3],
            csp_code=row[4],
            currency=row[5],
            claim_amount=row[6],
            energy_kwh=row[7],
            accepted_at=row[8],
            is_credited=row[9],
            is_replaced=row[10],
            is_credit=row[11],
            session_id=row[12],
        )
        for row in rows
    }


def answer_originals(new: Sequence[Answer], *, actor: str, now: datetime) -> None:
    """Tie each valid credit and replacement to its original, and end the original's life.

    :raises KeyTaken: an original was corrected or moved since the chunk was judged.
    """
    corrections = sorted(
        ((one, one.original) for one in new if one.original and one.verdict == "ACCEPT"),
        key=lambda pair: pair[1].record_id,
    )
    if not corrections:
        return
    _link(corrections, now=now)
    ends: dict[tuple[str, str, str], list[UUID]] = defaultdict(list)
    for one, original in corrections:
        credits_it = bool(one.submission.sdr.credits_sdr_id)
        fate = fate_of_original(original.state, is_credit=credits_it)
        verb = "credited" if credits_it else "replaced"
        if fate:
            reason = f"{verb} by {one.submission.sdr.sdr_id}"
            ends[original.state, fate, reason].append(UUID(original.record_id))
    for (state, fate, reason), ids in ends.items():
        moved = write_moves(ids, state, [fate], actor=actor, reason=reason, now=now)
        if len(moved) != len(ids):
            raise KeyTaken("an original moved meanwhile")
    _free_sessions([original.record_id for _, original in corrections])


def _link(corrections: Sequence[tuple[Answer, OriginalFact]], *, now: datetime) -> None:
    rows = [
        {
            "record_id": str(one.record_id),
            "original_id": original.record_id,
            "cso_id": str(one.sides.seller.id) if one.sides.seller else None,
            "kind": "CREDIT" if one.submission.sdr.credits_sdr_id else "REPLACEMENT",
        }
        for one, original in corrections
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO roaming_sdrlink (record_id, original_id, cso_id, kind, linked_at)"
            " SELECT record_id, original_id, cso_id, kind, %s FROM json_to_recordset(%s::json)"
            " AS link (record_id uuid, original_id uuid, cso_id uuid, kind text)"
            " ORDER BY original_id ON CONFLICT DO NOTHING",
            [now, msgspec.json.encode(rows).decode()],
        )
        if cursor.rowcount != len(rows):
            raise KeyTaken("an original was corrected meanwhile")


def _free_sessions(record_ids: Sequence[str]) -> None:
    """A credited or replaced record bills its session no more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM roaming_sessionkey WHERE record_id = ANY (%s::uuid[])", [list(record_ids)]
        )
