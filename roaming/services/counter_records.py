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
from uuid import UUID

import msgspec

from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Partner
from roaming.intake.counter_sides import load_sides
from roaming.intake.counter_structure import CounterFault, CounterSubmission
from roaming.intake.counter_writer import JudgedCounter, Word, write_chunk
from roaming.models import IntakeBatch
from roaming.services.intake import Origin, open_batch

CHUNK_RECORDS = 5_000
_encode = msgspec.json.Encoder(decimal_format="string").encode


@dataclass(frozen=True, slots=True)
class CounterOutcome:
    """What became of one counter-record; its bytes are kept under ``record_id``."""

    index: int
    counter_id: str
    outcome: Word
    record_id: UUID
    faults: list[CounterFault]


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
    return [
        CounterOutcome(
            index=one.position,
            counter_id=one.submission.record.counter_id,
            outcome=fate.word,
            record_id=fate.record_id,
            faults=one.faults,
        )
        for one, fate in zip(judged, write_chunk(judged, batch), strict=True)
    ]


def _judge(
    chunk: Sequence[CounterSubmission], batch: IntakeBatch, first: int
) -> list[JudgedCounter]:
    sides = load_sides(
        (one.record for one in chunk),
        sender=batch.sender,
        environment=batch.environment,
        now=batch.received_at,
    )
    judged = []
    for position, one in enumerate(chunk, first):
        csp, cso = sides.csp_of(one.record), sides.seller_of(one.record)
        may_act = csp and (csp.owner_id == batch.sender_id or csp.mandate_id is not None)
        faults = list(one.faults)
        if one.record.csp_id and not may_act:
            faults.append(
                CounterFault("csp_id", "is no CSP party that you may send for", "PARTY_NOT_YOURS")
            )
        if one.record.cso_id and cso is None:
            faults.append(
                CounterFault("cso_id", "is no CSO party that is known here", "PARTY_UNKNOWN")
            )
        if may_act and sides.settles_directly(one.record):
            faults.append(
                CounterFault("cso_id", "settles with you directly, not here", "SETTLED_DIRECTLY")
            )
        record_id = uuid7_at(batch.received_at)
        judged.append(JudgedCounter(position, one, csp, cso, faults, _sha256(one), record_id))
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
