"""Take in counter-records: what the home-CSP itself knows of a session.

The first record under an id stays; the same again is a duplicate, other content a conflict. A
newer one under a new id may replace it. One bad record never sinks its batch.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection

from clearinghouse.retry import in_transaction
from clearinghouse.sealing import Sealer
from clearinghouse.uuid7 import uuid7_at
from partners import queries
from partners.models import Partner
from partners.queries import PartyNow
from roaming.intake.counter_structure import CounterFault, CounterSubmission
from roaming.intake.facts import normal_code
from roaming.intake.normal import normal_evse_id, pseudonym_of_contract
from roaming.models import CounterKey, CounterRecord, IntakeBatch, RawRecord
from roaming.services.intake import Origin, open_batch

CHUNK_RECORDS = 5_000
Word = Literal["accepted", "duplicate", "conflict", "rejected"]
_encode = msgspec.json.Encoder(decimal_format="string").encode


@dataclass(frozen=True, slots=True)
class CounterOutcome:
    """What became of one counter-record; ``record_id`` is the stored one's."""

    index: int
    counter_id: str
    outcome: Word
    record_id: UUID | None
    faults: list[CounterFault]


class _Judged(NamedTuple):
    position: int
    submission: CounterSubmission
    csp: PartyNow | None
    cso: PartyNow | None
    faults: list[CounterFault]
    sha256: str
    record_id: UUID


def take_in(
    submissions: Iterable[CounterSubmission],
    *,
    sender: Partner,
    environment: str,
    origin: Origin,
    received_at: datetime,
) -> list[CounterOutcome]:
    """Take in counter-records, in chunks that commit one by one; the same again changes nothing."""
    batch = open_batch(
        sender=sender, environment=environment, origin=origin, received_at=received_at
    )
    outcomes: list[CounterOutcome] = []
    iterator = iter(submissions)
    while chunk := list(islice(iterator, CHUNK_RECORDS)):
        first = len(outcomes)
        outcomes += in_transaction(partial(_take, chunk, batch, first))
    return outcomes


def _take(
    chunk: Sequence[CounterSubmission], batch: IntakeBatch, first: int
) -> list[CounterOutcome]:
    judged = _judge(chunk, batch, first)
    mine = _take_keys([one for one in judged if not one.faults])
    new = [one for one in judged if not one.faults and mine[_key(one)][0] == one.record_id]
    _store(new, batch)
    # What is refused is kept too; a repeat was kept the first time.
    _keep_bytes([*new, *(one for one in judged if one.faults)], batch)
    return [_outcome(one, mine) for one in judged]


def _judge(chunk: Sequence[CounterSubmission], batch: IntakeBatch, first: int) -> list[_Judged]:
    known = {"environment": batch.environment, "sender": batch.sender, "now": batch.received_at}
    csps = queries.parties_by_code(
        {normal_code(one.record.csp_id) for one in chunk} - {""}, role="CSP", **known
    )
    csos = queries.parties_by_code(
        {normal_code(one.record.cso_id) for one in chunk} - {""}, role="CSO", **known
    )
    judged = []
    for position, one in enumerate(chunk, first):
        csp = csps.get(normal_code(one.record.csp_id))
        cso = csos.get(normal_code(one.record.cso_id))
        may_act = csp and (csp.owner_id == batch.sender_id or csp.mandate_id is not None)
        faults = list(one.faults)
        if one.record.csp_id and not may_act:
            faults.append(CounterFault("csp_id", "is no CSP party that you may send for"))
        if one.record.cso_id and cso is None:
            faults.append(CounterFault("cso_id", "is no CSO party that is known here"))
        record_id = uuid7_at(batch.received_at)
        judged.append(_Judged(position, one, csp, cso, faults, _sha256(one), record_id))
    return judged


def _sha256(submission: CounterSubmission) -> str:
    """One hash for one content: decimals normalized, instants in UTC."""
    if submission.faults:
        return hashlib.sha256(submission.raw).hexdigest()
    values = [
        value.normalize() + 0 if name in ("energy_kwh", "amount") and value is not None
        else value.timestamp() if name in ("started_at", "ended_at") and value is not None
        else value
        for name, value in msgspec.structs.asdict(submission.record).items()
    ]  # fmt: skip
    return hashlib.sha256(_encode(values)).hexdigest()


def _key(one: _Judged) -> tuple[UUID, str]:
    return (one.csp.id if one.csp else UUID(int=0)), one.submission.record.counter_id


def _take_keys(good: Sequence[_Judged]) -> dict[tuple[UUID, str], tuple[UUID, str]]:
    """Take each id that is free, and tell whose each one is: (record id, hash)."""
    firsts: dict[tuple[UUID, str], _Judged] = {}
    for one in good:
        firsts.setdefault(_key(one), one)
    CounterKey.objects.bulk_create(
        [
            CounterKey(
                record_id=one.record_id, csp_id=csp, counter_id=counter_id,
                payload_sha256=one.sha256,
            )
            for (csp, counter_id), one in sorted(firsts.items())
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return _taken(list(firsts))


def _taken(keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], tuple[UUID, str]]:
    wanted = msgspec.json.encode([{"csp_id": csp, "counter_id": name} for csp, name in keys])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key.csp_id, key.counter_id, key.record_id, key.payload_sha256"
            "  FROM json_to_recordset(%s::json) AS wanted (csp_id uuid, counter_id text)"
            "  JOIN roaming_counterkey AS key USING (csp_id, counter_id)",
            [wanted.decode()],
        )
        rows = cursor.fetchall()
    return {(csp, name): (record_id, sha256) for csp, name, record_id, sha256 in rows}


def _store(new: Sequence[_Judged], batch: IntakeBatch) -> None:
    CounterRecord.objects.bulk_create(_row(one, batch) for one in new)
    for one in new:
        if replaced := one.submission.record.replaces_counter_id:
            CounterKey.objects.filter(csp=_key(one)[0], counter_id=replaced).update(
                is_replaced=True
            )


def _row(one: _Judged, batch: IntakeBatch) -> CounterRecord:
    fields = msgspec.structs.asdict(one.submission.record)
    contract_id = fields.pop("contract_id")
    csp_id, _ = _key(one)
    fields["csp_id"], fields["cso_id"] = csp_id, one.cso.id if one.cso else None
    fields["evse_id"] = normal_evse_id(fields["evse_id"])
    pseudonym = pseudonym_of_contract(contract_id, csp_id) if contract_id else None
    return CounterRecord(
        id=one.record_id,
        sender_id=batch.sender_id,
        environment=batch.environment,
        batch_id=batch.id,
        position=one.position,
        pseudonym=pseudonym.shown if pseudonym else "",
        payload_sha256=one.sha256,
        received_at=batch.received_at,
        **fields,
    )


def _keep_bytes(judged: Sequence[_Judged], batch: IntakeBatch) -> None:
    sealer = Sealer(settings.PERSONAL_DATA_KEY, purpose="raw-record")
    RawRecord.objects.bulk_create(
        RawRecord(
            id=one.record_id,
            sender_id=batch.sender_id,
            batch_id=batch.id,
            position=one.position,
            sha256=hashlib.sha256(one.submission.raw).hexdigest(),
            encrypted_payload=sealer.seal(one.submission.raw),
        )
        for one in judged
    )


def _outcome(one: _Judged, mine: dict[tuple[UUID, str], tuple[UUID, str]]) -> CounterOutcome:
    counter_id = one.submission.record.counter_id
    if one.faults:
        return CounterOutcome(one.position, counter_id, "rejected", None, one.faults)
    record_id, sha256 = mine[_key(one)]
    word: Word = "conflict"
    if record_id == one.record_id:
        word = "accepted"
    elif sha256 == one.sha256:
        word = "duplicate"
    return CounterOutcome(one.position, counter_id, word, record_id, [])
