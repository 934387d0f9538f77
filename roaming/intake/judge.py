"""One chunk judged: replay, conflict or a new record with its findings, verdict and path.

Nothing is written here. What was read may be outdated when the writer comes; the unique keys
notice, and the chunk is judged again.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, cast
from uuid import UUID

import msgspec
from django.db import connection

from clearinghouse.uuid7 import uuid7_at
from roaming.intake.enrich import Surroundings, enrich
from roaming.intake.facts import Sides, World
from roaming.intake.originals import read_originals
from roaming.intake.structure import Submission
from roaming.messages import InboundSdr
from roaming.models import Finding as FindingRow
from roaming.models import SdrState
from roaming.rules.canonical import content_sha256
from roaming.rules.catalog import Verdict, check_sdr, verdict_of
from roaming.rules.facts import OriginalFact
from roaming.rules.findings import Facts, Finding, Severity
from roaming.rules.lifecycle import fate_of_original, path_of_credit, path_of_intake


class Judged(NamedTuple):
    """A submission with what became of it. ``repeats`` names the stored record it repeats."""

    position: int
    submission: Submission
    sides: Sides
    sha256: str
    record_id: UUID
    attempt: int
    findings: list[Finding]
    not_applicable: list[str]
    verdict: Verdict
    path: list[str]
    repeats: bool = False
    is_conflict: bool = False
    original: OriginalFact | None = None

    @property
    def is_new(self) -> bool:
        return not self.repeats


class Known(NamedTuple):
    """A stored record under the same id."""

    record_id: UUID
    sha256: str
    attempt: int
    findings: tuple[Finding, ...] = ()
    state: str = ""


@dataclass(slots=True)
class Ledgers:
    """Which ids and sessions are taken, as read at the start and as this chunk adds to them."""

    live: dict[tuple[UUID, str], Known]
    rejected: dict[tuple[UUID, str], Known]
    sessions: dict[tuple[UUID, str, int], str]
    originals: dict[tuple[UUID, str], OriginalFact]
    surroundings: Surroundings


def judge_chunk(
    submissions: Sequence[Submission], *, world: World, first_position: int
) -> list[Judged]:
    """Judge submissions in order: the first of two equal records in a chunk is the original."""
    prepared = []
    for submission in submissions:
        sides = world.sides_of(submission.sdr)
        prepared.append((submission, sides, _sha256_of(submission)))
    prepared, surroundings = enrich(prepared, world)
    ledgers = _read_ledgers(prepared, surroundings)
    return [
        _judge(first_position + offset, *parts, world=world, ledgers=ledgers)
        for offset, parts in enumerate(prepared)
    ]


def _sha256_of(submission: Submission) -> str:
    """The hash of the content; where not all of it could be read, that of the bytes."""
    if submission.findings:
        return hashlib.sha256(submission.raw).hexdigest()
    return content_sha256(submission.sdr)


def _judge(
    position: int,
    submission: Submission,
    sides: Sides,
    sha256: str,
    *,
    world: World,
    ledgers: Ledgers,
) -> Judged:
    key = (sides.seller.id, submission.sdr.sdr_id) if sides.seller else None
    live = ledgers.live.get(key) if key else None
    if live and live.sha256 == sha256:
        return _repeat(position, submission, sides, live)
    judged = _judge_new(
        position, submission, sides, sha256, world=world, live=live, ledgers=ledgers
    )
    last = ledgers.rejected.get(key) if key else None
    if last and _is_the_same_rejection(judged, last):
        return _repeat(position, submission, sides, last)
    if last:
        judged = judged._replace(attempt=last.attempt + 1)
    if key:
        _remember(judged, key, ledgers)
    return judged


def _is_the_same_rejection(judged: Judged, last: Known) -> bool:
    """The same content, refused again for the same reasons: nothing new to store."""
    if judged.verdict != "REJECT" or judged.sha256 != last.sha256:
        return False
    return [f.code for f in last.findings] == sorted(f.code for f in judged.findings)


def _judge_new(position, submission, sides, sha256, *, world, live, ledgers) -> Judged:
    sdr = submission.sdr
    facts = facts_in(ledgers, sides, sdr, live=live)
    original = facts.original
    found, not_applicable = check_sdr(sdr, facts) if submission.is_record else ([], [])
    findings = [*submission.findings, *found]
    verdict = verdict_of(findings)
    return Judged(
        position=position,
        submission=submission,
        sides=sides,
        sha256=sha256,
        record_id=uuid7_at(world.received_at),
        attempt=1,
        findings=findings,
        not_applicable=not_applicable,
        verdict=verdict,
        path=_path(verdict, sides, sdr, original),
        is_conflict=live is not None,
        original=original,
    )


def facts_in(ledgers: Ledgers, sides: Sides, sdr: InboundSdr, *, live: Known | None) -> Facts:
    """All that a record meets when its turn comes; ``live`` holds its id with other content."""
    session = billed_session(sides, sdr)
    holder = ledgers.sessions.get(session, "") if session else ""
    original = _original_of(sides, sdr, ledgers)
    facts = ledgers.surroundings.add_to(sides.facts, sdr, sides)
    facts = replace(facts, original=original) if original else facts
    if live or holder not in ("", sdr.sdr_id):
        facts = replace(
            facts,
            session_holder="" if holder == sdr.sdr_id else holder,
            conflicts_with=str(live.record_id) if live else "",
        )
    return facts


def _path(verdict: Verdict, sides: Sides, sdr, original: OriginalFact | None) -> list[str]:
    if verdict == "ACCEPT" and original and sdr.credits_sdr_id:
        return path_of_credit(original.state)
    return path_of_intake(verdict, sides.terms.acceptance if sides.terms else None)


def _original_of(sides: Sides, sdr, ledgers: Ledgers) -> OriginalFact | None:
    named = sdr.credits_sdr_id or sdr.replaces_sdr_id
    if not named or sides.seller is None:
        return None
    original = ledgers.originals.get((sides.seller.id, named))
    if original and original.is_replaced and not sdr.credits_sdr_id:
        return None  # a second replacement waits until somebody looks at it
    return original


def _repeat(position: int, submission: Submission, sides: Sides, known: Known) -> Judged:
    findings = list(known.findings)
    return Judged(
        position=position,
        submission=submission,
        sides=sides,
        sha256=known.sha256,
        record_id=known.record_id,
        attempt=known.attempt,
        findings=findings,
        not_applicable=[],
        verdict="REJECT" if known.state == "REJECTED" else verdict_of(findings),
        path=[known.state],
        repeats=True,
        is_conflict=any(f.code == "V401" for f in findings),
    )


def _remember(judged: Judged, key: tuple[UUID, str], ledgers: Ledgers) -> None:
    known = Known(
        judged.record_id,
        judged.sha256,
        judged.attempt,
        tuple(sorted(judged.findings, key=lambda f: f.code)),
        judged.path[-1],
    )
    if judged.verdict == "REJECT":
        ledgers.rejected[key] = known
        return
    ledgers.live[key] = known
    ledgers.surroundings.remember(judged.submission.sdr, judged.sides)
    if judged.original and judged.verdict == "ACCEPT":
        _answer(judged, judged.original, ledgers)
    session = billed_session(judged.sides, judged.submission.sdr)
    if session and session not in ledgers.sessions:
        ledgers.sessions[session] = judged.submission.sdr.sdr_id


def _answer(judged: Judged, original: OriginalFact, ledgers: Ledgers) -> None:
    """A later record of the chunk must see that this one was the first."""
    sdr = judged.submission.sdr
    is_credit = bool(sdr.credits_sdr_id)
    fate = fate_of_original(original.state, is_credit=is_credit) or original.state
    seller = judged.sides.seller
    if seller is not None:
        ledgers.originals[seller.id, sdr.credits_sdr_id or sdr.replaces_sdr_id] = replace(
            original,
            state=fate,
            is_credited=original.is_credited or is_credit,
            is_replaced=original.is_replaced or not is_credit,
        )


def takes_session(judged: Judged) -> bool:
    """Does this record claim its session? Not when another one holds it (V402)."""
    session = session_key(judged.sides, judged.submission.sdr)
    return session is not None and not any(f.code == "V402" for f in judged.findings)


def session_key(sides: Sides, sdr) -> tuple[UUID, str, int] | None:
    """The session that a record claims by itself; a replacement has it from its original."""
    return None if sdr.replaces_sdr_id else billed_session(sides, sdr)


def billed_session(sides: Sides, sdr) -> tuple[UUID, str, int] | None:
    """The session that a record asks money for."""
    if sides.seller is None or not sdr.service_session_id or sdr.credits_sdr_id:
        return None
    return sides.seller.id, sdr.service_session_id, sdr.split_no


_LIVE = """
SELECT k.cso_id, k.sdr_id, k.record_id, k.payload_sha256, d.attempt
  FROM json_to_recordset(%s::json) AS wanted (cso_id uuid, sdr_id text)
  JOIN roaming_sdrkey AS k USING (cso_id, sdr_id)
  JOIN roaming_sdr AS d ON d.id = k.record_id
"""
_REJECTED = """
SELECT DISTINCT ON (k.cso_id, k.sdr_id)
       k.cso_id, k.sdr_id, k.record_id, k.payload_sha256, k.attempt
  FROM json_to_recordset(%s::json) AS wanted (cso_id uuid, sdr_id text)
  JOIN roaming_rejectedkey AS k USING (cso_id, sdr_id)
 ORDER BY k.cso_id, k.sdr_id, k.attempt DESC
"""
_SESSIONS = """
SELECT k.cso_id, k.session_id, k.split_no, d.sdr_id
  FROM json_to_recordset(%s::json) AS wanted (cso_id uuid, session_id text, split_no int)
  JOIN roaming_sessionkey AS k USING (cso_id, session_id, split_no)
  JOIN roaming_sdr AS d ON d.id = k.record_id
"""


def _read_ledgers(prepared, surroundings: Surroundings) -> Ledgers:
    keys = {
        (sides.seller.id, submission.sdr.sdr_id)
        for submission, sides, _ in prepared
        if sides.seller and submission.sdr.sdr_id
    }
    sessions = {
        key for submission, sides, _ in prepared if (key := billed_session(sides, submission.sdr))
    }
    wanted = _as_json({"cso_id": cso, "sdr_id": sdr_id} for cso, sdr_id in keys)
    wanted_sessions = _as_json(
        {"cso_id": cso, "session_id": session, "split_no": split}
        for cso, session, split in sessions
    )
    with connection.cursor() as cursor:
        return Ledgers(
            live=_known_under(cursor, _LIVE, wanted),
            rejected=_known_under(cursor, _REJECTED, wanted),
            sessions={
                (cso, session, split): sdr_id
                for cso, session, split, sdr_id in _rows(cursor, _SESSIONS, wanted_sessions)
            },
            surroundings=surroundings,
            originals=read_originals(
                (sides.seller.id, named)
                for submission, sides, _ in prepared
                if sides.seller
                and (named := submission.sdr.credits_sdr_id or submission.sdr.replaces_sdr_id)
            ),
        )


def _as_json(rows: Iterable[dict[str, object]]) -> str:
    """Thousands of keys as one parameter: psycopg's list dumper takes longer than the look-up."""
    return msgspec.json.encode(list(rows)).decode()


def _known_under(cursor, statement: str, wanted: str) -> dict[tuple[UUID, str], Known]:
    rows = _rows(cursor, statement, wanted)
    if not rows:
        return {}
    record_ids = [row[2] for row in rows]
    findings = _findings_of(record_ids)
    states = dict(SdrState.objects.filter(id__in=record_ids).values_list("id", "state"))
    return {
        (cso, sdr_id): Known(
            record_id, sha256, attempt, tuple(findings.get(record_id, ())), states[record_id]
        )
        for cso, sdr_id, record_id, sha256, attempt in rows
    }


def _rows(cursor, statement: str, wanted: str) -> list[tuple]:
    cursor.execute(statement, [wanted])
    return cursor.fetchall()


def _findings_of(record_ids: list[UUID]) -> dict[UUID, list[Finding]]:
    found: dict[UUID, list[Finding]] = {}
    rows = FindingRow.objects.filter(record_id__in=record_ids, version=1).order_by("code", "field")
    for row in rows:
        severity = cast(Severity, row.severity)
        finding = Finding(row.code, severity, row.field, row.message, row.override_reason)
        found.setdefault(row.record_id, []).append(finding)
    return found
