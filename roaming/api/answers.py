"""What a sender is told about its records: outcomes of intake as answers of the API."""

from typing import Literal, TypeAlias, cast
from uuid import UUID

import msgspec
from django.http import HttpResponse

from partners.api.bodies import JSON
from partners.api.problems import error_entry, problem
from roaming.messages import OutcomeFinding, SdrOutcome
from roaming.models import BatchReceipt

Taken: TypeAlias = Literal["accepted", "held", "duplicate"]
_encode = msgspec.json.Encoder(decimal_format="string").encode


class RecordAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record. ``outcome`` is about this request, ``state`` about the record."""

    sdr_id: str
    record_id: str
    attempt: int
    outcome: Taken
    state: str
    codes: list[str]
    findings: list[OutcomeFinding]


class BatchResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one element. ``index`` counts from 0 in what was sent."""

    index: int
    sdr_id: str
    outcome: Literal["accepted", "held", "rejected", "duplicate", "conflict"]
    codes: list[str]
    record_id: str
    attempt: int
    state: str
    findings: list[OutcomeFinding] = []


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``received`` = accepted + held + rejected + duplicates; a conflict counts as rejected."""

    batch_id: UUID
    sequence: int | None
    received: int
    accepted: int
    held: int
    rejected: int
    duplicates: int
    receipt: str
    results: list[BatchResult]


def answer_one(outcome: SdrOutcome, *, location: str) -> HttpResponse:
    """201 new, 200 the same again, 409 another record has the id, 422 rejected."""
    if outcome.outcome in ("rejected", "conflict"):
        return _refusal(outcome)
    answer = RecordAnswer(
        sdr_id=outcome.sdr_id,
        record_id=outcome.record_id,
        attempt=outcome.attempt,
        outcome=cast(Taken, outcome.outcome),
        state=outcome.state,
        codes=outcome.codes,
        findings=outcome.findings,
    )
    return HttpResponse(
        _encode(answer),
        status=200 if outcome.outcome == "duplicate" else 201,
        content_type=JSON,
        headers={"Location": location},
    )


def batch_answer(outcomes: list[SdrOutcome], receipt: BatchReceipt) -> bytes:
    """One result per element, in the order sent, and what we sign for."""
    answer = BatchAnswer(
        batch_id=receipt.batch_id,
        sequence=receipt.batch.sequence,
        received=receipt.received,
        accepted=receipt.accepted,
        held=receipt.held,
        rejected=receipt.rejected,
        duplicates=receipt.repeated,
        receipt=receipt.jws,
        results=[
            BatchResult(
                index=outcome.index,
                sdr_id=outcome.sdr_id,
                outcome=outcome.outcome,
                codes=outcome.codes,
                record_id=outcome.record_id,
                attempt=outcome.attempt,
                state=outcome.state,
                findings=outcome.findings,
            )
            for outcome in outcomes
        ],
    )
    return _encode(answer)


def _refusal(outcome: SdrOutcome) -> HttpResponse:
    members = {
        "sdr_id": outcome.sdr_id,
        "record_id": outcome.record_id,
        "attempt": outcome.attempt,
        "outcome": outcome.outcome,
        "state": outcome.state,
    }
    errors = [
        error_entry(
            code=finding.code,
            severity=finding.severity,
            field=finding.field,
            index=outcome.index,
            message=finding.message,
            remedy=finding.remedy,
        )
        for finding in sorted(outcome.findings, key=lambda found: found.severity != "REJECT")
    ]
    if outcome.outcome == "conflict":
        return problem(
            409,
            "SDR_CONFLICT",
            "A live record has this sdr_id with other content; it is unchanged. Correct it by a"
            " credit and a replacement under new ids.",
            title="Same id, other content",
            errors=errors,
            members=members,
        )
    return problem(
        422,
        "SDR_REJECTED",
        "Correct what errors lists and send the record again under the same sdr_id.",
        title="Record rejected",
        errors=errors,
        members=members,
    )
