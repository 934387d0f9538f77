"""The doors through which partners' systems send records: one, or a batch."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from roaming.api.answers import answer_batch, answer_one
from roaming.api.batches import split_batch
from roaming.api.bodies import JSON, NDJSON, not_json, read_body
from roaming.intake.structure import NotAnObject, Submission, read_element, read_sdr
from roaming.messages import SdrOutcome
from roaming.models import IntakeBatch
from roaming.services.intake import Origin, take_in

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
    """Take in every element of a JSON array or of NDJSON lines."""
    body, media_type = read_body(
        request, media_types=[JSON, NDJSON], limit_bytes=settings.BATCH_MAX_BYTES
    )
    elements = split_batch(body, media_type, limit_records=settings.BATCH_MAX_RECORDS)

    def work() -> HttpResponse:
        return answer_batch(_take_in(request, map(read_element, elements)))

    return answer_once(request, body=body, work=work)


def _take_in(request, submissions: Iterable[Submission]) -> list[SdrOutcome]:
    client = client_of(request)
    chunks = take_in(
        submissions,
        sender=client.partner,
        environment=client.environment,
        origin=Origin(
            door=IntakeBatch.Door.API, actor=f"client {client.name}"[:150], client=client
        ),
        received_at=timezone.now(),
    )
    return [outcome for chunk in chunks for outcome in chunk]
