"""OpenAPI of the counter-record and match endpoints."""

from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    OpenApiTypes,
    extend_schema,
)

from partners.api.bodies import JSON, NDJSON
from partners.api.schema import IDEMPOTENCY_KEY, answer, describe, problems, ref
from roaming.api import counter_examples as examples
from roaming.api.counter_answers import CounterAnswer, CounterBatchAnswer
from roaming.api.counter_filters import CounterFilter, MatchFilter
from roaming.api.examples import Example
from roaming.api.fields import FIELDS
from roaming.api.registry_bodies import CSV
from roaming.rules.counter_record import InboundCounterRecord
from roaming.services.counter_reading import CounterPage, CounterRow, MatchPage, MatchRow

_FIELDS = {
    "counter_id": "The CSP's id of its counter-record, never used again. Shown to the CSP alone.",
    "replaces_counter_id": "Your earlier counter-record that this one replaces.",
    "is_replaced": "A later one took its place; it no longer matches.",
    "csp_id": "Party code of the home-CSP, e.g. FR*VOL. Required.",
    "cso_id": "Party code of the visited-CSO, e.g. DE*NLX. Required.",
    "service_session_id": "The CSO's id of the session, where you know it.",
    "location_id": "The CSO's id of the site.",
    "ended_at": "End of the session, RFC 3339 with offset. Required.",
    "energy_kwh": "Energy in kWh, decimal string with at most 6 decimals.",
    "amount": "What you reckon is owed, in the price basis of the agreement.",
    "outcome": (
        "Of sending: accepted, duplicate (the same again), conflict (the id has other content),"
        " rejected. Of matching: MATCHED, MATCHED_TOLERANCE, MISMATCH, CSO_ONLY, CSP_ONLY,"
        " AMBIGUOUS (a person decides), DUPLICATE (says again what an earlier one says)."
    ),
    "match": "What matching found; null before its first run.",
    "is_current": "False where a later run put another match in its place.",
    "is_held_for_csp": "Beyond the tolerance, yet no mismatch: the CSP accepts or disputes.",
    "step": "Of the ladder: 1 authorization, 2 session, 3 contract and EVSE, 4 place; 0 none.",
    "differences": "Fields beyond tolerance: energy, amount, start, end, evse, contract, …",
    "record_id": "Our id: of the counter-record; in a match of the service detail record.",
    "counter_record_id": "Our id of the counter-record. Shown to the CSP alone.",
    "energy_tolerance_kwh": "What was tolerated, kWh.",
    "amount_tolerance": "What was tolerated, in the record's currency.",
    "start_difference_s": "Counter-record less record, whole seconds.",
    "end_difference_s": "Counter-record less record, whole seconds.",
    "time_tolerance_s": "What was tolerated, seconds.",
    "matched_at": "When it was found, UTC.",
    "closed_at": "When it was closed without a claim, UTC: 30 days without the CSO's record.",
    "code": "Stable, for programs.",
    "duplicates": "How many were known already.",
}
describe(
    InboundCounterRecord,
    CounterAnswer,
    CounterBatchAnswer,
    CounterPage,
    CounterRow,
    MatchPage,
    MatchRow,
    fields=FIELDS | _FIELDS,
)
_TAGS = ["Counter-records"]
_TYPES: dict[str, Any] = {
    "IsoDateTimeFilter": OpenApiTypes.DATETIME,
    "UUIDFilter": OpenApiTypes.UUID,
    "BooleanFilter": bool,
}


def _shown(*chosen: Example) -> dict[str, object]:
    return {example.title: example.answer for example in chosen}


def _sent(media_type: str, **values: object) -> list[OpenApiExample]:
    return [
        OpenApiExample(title, value=value, request_only=True, media_type=media_type)
        for title, value in values.items()
    ]


def _list_parameters(filters: Any) -> list[OpenApiParameter]:
    told = []
    for name, field in filters.base_filters.items():
        choices = [value for value, _ in field.extra.get("choices", [])]
        kind = _TYPES.get(type(field).__name__, str)
        told.append(
            OpenApiParameter(
                name,
                kind,
                description=field.extra["help_text"],
                enum=choices or None,
                many=bool(choices),
            )
        )
    return [
        *told,
        OpenApiParameter("cursor", OpenApiTypes.UUID, description="From the next link."),
        OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
    ]


send_counters = extend_schema(
    operation_id="sendCounterRecords",
    tags=_TAGS,
    summary="Send what you know of your drivers' sessions",
    description=(
        "A JSON object is one counter-record; a JSON array, NDJSON or CSV (header line with the"
        " field names, comma or semicolon, UTF-8) is a batch of up to 10,000. One bad element"
        " never sinks a batch. The same again changes nothing. Corrections come under a new"
        " counter_id with replaces_counter_id."
    ),
    parameters=[IDEMPOTENCY_KEY],
    request={
        JSON: OpenApiRequest(
            {
                "oneOf": [
                    ref(InboundCounterRecord),
                    {"type": "array", "items": ref(InboundCounterRecord), "maxItems": 10_000},
                ]
            },
            examples=_sent(
                JSON,
                **{examples.ACCEPTED.title: examples.COUNTER},
                **{examples.BATCH.title: examples.BATCH.request},
            ),
        ),
        NDJSON: OpenApiRequest({"type": "string"}),
        CSV: OpenApiRequest({"type": "string"}, examples=_sent(CSV, **{"A file": examples.CSV})),
    },
    responses=answer(201, CounterAnswer, "New", _shown(examples.ACCEPTED))
    | {
        (200, JSON): OpenApiResponse(
            {"oneOf": [ref(CounterAnswer), ref(CounterBatchAnswer)]},
            description="One that was here already, or one result per element of a batch",
            examples=[
                OpenApiExample(title, value=value, response_only=True, status_codes=["200"])
                for title, value in _shown(examples.AGAIN, examples.BATCH).items()
            ],
        )
    }
    | problems(
        400,
        409,
        413,
        415,
        422,
        examples={409: _shown(examples.CONFLICT), 422: _shown(examples.REJECTED)},
    ),
)
list_counters = extend_schema(
    operation_id="listCounterRecords",
    tags=_TAGS,
    summary="Counter-records of your CSP parties, newest first",
    description="With what matching found. Nobody else sees them. Unknown parameters answer 400.",
    parameters=_list_parameters(CounterFilter),
    responses=answer(200, CounterPage, "A page of counter-records") | problems(400),
)
get_counter = extend_schema(
    operation_id="getCounterRecord",
    tags=_TAGS,
    summary="One counter-record and what matching found",
    responses=answer(200, CounterRow, "The counter-record") | problems(404),
)
list_matches = extend_schema(
    operation_id="listMatches",
    tags=_TAGS,
    summary="What matching found of your sessions, newest first",
    description=(
        "Sessions that your parties sold or bought: outcome, both values and the tolerance. Only"
        " the match in force; an earlier one is read by its id."
    ),
    parameters=_list_parameters(MatchFilter),
    responses=answer(200, MatchPage, "A page of matches") | problems(400),
)
get_match = extend_schema(
    operation_id="getMatch",
    tags=_TAGS,
    summary="One match",
    responses=answer(200, MatchRow, "The match") | problems(404),
)
