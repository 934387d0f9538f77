"""What lived when each of a chunk of past records came in, read for all of them at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from clearinghouse.statements import load_statement
from roaming.intake.enrich import USUAL_DAYS, sender_day
from roaming.intake.facts import Sides
from roaming.intake.judge import billed_session
from roaming.intake.neighbours import Neighbourhood, read_neighbours
from roaming.intake.signed_facts import SignedData, Use
from roaming.intake.structure import Submission
from roaming.messages import InboundSdr
from roaming.rules.behaviour import gap_in_words
from roaming.rules.facts import OriginalFact, SenderDay
from roaming.rules.lifecycle import fate_of_original
from roaming.rules.neighbours import Place, Session

_SQL = Path(__file__).parent / "sql"


class Came(NamedTuple):
    """When a record came in: its batch, its place there, and the chunk in which it was judged."""

    batch_id: UUID
    position: int
    received_at: datetime
    sender_id: UUID
    environment: str
    chunk_records: int

    def is_after(self, batch_id: UUID, position: int) -> bool:
        return (batch_id, position) < (self.batch_id, self.position)

    def is_chunk_after(self, batch_id: UUID, position: int) -> bool:
        """Tables are read once per chunk: what its own records ended it did not see."""
        there = (batch_id, position // self.chunk_records)
        return there < (self.batch_id, self.position // self.chunk_records)


class _End(NamedTuple):
    """When a record died or gave its session up: at an instant, or with the record that did it."""

    at: datetime | None
    linked_at: datetime | None
    batch_id: UUID | None
    position: int | None

    def is_before(self, came: Came) -> bool:
        if self.batch_id is not None and self.position is not None:
            return came.is_chunk_after(self.batch_id, self.position)
        return self.at is not None and self.at <= came.received_at


class _Life(NamedTuple):
    batch_id: UUID
    position: int
    end: _End

    def lived(self, came: Came) -> bool:
        return came.is_after(self.batch_id, self.position) and not self.end.is_before(came)


class _Neighbour(NamedTuple):
    session: Session
    life: _Life


@dataclass(slots=True)
class _Claim:
    """A record's hold on a session, with all that may have ended it."""

    sdr_id: str
    batch_id: UUID
    position: int
    ends: list[_End] = field(default_factory=list)

    def stood(self, came: Came) -> bool:
        is_earlier = came.is_after(self.batch_id, self.position)
        return is_earlier and not any(end.is_before(came) for end in self.ends)


@dataclass(slots=True)
class PastLedgers:
    """Rows around a chunk; each record asks for what stood before it."""

    days: list[SenderDay]
    taken: dict[tuple[UUID, str], list[tuple]] = field(default_factory=dict)
    sessions: dict[tuple[UUID, str, int], dict[str, _Claim]] = field(default_factory=dict)
    originals: dict[tuple[UUID, str], dict[UUID, list[tuple]]] = field(default_factory=dict)
    on_evse: dict[str, list[_Neighbour]] = field(default_factory=lambda: defaultdict(list))
    of_contract: dict[str, list[_Neighbour]] = field(default_factory=lambda: defaultdict(list))
    drifts: dict[tuple[UUID, str], Decimal] = field(default_factory=dict)
    signatures: dict[str, list[tuple]] = field(default_factory=lambda: defaultdict(list))

    def near(self) -> list[Session]:
        """All sessions around the chunk's, whenever they lived."""
        both = (*self.on_evse.values(), *self.of_contract.values())
        return [other.session for others in both for other in others]

    def taken_before(self, came: Came, sides: Sides, sdr: InboundSdr) -> UUID | None:
        """The live record that held the SDR id already."""
        if sides.seller is None:
            return None
        for record_id, batch_id, position, end in self.taken.get((sides.seller.id, sdr.sdr_id), ()):
            if came.is_after(batch_id, position) and not end.is_before(came):
                return record_id
        return None

    def session_before(
        self, came: Came, key: tuple[UUID, str, int] | None
    ) -> dict[tuple[UUID, str, int], str]:
        """Who billed the session, under its key; empty where nobody did."""
        claims = self.sessions.get(key, {}) if key else {}
        standing = [claim for claim in claims.values() if claim.stood(came)]
        if not key or not standing:
            return {}
        return {key: min(standing, key=lambda claim: (claim.batch_id, claim.position)).sdr_id}

    def original_before(
        self, came: Came, sides: Sides, sdr: InboundSdr
    ) -> dict[tuple[UUID, str], OriginalFact]:
        named = sdr.credits_sdr_id or sdr.replaces_sdr_id
        if not named or sides.seller is None:
            return {}
        key = (sides.seller.id, named)
        lived = [
            original
            for rows in self.originals.get(key, {}).values()
            if (original := _original(rows, came)) and original.state != "REJECTED"
        ]
        return {key: lived[-1]} if lived else {}

    def neighbourhood_of(
        self, session: Session | None, came: Came, places: Mapping[str, Place]
    ) -> Neighbourhood:
        neighbourhood = Neighbourhood(places=places, drifts=self.drifts)
        if session is None:
            return neighbourhood
        near = (
            *self.on_evse.get(session.evse_id, ()),
            *self.of_contract.get(session.pseudonym, ()),
        )
        for other in near:
            if other.life.lived(came):
                neighbourhood.add(other.session)
        return neighbourhood

    def signatures_before(
        self, came: Came, sdr: InboundSdr, signed: SignedData
    ) -> dict[str, list[Use]]:
        hashes = {reading.signature_sha256 for reading in signed.readings.get(id(sdr), ())} - {""}
        return {
            sha256: [
                Use(*use) for *use, life in self.signatures.get(sha256, ()) if life.lived(came)
            ]
            for sha256 in hashes
        }

    def load_signatures(self, signed: SignedData, *, environment: str) -> None:
        hashes = {
            reading.signature_sha256
            for readings in signed.readings.values()
            for reading in readings
        } - {""}
        if not hashes:
            return
        parameters = {"hashes": _json(sorted(hashes)), "environment": environment}
        rows = run_statement("past_signatures", parameters)
        lives = _lives({row[-1] for row in rows})
        for sha256, *use, record_id in rows:
            self.signatures[sha256].append((*use, lives[record_id]))


def load_past_ledgers(
    prepared: Sequence[tuple[Submission, Sides, str]],
    came: Sequence[Came],
    sessions: Sequence[Session],
    *,
    environment: str,
) -> PastLedgers:
    """Read all that ``prepared`` may have met: a handful of queries."""
    ledgers = PastLedgers(days=_days(came))
    _load_keys(ledgers, prepared)
    _load_neighbours(ledgers, sessions, environment=environment)
    return ledgers


def _load_keys(ledgers: PastLedgers, prepared: Sequence[tuple[Submission, Sides, str]]) -> None:
    ids: set[tuple[UUID, str]] = set()
    named: set[tuple[UUID, str]] = set()
    keys: set[tuple[UUID, str, int]] = set()
    for submission, sides, _ in prepared:
        sdr = submission.sdr
        if sides.seller is None:
            continue
        ids.add((sides.seller.id, sdr.sdr_id))
        named.add((sides.seller.id, sdr.credits_sdr_id or sdr.replaces_sdr_id))
        if key := billed_session(sides, sdr):
            keys.add(key)
    for cso, sdr_id, *record in _asked("past_keys", ids):
        ledgers.taken.setdefault((cso, sdr_id), []).append((*record[:3], _End(*record[3:])))
    for cso, sdr_id, *told in _asked("past_originals", named):
        of_id = ledgers.originals.setdefault((cso, sdr_id), {})
        of_id.setdefault(told[0], []).append(tuple(told))
    for cso, session, split, sdr_id, *rest in _asked("past_sessions", keys):
        claims = ledgers.sessions.setdefault((cso, session, split), {})
        claim = claims.setdefault(sdr_id, _Claim(sdr_id, rest[0], rest[1]))
        claim.ends.append(_End(*rest[2:]))


_COLUMNS = ("cso_id", "sdr_id"), ("cso_id", "session_id", "split_no")


def _asked(name: str, keys: Iterable[tuple]) -> list[tuple]:
    """Rows for ``keys`` of (seller, id) or (seller, session, part)."""
    wanted = [dict(zip(_COLUMNS[len(key) - 2], key, strict=True)) for key in sorted(keys) if key[1]]
    return run_statement(name, {"wanted": _json(wanted)}) if wanted else []


def _load_neighbours(
    ledgers: PastLedgers, sessions: Sequence[Session], *, environment: str
) -> None:
    rows = read_neighbours(sessions, contracts=sessions, environment=environment, is_past=True)
    lives = _lives({record_id for _, record_id in rows})
    for record_id, session in {record_id: one for one, record_id in rows}.items():
        other = _Neighbour(session, lives[record_id])
        if session.evse_id:
            ledgers.on_evse[session.evse_id].append(other)
        if session.pseudonym:
            ledgers.of_contract[session.pseudonym].append(other)


def _lives(record_ids: Iterable[UUID]) -> dict[UUID, _Life]:
    rows = run_statement("past_lives", {"ids": list(record_ids)})
    return {row[0]: _Life(row[1], row[2], _End(*row[3:])) for row in rows}


def _original(rows: Sequence[tuple], came: Came) -> OriginalFact | None:
    """Play the events and corrections of one original up to the moment a record came in.

    Originals are read with the tables: one of the same chunk was not seen.
    """
    if not rows or not came.is_chunk_after(*rows[0][7:9]):
        return None
    record_id, csp_code, currency, claim_amount, energy_kwh, is_credit, session_id = rows[0][:7]
    state, accepted_at, answers = "", None, set()
    for at, to_state, kind, batch_id, position in (row[9:] for row in rows):
        if kind and came.is_after(batch_id, position):
            answers.add(kind)
            state = fate_of_original(state, is_credit=kind == "CREDIT") or state
        elif not kind and (not state or at <= came.received_at):
            state = to_state
            accepted_at = at if to_state == "ACCEPTED" else accepted_at
    return OriginalFact(
        record_id=str(record_id),
        state=state,
        csp_code=csp_code,
        currency=currency,
        claim_amount=claim_amount,
        energy_kwh=energy_kwh,
        accepted_at=accepted_at,
        is_credited="CREDIT" in answers,
        is_replaced="REPLACEMENT" in answers,
        is_credit=is_credit,
        session_id=session_id,
    )


def _days(came: Sequence[Came]) -> list[SenderDay]:
    """The sender's day up to each record's chunk, and its usual day before that."""
    batches = list({one.batch_id for one in came})
    days = {one.received_at.date() for one in came}
    rows = run_statement(
        "past_days",
        {
            "sender": came[0].sender_id,
            "environment": came[0].environment,
            "since": min(days) - timedelta(days=USUAL_DAYS),
            "until": max(days),
            "batches": batches,
        },
    )
    whole = {day: received for day, batch_id, received, _ in rows if batch_id is None}
    before = {batch_id: (received, rejected) for _, batch_id, received, rejected in rows}
    usual = {day: _usual(whole, day) for day in days}
    rejected_in = _rejected_by_chunk(came, batches)
    told = {}
    for one in came:
        key = (one.batch_id, one.position // one.chunk_records)
        if key not in told:
            received, rejected = before.get(one.batch_id, (0, 0))
            told[key] = sender_day(
                received + key[1] * one.chunk_records,
                rejected + sum(n for chunk, n in rejected_in[one.batch_id] if chunk < key[1]),
                usual=usual[one.received_at.date()],
            )
    return [told[one.batch_id, one.position // one.chunk_records] for one in came]


def _usual(whole: Mapping[date, int], today: date) -> list[int]:
    since = today - timedelta(days=USUAL_DAYS)
    return [received for day, received in whole.items() if since <= day < today]


def _rejected_by_chunk(
    came: Sequence[Came], batches: Sequence[UUID]
) -> Mapping[UUID, list[tuple[int, int]]]:
    """Only batches of more than one chunk saw records of their own in the day's figures."""
    rejected: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
    size = came[0].chunk_records
    if max(one.position for one in came) < size:
        return rejected
    parameters = {"batches": list(batches), "chunk_records": size}
    for batch_id, chunk, count in run_statement("past_rejected", parameters):
        rejected[batch_id].append((chunk, count))
    return rejected


def gaps_before(came: Sequence[Came]) -> dict[UUID, str]:
    """In the words of V704, for each batch that came right after a gap in its sender's numbers."""
    rows = run_statement("past_gaps", {"batches": list({one.batch_id for one in came})})
    return {batch_id: gap_in_words(first, last) for batch_id, first, last in rows}


def run_statement(name: str, parameters: Mapping[str, Any]) -> list[tuple]:
    """The rows of one named statement."""
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / f"{name}.sql"), dict(parameters))
        return cursor.fetchall()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
