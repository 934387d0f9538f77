"""OpenAPI of the record endpoints: decorators for the views, from the types and the examples."""

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
from roaming.api import examples, numbered
from roaming.api.answers import BatchAnswer, RecordAnswer
from roaming.api.fields import FIELDS
from roaming.api.filters import RecordFilter
from roaming.messages import InboundSdr
from roaming.services.reading import DeliveryPage, RecordDetail, RecordPage

describe(
    InboundSdr, RecordAnswer, BatchAnswer, RecordPage, DeliveryPage, RecordDetail, fields=FIELDS
)
_TAGS = ["Service detail records"]
_CODING = OpenApiParameter(
    "Content-Encoding",
    str,
    OpenApiParameter.HEADER,
    enum=["gzip"],
    description="gzip where the body is compressed; sizes count after decompression.",
)
_TYPES = {"IsoDateTimeFilter": OpenApiTypes.DATETIME}


def _shown(*chosen: examples.Example) -> dict[str, object]:
    return {example.title: example.answer for example in chosen}


def _sent(media_type: str, *chosen: examples.Example) -> list[OpenApiExample]:
    sent = {example.title: example.request for example in chosen if example is not examples.AGAIN}
    return [
        OpenApiExample(title, value=value, request_only=True, media_type=media_type)
        for title, value in sent.items()
    ]


def _filter_parameters() -> list[OpenApiParameter]:
    parameters = []
    for name, field in RecordFilter.base_filters.items():
        choices = [value for value, _ in field.extra.get("choices", [])]
        parameters.append(
            OpenApiParameter(
                name,
                _TYPES.get(type(field).__name__, str),
                description=field.extra["help_text"],
                enum=choices or None,
                many=bool(choices),
            )
        )
    return parameters


send_one = extend_schema(
    operation_id="sendServiceDetailRecord",
    tags=_TAGS,
    summary="Send one record",
    description=(
        "All rules run and every finding is told in one answer. Sending the same record again"
        " changes nothing and answers 200. A rejected record's id is free again. Unknown fields"
        " are ignored. Numbers may be sent as strings or as JSON numbers. At most 1 MiB."
    ),
    parameters=[IDEMPOTENCY_KEY, _CODING],
    request={JSON: OpenApiRequest(ref(InboundSdr), examples=_sent(JSON, *examples.ONE_BY_ONE))},
    responses=answer(
        201,
        RecordAnswer,
        "New: accepted or held, as outcome says",
        _shown(examples.ACCEPTED, examples.HELD),
    )
    | answer(200, RecordAnswer, "The same record was here already", _shown(examples.AGAIN))
    | problems(
        400,
        409,
        413,
        415,
        422,
        examples={
            400: _shown(examples.UNREADABLE),
            409: _shown(examples.CONFLICT),
            422: _shown(examples.REJECTED, examples.NOT_YOURS),
        },
    ),
)

send_batch = extend_schema(
    operation_id="sendServiceDetailRecordBatch",
    tags=_TAGS,
    summary="Send up to 10,000 records",
    description=(
        "A JSON array, or one JSON object a line (NDJSON), optionally gzip. One bad element"
        " never sinks the batch: it gets its own result. At most 32 MiB after decompression."
        " The answer carries a receipt, signed with a key of /.well-known/jwks.json, over the"
        " SHA-256 of the body after decompression."
    ),
    parameters=[IDEMPOTENCY_KEY, numbered.PARAMETER, _CODING],
    request={
        JSON: OpenApiRequest(
            {"type": "array", "items": ref(InboundSdr), "maxItems": 10_000},
            examples=_sent(JSON, examples.BATCH),
        ),
        NDJSON: OpenApiRequest({"type": "string"}),
    },
    responses=answer(200, BatchAnswer, "One result per element", _shown(examples.BATCH))
    | problems(400, 409, 413, 415, 422),
)

list_records = extend_schema(
    operation_id="listServiceDetailRecords",
    tags=_TAGS,
    summary="List records, or pull them in sequence",
    description=(
        "Without after_sequence and receiver: records that your parties sold or bought, newest"
        " first, and your own rejected ones. With them: what is owed to one of your CSP parties,"
        " in gapless sequence; filters do not apply there. Unknown parameters answer 400."
    ),
    parameters=[
        *_filter_parameters(),
        OpenApiParameter("cursor", OpenApiTypes.UUID, description="From the next link."),
        OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
        OpenApiParameter("receiver", str, description="Your CSP party, e.g. `FR*VOL`."),
        OpenApiParameter(
            "after_sequence", int, description="The last_sequence you have stored; 0 at first."
        ),
    ],
    responses={
        (200, JSON): OpenApiResponse(
            {"oneOf": [ref(RecordPage), ref(DeliveryPage)]},
            description="A page of records, or of deliveries where receiver was given",
        )
    }
    | problems(400, 404),
    examples=[
        OpenApiExample("A page of records", value=examples.PAGE, response_only=True),
        OpenApiExample("Pulled in sequence", value=examples.PULLED, response_only=True),
    ],
)

get_record = extend_schema(
    operation_id="getServiceDetailRecord",
    tags=_TAGS,
    summary="One record with items, findings and timeline",
    responses=answer(
        200, RecordDetail, "The record in full", {"An accepted record": examples.READ_IN_FULL}
    )
    | problems(404),
)
