"""The sender's own numbers of its batches: each is used once, and a gap is noticed.

A sender counts from 1 per environment. Whoever claims a number holds its sender's lock for that
moment, so two batches at once see each other; the work itself is done outside of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from clearinghouse import locks
from partners.models import Partner
from roaming.models import Alert, BatchReceipt, IntakeBatch, SequenceGap
from roaming.rules.behaviour import gap_in_words
from roaming.services import alerts
from roaming.services.intake import Opened, Origin, open_batch

# A request that takes longer has lost its process: the next one with its number takes over.
TAKE_OVER_AFTER = timedelta(seconds=60)
# A slip of the keyboard must not declare millions of batches missing.
MOST_MISSING = 10_000


class SequenceReused(Exception):
    """The number belongs to a batch with other bytes; nothing was done."""


class SequenceTooFar(Exception):
    """So many batches cannot be missing; ``expected`` would be the next number."""

    def __init__(self, expected: int):
        super().__init__(f"the next batch of this sender is number {expected}")
        self.expected = expected


class StillAtWork(Exception):
    """The first request with the number is not finished."""

    def __init__(self, retry_after_s: int):
        super().__init__(f"at work; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Standing:
    """A sender's numbers: the highest it used, and its gaps, newest first."""

    last_sequence: int
    gaps: QuerySet[SequenceGap]


def claim(
    *, sender: Partner, environment: str, origin: Origin, received_at: datetime
) -> Opened | BatchReceipt:
    """Open the batch ``origin.sequence`` of ``sender``, or return what it was answered before.

    :raises SequenceReused: the number was used with bytes of another SHA-256.
    :raises SequenceTooFar: more than 10,000 batches would be missing before it.
    :raises StillAtWork: another request with the same number and bytes is younger than 60 seconds.
    """
    with transaction.atomic():
        locks.take(connection, locks.Lock.BATCH_SEQUENCE, sender.pk, environment)
        numbered = IntakeBatch.objects.filter(sender=sender, environment=environment)
        batch = numbered.filter(sequence=origin.sequence).first()
        if batch is None:
            batch = _open(sender, environment, origin, received_at)
        else:
            receipt = _seen_before(batch, origin, now=received_at)
            if receipt is not None:
                return receipt
        batch.working_until_at = received_at + TAKE_OVER_AFTER
        batch.save(update_fields=["working_until_at"])
        return Opened(batch, gap=_gap_before(batch))


def release(batch: IntakeBatch) -> None:
    """The work has ended, well or not: whoever sends the number again need not wait."""
    IntakeBatch.objects.filter(pk=batch.pk).update(working_until_at=None)


def standing_of(sender: Partner, *, environment: str) -> Standing:
    """The sender's numbers in one environment, by two queries."""
    gaps = SequenceGap.objects.filter(sender=sender, environment=environment)
    return Standing(_last(sender, environment), gaps.order_by("-first"))


def missing_of(gaps: list[SequenceGap]) -> dict[int, list[int]]:
    """Which numbers of each gap (by ``first``) have not come yet, by one query."""
    still_open = [gap for gap in gaps if gap.filled_at is None]
    if not still_open:
        return {}
    came = set(
        IntakeBatch.objects.filter(
            sender=still_open[0].sender_id,
            environment=still_open[0].environment,
            sequence__gte=min(gap.first for gap in still_open),
            sequence__lte=max(gap.last for gap in still_open),
        ).values_list("sequence", flat=True)
    )
    return {
        gap.first: [number for number in range(gap.first, gap.last + 1) if number not in came]
        for gap in still_open
    }


def _seen_before(batch: IntakeBatch, origin: Origin, *, now: datetime) -> BatchReceipt | None:
    """The stored answer; None where the work must be taken over from a request that is gone."""
    if batch.file_sha256 != origin.file_sha256:
        raise SequenceReused(str(batch.sequence))
    receipt = BatchReceipt.objects.filter(batch=batch).first()
    if receipt is not None:
        return receipt
    # A job is started again under its own claim; only a request can meet another one.
    if origin.job is None and batch.working_until_at is not None and batch.working_until_at > now:
        raise StillAtWork(max(1, round((batch.working_until_at - now).total_seconds())))
    return None


def _open(sender: Partner, environment: str, origin: Origin, now: datetime) -> IntakeBatch:
    number = origin.sequence or 0
    last = _last(sender, environment)
    if number - last - 1 > MOST_MISSING:
        raise SequenceTooFar(last + 1)
    batch = open_batch(sender=sender, environment=environment, origin=origin, received_at=now)
    if number > last + 1:
        _notice(batch, first=last + 1, last=number - 1, now=now)
    elif number <= last:
        _fill(batch, now=now)
    return batch


def _last(sender: Partner, environment: str) -> int:
    numbered = IntakeBatch.objects.filter(sender=sender, environment=environment)
    return numbered.aggregate(last=Max("sequence"))["last"] or 0


def _notice(batch: IntakeBatch, *, first: int, last: int, now: datetime) -> None:
    gap = SequenceGap.objects.create(
        sender=batch.sender,
        environment=batch.environment,
        first=first,
        last=last,
        noticed_at=now,
    )
    alerts.raise_alert(
        Alert(
            kind=Alert.Kind.SEQUENCE_GAP,
            subject=str(gap.pk),
            environment=batch.environment,
            partner=batch.sender,
            text=f"{batch.sender} sent batch {batch.sequence}; {_numbers(first, last)} before it"
            " has not come",
            opened_at=now,
        ),
        tell=alerts.sellers_of(batch.sender, environment=batch.environment, now=now),
    )


def _fill(batch: IntakeBatch, *, now: datetime) -> None:
    """The late batch may be the last one that its gap waited for."""
    gap = SequenceGap.objects.filter(
        sender=batch.sender,
        environment=batch.environment,
        first__lte=batch.sequence,
        last__gte=batch.sequence,
        filled_at__isnull=True,
    ).first()
    if gap is None or missing_of([gap])[gap.first]:
        return
    gap.filled_at = now
    gap.save(update_fields=["filled_at"])
    alerts.close(Alert.Kind.SEQUENCE_GAP, [str(gap.pk)], now=now)


def _gap_before(batch: IntakeBatch) -> str:
    """What rule V704 notes on each record of the batch right after a gap."""
    gap = SequenceGap.objects.filter(
        sender=batch.sender_id,
        environment=batch.environment,
        last=(batch.sequence or 0) - 1,
        filled_at__isnull=True,
    ).first()
    return gap_in_words(gap.first, gap.last) if gap else ""


def _numbers(first: int, last: int) -> str:
    return f"batch {first}" if first == last else f"each of the batches {first} to {last}"
