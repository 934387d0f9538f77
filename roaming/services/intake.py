"""Take in service detail records: one service behind every door.

The answer comes after commit. Chunks commit one by one, so a killed import keeps what it
answered and repeats harmlessly. One bad record never sinks its batch.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from clearinghouse.retry import KeyTaken, in_transaction
from partners.models import ApiClient, Job, Partner, User
from roaming.intake.facts import load_world
from roaming.intake.judge import Judged, judge_chunk
from roaming.intake.structure import Submission
from roaming.intake.writer import write_chunk
from roaming.messages import OutcomeFinding, OutcomeWord, SdrOutcome
from roaming.models import IntakeBatch
from roaming.rules.catalog import REMEDIES
from roaming.services import deliveries

CHUNK_RECORDS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a batch came from; kept on the batch row."""

    door: str
    actor: str
    client: ApiClient | None = None
    user: User | None = None
    job: Job | None = None
    profile: str = ""
    file_name: str = ""
    file_sha256: str = ""
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A batch that may be worked; ``gap`` says in words which ones are missing before it."""

    batch: IntakeBatch
    gap: str = ""


def open_batch(
    *, sender: Partner, environment: str, origin: Origin, received_at: datetime
) -> IntakeBatch:
    """Start a batch; a single record is a batch of one."""
    return IntakeBatch.objects.create(
        sender=sender,
        environment=environment,
        door=origin.door,
        client=origin.client,
        user=origin.user,
        job=origin.job,
        profile=origin.profile,
        file_name=origin.file_name,
        file_sha256=origin.file_sha256,
        sequence=origin.sequence,
        received_at=received_at,
    )


def take_in(
    submissions: Iterable[Submission],
    *,
    sender: Partner,
    environment: str,
    origin: Origin,
    received_at: datetime,
) -> Iterator[list[SdrOutcome]]:
    """Open a batch and take records into it, as ``take_into`` does."""
    batch = open_batch(
        sender=sender, environment=environment, origin=origin, received_at=received_at
    )
    yield from take_into(Opened(batch), submissions, actor=origin.actor)


def take_into(
    opened: Opened, submissions: Iterable[Submission], *, actor: str
) -> Iterator[list[SdrOutcome]]:
    """Take in records in chunks of 5,000 and yield each chunk's outcomes once it is committed.

    Sending the same records again changes nothing and gives the same answers.
    """
    position = 0
    for chunk in _chunks(submissions):
        judged = _commit(chunk, opened=opened, actor=actor, position=position)
        deliveries.publish({buyer_id for one in judged if (buyer_id := _owed_to(one))})
        position += len(chunk)
        yield [_outcome(one) for one in judged]


def _commit(
    chunk: Sequence[Submission], *, opened: Opened, actor: str, position: int
) -> list[Judged]:
    """Judge and write one chunk in one transaction, again where another sender was first."""
    batch = opened.batch

    def work() -> list[Judged]:
        world = load_world(
            [submission.sdr for submission in chunk],
            sender=batch.sender,
            environment=batch.environment,
            received_at=batch.received_at,
        )
        world.batch_gap = opened.gap
        judged = judge_chunk(chunk, world=world, first_position=position)
        write_chunk(judged, batch=batch, received_at=batch.received_at, actor=actor)
        return judged

    return in_transaction(work, also_retry=KeyTaken)


def _chunks(submissions: Iterable[Submission]) -> Iterator[list[Submission]]:
    iterator = iter(submissions)
    while chunk := list(islice(iterator, CHUNK_RECORDS)):
        yield chunk


def _owed_to(one: Judged) -> UUID | None:
    is_owed = one.is_new and one.path[-1] in ("DELIVERED", "ACCEPTED")
    return one.sides.buyer.id if is_owed and one.sides.buyer else None


def _outcome(one: Judged) -> SdrOutcome:
    return SdrOutcome(
        index=one.position,
        sdr_id=one.submission.sdr.sdr_id,
        outcome=_word(one),
        codes=sorted({finding.code for finding in one.findings}),
        record_id=str(one.record_id),
        attempt=one.attempt,
        findings=[
            OutcomeFinding(
                code=finding.code,
                severity=finding.severity,
                field=finding.field,
                message=finding.message,
                remedy=REMEDIES[finding.code],
            )
            for finding in one.findings
        ],
        state=one.path[-1],
        is_new=one.is_new,
    )


def _word(one: Judged) -> OutcomeWord:
    """A rejected record that is sent again is still rejected; a live one is a duplicate."""
    if one.is_conflict:
        return "conflict"
    if one.verdict == "REJECT":
        return "rejected"
    if one.repeats:
        return "duplicate"
    return "held" if one.verdict == "HOLD" else "accepted"
