"""The doors through which partners' systems send records: one, or a batch."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from partners.api.bodies import JSON, NDJSON, not_json, read_body
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from roaming.api.answers import answer_one, batch_answer
from roaming.api.batches import split_batch
from roaming.api.numbered import actor_of, open_numbered
from roaming.intake.structure import NotAnObject, Submission, read_element, read_sdr
from roaming.messages import SdrOutcome
from roaming.models import BatchReceipt, IntakeBatch
from roaming.services import receipts, sequences
from roaming.services.intake import Opened, Origin, take_in, take_into

# One record with signed meter data is some 20 kB.
RECORD_MAX_BYTES = 1024 * 1024


def send_one(request) -> HttpResponse:
    """Take in the one JSON object of the body."""
    body, _ = read_body(request, media_types=[JSON], limit_bytes=RECORD_MAX_BYTES)
    try:
        submission = read_sdr(body)
    except NotAnObject as error:
        raise not_json(f"{error}; send one JSON object, or use …/batch/") from error

    def work() -> HttpResponse:
        [outcome] = _take_in(request, [submission])
        location = reverse("roaming:sdr-detail", args=[outcome.record_id])
        return answer_one(outcome, location=location)

    return answer_once(request, body=body, work=work)


def send_batch(request) -> HttpResponse:
    """Take in every element of a JSON array or of NDJSON lines, under its number if it has one."""
    body, media_type = read_body(
        request, media_types=[JSON, NDJSON], limit_bytes=settings.BATCH_MAX_BYTES
    )
    elements = split_batch(body, media_type, limit_records=settings.BATCH_MAX_RECORDS)

    def work() -> HttpResponse:
        opened = open_numbered(request, body=body, received_at=timezone.now())
        if isinstance(opened, BatchReceipt):
            return HttpResponse(
                opened.answer, content_type=JSON, headers={"Batch-Replayed": "true"}
            )
        return _work_batch(opened, elements, body=body, actor=actor_of(client_of(request)))

    return answer_once(request, body=body, work=work)


def _work_batch(opened: Opened, elements: list[bytes], *, body: bytes, actor: str) -> HttpResponse:
    """Take the elements into the batch and answer with a receipt over ``body``."""
    try:
        chunks = take_into(opened, map(read_element, elements), actor=actor)
        outcomes = [outcome for chunk in chunks for outcome in chunk]
        _, told = receipts.issue(
            opened.batch,
            outcomes,
            body=body,
            now=timezone.now(),
            answer=lambda receipt: batch_answer(outcomes, receipt),
        )
    finally:
        if opened.batch.sequence is not None:
            sequences.release(opened.batch)
    return HttpResponse(told, content_type=JSON)


def _take_in(request, submissions: Iterable[Submission]) -> list[SdrOutcome]:
    client = client_of(request)
    chunks = take_in(
        submissions,
        sender=client.partner,
        environment=client.environment,
        origin=Origin(door=IntakeBatch.Door.API, actor=actor_of(client), client=client),
        received_at=timezone.now(),
    )
    return [outcome for chunk in chunks for outcome in chunk]
