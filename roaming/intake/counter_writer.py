"""Write one chunk of counter-records: keys, rows, bytes and the tally of the door."""

import hashlib
import json
from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection

from clearinghouse.sealing import Sealer
from partners.queries import PartyNow
from roaming.intake.counter_structure import CounterFault, CounterSubmission
from roaming.intake.normal import normal_evse_id, pseudonym_of_contract
from roaming.intake.structure import printable
from roaming.models import (
    CounterKey,
    CounterRecord,
    CounterTally,
    IntakeBatch,
    RawRecord,
    RejectedCounterKey,
)

Word = Literal["accepted", "duplicate", "conflict", "rejected"]
_NOBODY = UUID(int=0)
_TAKEN = """
SELECT key.csp_id, key.counter_id, key.record_id, key.payload_sha256
  FROM json_to_recordset(%s::json) AS wanted (csp_id uuid, counter_id text)
  JOIN roaming_counterkey AS key USING (csp_id, counter_id)
"""
# In the order of the keys: two batches that replace the same records wait, and never deadlock.
_REPLACE = """
WITH wanted AS (SELECT key.record_id
                  FROM json_to_recordset(%s::json) AS given (csp_id uuid, counter_id text)
                  JOIN roaming_counterkey AS key USING (csp_id, counter_id)
                 WHERE NOT key.is_replaced
                 ORDER BY key.record_id
                   FOR UPDATE OF key)
UPDATE roaming_counterkey AS key SET is_replaced = true
  FROM wanted WHERE key.record_id = wanted.record_id
"""


class JudgedCounter(NamedTuple):
    """A counter-record as judged; ``record_id`` is the id it gets if it is kept."""

    position: int
    submission: CounterSubmission
    csp: PartyNow | None
    cso: PartyNow | None
    faults: list[CounterFault]
    sha256: str
    record_id: UUID

    @property
    def key(self) -> tuple[UUID, str]:
        return (self.csp.id if self.csp else _NOBODY), self.submission.record.counter_id


class Fate(NamedTuple):
    """What became of one: its word, and under which id these bytes are kept."""

    word: Word
    record_id: UUID
    is_new: bool


def write_chunk(judged: Sequence[JudgedCounter], batch: IntakeBatch) -> list[Fate]:
    """Write what is new and tell the fate of each; what came before is not kept again."""
    owners = _take_keys([one for one in judged if not one.faults])
    words = [_word(one, owners) for one in judged]
    pairs = list(zip(judged, words, strict=True))
    refused = [one for one, word in pairs if word in ("rejected", "conflict")]
    first_refused = _take_refusals(refused, batch)
    fates = [_fate(one, word, owners, first_refused) for one, word in pairs]
    kept = [one for one, fate in zip(judged, fates, strict=True) if fate.is_new]
    _store([one for one, word in pairs if word == "accepted"], batch)
    _keep_bytes(kept, batch)
    _count(fates, batch)
    return fates


def _word(one: JudgedCounter, owners: dict[tuple[UUID, str], tuple[UUID, str]]) -> Word:
    if one.faults:
        return "rejected"
    record_id, sha256 = owners[one.key]
    if record_id == one.record_id:
        return "accepted"
    return "duplicate" if sha256 == one.sha256 else "conflict"


def _fate(
    one: JudgedCounter,
    word: Word,
    owners: dict[tuple[UUID, str], tuple[UUID, str]],
    first_refused: dict[str, UUID],
) -> Fate:
    if word in ("accepted", "duplicate"):
        return Fate(word, owners[one.key][0], word == "accepted")
    record_id = first_refused[_raw_sha256(one)]
    return Fate(word, record_id, record_id == one.record_id)


def _take_keys(good: Sequence[JudgedCounter]) -> dict[tuple[UUID, str], tuple[UUID, str]]:
    """Take each id that is free, and tell whose each one is: (record id, hash)."""
    firsts: dict[tuple[UUID, str], JudgedCounter] = {}
    for one in good:
        firsts.setdefault(one.key, one)
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
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, [_as_json(firsts)])
        rows = cursor.fetchall()
    return {(csp, name): (record_id, sha256) for csp, name, record_id, sha256 in rows}


def _take_refusals(refused: Sequence[JudgedCounter], batch: IntakeBatch) -> dict[str, UUID]:
    """Under which id each refused content is kept, by the hash of its bytes."""
    firsts: dict[str, JudgedCounter] = {}
    for one in refused:
        firsts.setdefault(_raw_sha256(one), one)
    RejectedCounterKey.objects.bulk_create(
        [
            RejectedCounterKey(
                record_id=one.record_id,
                sender_id=batch.sender_id,
                environment=batch.environment,
                counter_id=printable(one.submission.record.counter_id),
                raw_sha256=sha256,
                received_at=batch.received_at,
            )
            for sha256, one in sorted(firsts.items())
        ],
        ignore_conflicts=True,
    )
    kept = RejectedCounterKey.objects.filter(
        sender=batch.sender_id, environment=batch.environment, raw_sha256__in=list(firsts)
    )
    return dict(kept.values_list("raw_sha256", "record_id"))


def _store(new: Sequence[JudgedCounter], batch: IntakeBatch) -> None:
    CounterRecord.objects.bulk_create(_row(one, batch) for one in new)
    replaced = [
        (one.key[0], name) for one in new if (name := one.submission.record.replaces_counter_id)
    ]
    if replaced:
        with connection.cursor() as cursor:
            cursor.execute(_REPLACE, [_as_json(replaced)])


def _row(one: JudgedCounter, batch: IntakeBatch) -> CounterRecord:
    fields = msgspec.structs.asdict(one.submission.record)
    contract_id = fields.pop("contract_id")
    csp_id, _ = one.key
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


def _keep_bytes(kept: Sequence[JudgedCounter], batch: IntakeBatch) -> None:
    sealer = Sealer(settings.PERSONAL_DATA_KEY, purpose="raw-record")
    RawRecord.objects.bulk_create(
        RawRecord(
            id=one.record_id,
            sender_id=batch.sender_id,
            batch_id=batch.id,
            position=one.position,
            sha256=_raw_sha256(one),
            encrypted_payload=sealer.seal(one.submission.raw),
        )
        for one in kept
    )


def _count(fates: Sequence[Fate], batch: IntakeBatch) -> None:
    """Count what came through the door, not what was written."""
    taken = sum(fate.word == "accepted" for fate in fates)
    repeated = sum(not fate.is_new for fate in fates)
    CounterTally.objects.create(
        batch=batch,
        sender_id=batch.sender_id,
        environment=batch.environment,
        day=batch.received_at.date(),
        received=len(fates),
        taken=taken,
        rejected=len(fates) - taken - repeated,
        repeated=repeated,
    )


def _raw_sha256(one: JudgedCounter) -> str:
    return hashlib.sha256(one.submission.raw).hexdigest()


def _as_json(keys) -> str:
    return json.dumps([{"csp_id": str(csp), "counter_id": name} for csp, name in keys])
