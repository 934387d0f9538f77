"""The door through which CSPs send counter-records: one, a JSON array, NDJSON or CSV."""

import csv
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from partners.api.bodies import JSON, NDJSON, not_json, read_body
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from roaming.api.batches import split_batch
from roaming.api.counter_answers import answer_batch, answer_one
from roaming.api.registry_bodies import CSV
from roaming.intake.counter_structure import (
    CounterSubmission,
    counter_records_of_csv,
    read_counter_record,
)
from roaming.models import IntakeBatch
from roaming.services.counter_records import CounterOutcome, take_in
from roaming.services.intake import Origin


def send(request) -> HttpResponse:
    """A JSON object is answered as one record, everything else as a batch."""
    body, media_type = read_body(
        request, media_types=[JSON, NDJSON, CSV], limit_bytes=settings.BATCH_MAX_BYTES
    )
    if media_type == JSON and not body.lstrip().startswith(b"["):
        return answer_once(request, body=body, work=lambda: _send_one(request, body))
    if media_type == CSV:
        submissions = _of_csv(body)
    else:
        elements = split_batch(body, media_type, limit_records=settings.BATCH_MAX_RECORDS)
        submissions = map(read_counter_record, elements)
    return answer_once(
        request, body=body, work=lambda: answer_batch(_take_in(request, submissions))
    )


def _send_one(request, body: bytes) -> HttpResponse:
    submission = read_counter_record(body)
    if any(fault.code == "RECORD_UNREADABLE" for fault in submission.faults):
        raise not_json(submission.faults[0].message)
    [outcome] = _take_in(request, [submission])
    location = reverse("roaming:counter-detail", args=[outcome.record_id])
    return answer_one(outcome, location=location)


def _of_csv(body: bytes) -> Iterator[CounterSubmission]:
    """:raises RequestRefused: 400 no CSV in UTF-8, 413 too many lines."""
    if body.count(b"\n") > 2 * settings.BATCH_MAX_RECORDS:
        raise _too_many()
    try:
        rows = list(counter_records_of_csv(body.decode("utf-8-sig")))
    except (UnicodeDecodeError, csv.Error) as error:
        detail = f"The body is no CSV in UTF-8: {error}."
        raise RequestRefused(400, "BODY_UNREADABLE", detail) from error
    if len(rows) > settings.BATCH_MAX_RECORDS:
        raise _too_many()
    return iter(rows)


def _too_many() -> RequestRefused:
    limit = settings.BATCH_MAX_RECORDS
    return RequestRefused(
        413, "BATCH_TOO_MANY_RECORDS", f"At most {limit:,} records in one batch; split it."
    )


def _take_in(request, submissions: Iterable[CounterSubmission]) -> list[CounterOutcome]:
    client = client_of(request)
    return take_in(
        submissions,
        sender=client.partner,
        environment=client.environment,
        origin=Origin(
            door=IntakeBatch.Door.API, actor=f"client {client.name}"[:150], client=client
        ),
        received_at=timezone.now(),
    )
