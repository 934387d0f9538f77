"""The ``Batch-Sequence`` header at the door: the sender's own number of a batch."""

import hashlib

from drf_spectacular.utils import OpenApiParameter

from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from roaming.models import BatchReceipt, IntakeBatch
from roaming.services import sequences
from roaming.services.intake import Opened, Origin, open_batch

HEADER = "Batch-Sequence"
LARGEST = 2**62
PARAMETER = OpenApiParameter(
    HEADER,
    int,
    OpenApiParameter.HEADER,
    description=(
        "Your own number of the batch: 1, 2, 3 … over all clients of your company in one"
        " environment. A number that is left out is a gap, which you are told of (V704,"
        " sequence-gaps/) until its batch comes. The same number with the same bytes gives the"
        " first answer again, with other bytes 409."
    ),
)


def open_numbered(request, *, body: bytes, received_at) -> Opened | BatchReceipt:
    """The batch of this request, under its number if it states one; or its first answer.

    :raises RequestRefused: 400 no number, 409 used or at work, 422 too far ahead.
    """
    client = client_of(request)
    origin = Origin(
        door=IntakeBatch.Door.API,
        actor=actor_of(client),
        client=client,
        file_sha256=hashlib.sha256(body).hexdigest(),
        sequence=_number(request),
    )
    sender, environment = client.partner, client.environment
    if origin.sequence is None:
        batch = open_batch(
            sender=sender, environment=environment, origin=origin, received_at=received_at
        )
        return Opened(batch)
    try:
        return sequences.claim(
            sender=sender, environment=environment, origin=origin, received_at=received_at
        )
    except sequences.SequenceReused:
        raise RequestRefused(
            409,
            "BATCH_SEQUENCE_REUSED",
            f"Batch {origin.sequence} was received with other bytes; nothing was taken. Send this"
            " batch under your next number.",
        ) from None
    except sequences.SequenceTooFar as far:
        raise RequestRefused(
            422,
            "BATCH_SEQUENCE_TOO_FAR",
            f"Your next number is {far.expected}; {origin.sequence} would leave more than"
            f" {sequences.MOST_MISSING:,} batches missing. Count your batches from 1.",
        ) from None
    except sequences.StillAtWork as waiting:
        raise RequestRefused(
            409,
            "BATCH_SEQUENCE_IN_FLIGHT",
            "The first request with this number is still at work. Repeat it as Retry-After says.",
            headers={"Retry-After": str(waiting.retry_after_s)},
        ) from None


def actor_of(client) -> str:
    return f"client {client.name}"[:150]


def _number(request) -> int | None:
    stated = request.headers.get(HEADER)
    if stated is None:
        return None
    text = stated.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= LARGEST):
        raise RequestRefused(
            400, "BATCH_SEQUENCE_INVALID", f"Send {HEADER} as a whole number from 1 on."
        )
    return int(text)
