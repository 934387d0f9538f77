"""What a CSP is told about the counter-records it sent."""

from collections import Counter
from typing import Literal, cast
from uuid import UUID

import msgspec
from django.http import HttpResponse

from partners.api.bodies import JSON
from partners.api.problems import error_entry, problem
from roaming.services.counter_records import CounterOutcome

REMEDIES = {
    "RECORD_UNREADABLE": "Send a JSON object with the fields of a counter-record.",
    "CELLS_TOO_MANY": "Quote cells that hold the delimiter; write 18.4, not 18,4.",
    "FIELD_MISSING": "Send the field.",
    "FIELD_UNREADABLE": "Send the field in the form that /api/docs/ shows.",
    "FIELD_OUT_OF_RANGE": "Check unit and size; at most 6 decimals.",
    "FIELD_CONTRADICTS": "Correct this field or the one that it contradicts.",
    "PARTY_NOT_YOURS": "Use your own CSP party, or ask its owner for a mandate to send for it.",
    "PARTY_UNKNOWN": "Check the code of the CSO; ask us where it is right.",
    "SETTLED_DIRECTLY": "Settle it with the CSO; to clear it here, agree on another mode first.",
    "COUNTER_ID_TAKEN": "Send the correction under a new counter_id with replaces_counter_id.",
}
_TAKEN = "was sent before with other content, which stays"
_encode = msgspec.json.Encoder(decimal_format="string").encode


class CounterAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one counter-record."""

    counter_id: str
    record_id: UUID
    outcome: Literal["accepted", "duplicate"]


class CounterError(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with one element."""

    code: str
    field: str
    message: str
    remedy: str


class CounterResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one element. ``index`` counts from 0 in what was sent."""

    index: int
    counter_id: str
    outcome: Literal["accepted", "duplicate", "conflict", "rejected"]
    record_id: UUID
    errors: list[CounterError] = []


class CounterBatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``received`` = accepted + rejected + duplicates; a conflict counts as rejected."""

    received: int
    accepted: int
    rejected: int
    duplicates: int
    results: list[CounterResult]


def answer_one(outcome: CounterOutcome, *, location: str) -> HttpResponse:
    """201 new, 200 the same again, 409 the id has other content, 422 rejected."""
    if outcome.outcome in ("rejected", "conflict"):
        return _refusal(outcome)
    told = CounterAnswer(
        counter_id=outcome.counter_id,
        record_id=outcome.record_id,
        outcome=cast(Literal["accepted", "duplicate"], outcome.outcome),
    )
    return HttpResponse(
        _encode(told),
        status=200 if outcome.outcome == "duplicate" else 201,
        content_type=JSON,
        headers={"Location": location},
    )


def answer_batch(outcomes: list[CounterOutcome]) -> HttpResponse:
    """200 with one result per element, in the order sent."""
    counts = Counter(outcome.outcome for outcome in outcomes)
    told = CounterBatchAnswer(
        received=len(outcomes),
        accepted=counts["accepted"],
        rejected=counts["rejected"] + counts["conflict"],
        duplicates=counts["duplicate"],
        results=[
            CounterResult(
                index=outcome.index,
                counter_id=outcome.counter_id,
                outcome=outcome.outcome,
                record_id=outcome.record_id,
                errors=_errors(outcome),
            )
            for outcome in outcomes
        ],
    )
    return HttpResponse(_encode(told), content_type=JSON)


def _errors(outcome: CounterOutcome) -> list[CounterError]:
    faults = [(fault.code, fault.field, fault.message) for fault in outcome.faults]
    if outcome.outcome == "conflict":
        faults = [("COUNTER_ID_TAKEN", "counter_id", _TAKEN)]
    return [
        CounterError(code=code, field=field, message=message, remedy=REMEDIES[code])
        for code, field, message in faults
    ]


def _refusal(outcome: CounterOutcome) -> HttpResponse:
    members = {
        "counter_id": outcome.counter_id,
        "record_id": str(outcome.record_id),
        "outcome": outcome.outcome,
    }
    errors = [
        error_entry(index=outcome.index, **msgspec.structs.asdict(error))
        for error in _errors(outcome)
    ]
    if outcome.outcome == "conflict":
        return problem(
            409,
            "COUNTER_CONFLICT",
            "This counter_id was sent before with other content; that one is unchanged. Send the"
            " correction under a new counter_id with replaces_counter_id.",
            title="Same id, other content",
            errors=errors,
            members=members,
        )
    return problem(
        422,
        "COUNTER_REJECTED",
        "Correct what errors lists and send it again under the same counter_id.",
        title="Counter-record rejected",
        errors=errors,
        members=members,
    )
