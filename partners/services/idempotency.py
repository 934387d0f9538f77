"""Remember what a request with an ``Idempotency-Key`` was answered.

After draft-ietf-httpapi-idempotency-key-header. The key is committed before the work begins, so
a second request sees it; what the work wrote is committed apart, which is safe because intake
itself answers a repetition with what it already stored.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from partners.models import ApiClient, IdempotencyKey

# A request that takes longer has lost its process: the next one with its key takes over.
TAKE_OVER_AFTER = timedelta(seconds=60)


class KeyReused(Exception):
    """The key was used with another request; nothing was done."""


class StillInFlight(Exception):
    """The first request with the key is not finished."""

    def __init__(self, retry_after_s: int):
        super().__init__(f"in flight; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of one key, until somebody takes it over."""

    key_id: UUID
    locked_at: datetime


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The first request's answer, byte for byte."""

    status: int
    content_type: str
    body: str


def claim_key(
    client: ApiClient, *, key: str, request_sha256: str, now: datetime
) -> Claim | StoredAnswer:
    """Claim ``key`` for this request, or return what the first one with it was answered.

    :raises KeyReused: the key belongs to a request with another content.
    :raises StillInFlight: the first request is not finished and younger than 60 seconds.
    """
    with transaction.atomic(durable=True):
        row, is_first = IdempotencyKey.objects.get_or_create(
            client=client,
            key=key,
            defaults={"request_sha256": request_sha256, "locked_at": now},
        )
    if is_first:
        return Claim(row.pk, now)
    if row.request_sha256 != request_sha256:
        raise KeyReused(key)
    if row.status is not None and row.answer is not None:
        return StoredAnswer(row.status, row.answer["content_type"], row.answer["body"])
    age = now - row.locked_at
    if age >= TAKE_OVER_AFTER and _in_flight(Claim(row.pk, row.locked_at)).update(locked_at=now):
        return Claim(row.pk, now)
    raise StillInFlight(max(1, round((TAKE_OVER_AFTER - age).total_seconds())))


def store_answer(claim: Claim, answer: StoredAnswer) -> None:
    """Keep the answer under the key, unless another request has taken the key over."""
    _in_flight(claim).update(
        status=answer.status,
        # A string inside JSON keeps the order of members, which jsonb does not.
        answer={"content_type": answer.content_type, "body": answer.body},
    )


def release_key(claim: Claim) -> None:
    """Forget the key: the work failed and may be tried again at once."""
    _in_flight(claim).delete()


def forget_keys(*, before: datetime) -> int:
    """Delete the keys last claimed before ``before``; return how many."""
    return IdempotencyKey.objects.filter(locked_at__lt=before).delete()[0]


def _in_flight(claim: Claim):
    return IdempotencyKey.objects.filter(
        pk=claim.key_id, locked_at=claim.locked_at, status__isnull=True
    )
