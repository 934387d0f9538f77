"""The queue behind every way by which messages reach their receivers: leases, waits, dead letters.

Rows are claimed by a lease and committed before the message is sent, so nothing is locked while a
partner's server thinks, and what a killed process claimed is due again when its lease is over.
"""

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from clearinghouse.statements import load_statement
from roaming.models import Alert, Delivery, ReceiverOutage, WebhookSubscription

MOST_ATTEMPTS = 12
CLAIMED_AT_ONCE = 20
LONGEST_CALL_S = 10
# Longer than all claimed messages take where each one runs into its time limit.
LEASE = timedelta(seconds=2 * CLAIMED_AT_ONCE * LONGEST_CALL_S)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=12)
# A receiver that is away is not asked for each of its messages.
FAILURES_IN_A_ROW = 3
ROUNDS = 50

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one call. A receiver that refuses the message was reached; None: it was not
    asked, and nothing is known of it.

    ``is_tried``: False where nobody was asked at all; the message keeps its place. ``wait_s``: what
    the receiver asked for before the next attempt. ``http_status``: of a webhook that answered.
    """

    is_confirmed: bool
    is_reached: bool | None
    error: str = ""
    remote_url: str = ""
    is_tried: bool = True
    wait_s: float = 0.0
    http_status: int | None = None


# Sends one message after the other, and tells of each before it goes on to the next.
Send = Callable[[Sequence[Delivery]], Iterator[Answer]]


def drain(
    receiver_id: UUID,
    send: Send,
    *,
    clock: Callable[[], datetime],
    kinds: Collection[str] | None = None,
) -> dict[bool, int]:
    """Send one receiver's messages until none is due, or it is plainly not there."""
    counts = {True: 0, False: 0}
    for _ in range(ROUNDS):
        leased_until = clock() + LEASE
        claimed = _claim(receiver_id, kinds, now=clock(), leased_until=leased_until)
        if not claimed:
            break
        failures = 0
        for place, (delivery, answer) in enumerate(zip(claimed, send(claimed), strict=True)):
            if not answer.is_tried:
                _give_back(claimed[place:], leased_until=leased_until)
                return counts
            _record(delivery, answer, leased_until=leased_until, now=clock())
            counts[answer.is_confirmed] += 1
            if answer.is_reached is not None:
                failures = 0 if answer.is_reached else failures + 1
            if failures == FAILURES_IN_A_ROW:
                _give_back(claimed[place + 1 :], leased_until=leased_until)
                return counts
    return counts


def redeliver(delivery_ids: Iterable[UUID], *, now: datetime) -> int:
    """Send messages again from their first attempt on, whatever became of them; how many."""
    ids = list(delivery_ids)
    with transaction.atomic():
        again = Delivery.objects.filter(id__in=ids, sequence__isnull=False).update(
            attempts=0, next_attempt_at=None, confirmed_at=None, dead_at=None, last_error=""
        )
        Alert.objects.filter(
            kind=Alert.Kind.DEAD_LETTER, subject__in=map(str, ids), closed_at__isnull=True
        ).update(closed_at=now)
    return again


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: a minute, doubled up to twelve hours."""
    doubled: timedelta = FIRST_WAIT * 2 ** (attempts - 1)
    return min(doubled, LONGEST_WAIT)


def _claim(
    receiver_id: UUID, kinds: Collection[str] | None, *, now: datetime, leased_until: datetime
) -> list[Delivery]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "claim_deliveries.sql"),
            {
                "receiver_id": receiver_id,
                "kinds": None if kinds is None else list(kinds),
                "now": now,
                "leased_until": leased_until,
                "limit": CLAIMED_AT_ONCE,
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(Delivery.objects.filter(id__in=ids).order_by("attempts", "sequence"))


def _give_back(claimed: list[Delivery], *, leased_until: datetime) -> None:
    """Those that were not tried keep their place: they are due at once."""
    ids = [delivery.pk for delivery in claimed]
    ours = Delivery.objects.filter(id__in=ids, next_attempt_at=leased_until)
    ours.update(next_attempt_at=None)


def _record(delivery: Delivery, answer: Answer, *, leased_until: datetime, now: datetime) -> None:
    """Write down what became of one attempt, and whether the receiver can be reached."""
    with transaction.atomic():
        if answer.is_confirmed:
            Delivery.objects.filter(id=delivery.pk, confirmed_at__isnull=True).update(
                confirmed_at=now,
                next_attempt_at=None,
                last_error="",
                remote_url=answer.remote_url[:500],
            )
        else:
            _record_failure(delivery, answer, leased_until=leased_until, now=now)
        if answer.is_reached:
            end_outage(delivery.receiver_id, now=now)
        elif answer.is_reached is not None:
            begin_outage(delivery.receiver_id, now=now)


def _record_failure(
    delivery: Delivery, answer: Answer, *, leased_until: datetime, now: datetime
) -> None:
    """Only while the row is still ours: whoever took it over writes for itself."""
    attempts = delivery.attempts + 1
    is_dead = attempts >= MOST_ATTEMPTS
    wait = wait_after(attempts) * random.uniform(0.8, 1.2)  # noqa: S311 spreads load, no secret
    wait = max(wait, timedelta(seconds=answer.wait_s))
    ours = Delivery.objects.filter(
        id=delivery.pk, confirmed_at__isnull=True, next_attempt_at=leased_until
    )
    changed = ours.update(
        attempts=F("attempts") + 1,
        last_error=answer.error[:300],
        next_attempt_at=None if is_dead else now + wait,
        dead_at=now if is_dead else None,
    )
    if changed and is_dead:
        text = f"{delivery} was not taken in {MOST_ATTEMPTS} attempts: {answer.error}"
        Alert.objects.bulk_create(
            [
                Alert(
                    kind=Alert.Kind.DEAD_LETTER,
                    subject=str(delivery.pk),
                    environment=delivery.receiver.environment,
                    party_id=delivery.receiver_id,
                    text=text[:500],
                    opened_at=now,
                )
            ],
            ignore_conflicts=True,
        )


def begin_outage(receiver_id: UUID, *, now: datetime) -> None:
    """The first failure begins an outage; the next ones are part of it."""
    ReceiverOutage.objects.bulk_create(
        [ReceiverOutage(receiver_id=receiver_id, starts_at=now)], ignore_conflicts=True
    )
    failing = WebhookSubscription.objects.filter(party=receiver_id, failing_since__isnull=True)
    failing.update(failing_since=now)


def end_outage(receiver_id: UUID, *, now: datetime) -> None:
    """The receiver was reached, or has no webhook any more: its clocks go on."""
    ReceiverOutage.objects.filter(receiver=receiver_id, ends_at__isnull=True).update(ends_at=now)
    failing = WebhookSubscription.objects.filter(party=receiver_id, failing_since__isnull=False)
    failing.update(failing_since=None)
