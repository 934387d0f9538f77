"""OpenAPI of the dispute endpoints."""

from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    OpenApiTypes,
    extend_schema,
)

from partners.api.bodies import JSON
from partners.api.schema import IDEMPOTENCY_KEY, answer, describe, problems, ref
from roaming.api import dispute_reading as reading

_FIELDS = {
    "record_id": "Id of the record in question.",
    "counter_id": "Id of your counter-record, where the CSO sent no record (D14).",
    "reason": "Why: D01 to D15.",
    "text": "In words; D15 needs 20 characters. No personal data.",
    "disputed_amount": "How much of the claim is disputed; missing: all of it.",
    "amount": "What the record is worth, where the verb needs an amount.",
    "filter": "Filters of the list of records; only records that you bought are disputed.",
    "outcome": "RELEASE, WITHDRAW, CREDIT, REPLACEMENT, DROPPED; empty while open.",
    "decided_amount": "What the record is worth at the end.",
    "replacement_id": "The record of the agreed amount; made by itself within minutes of the end.",
    "next_step": "What happens next, in words.",
    "deadline_at": "Until when the present stage waits, UTC.",
    "case_id": "Common to disputes that were opened together.",
    "media_type": "What the content is, whatever the request said.",
    "sha256": "Of the bytes as they came, hexadecimal.",
}
describe(
    reading.NewDispute,
    reading.NewDisputes,
    reading.Act,
    reading.DisputeInFull,
    reading.DisputePage,
    reading.BulkDisputes,
    reading.DisputeFiles,
    fields=_FIELDS,
)
_TAGS = ["Disputes"]
_IN_FULL = answer(200, reading.DisputeInFull, "The dispute in full")


def _body(kind: type) -> dict:
    return {JSON: OpenApiRequest(ref(kind))}


open_dispute = extend_schema(
    operation_id="openDispute",
    tags=_TAGS,
    summary="Dispute a record",
    description=(
        "The CSP disputes a record that it bought, up to 10 days after delivery, or for D06, D11,"
        " D12 and D14 up to 60 days after acceptance."
    ),
    parameters=[IDEMPOTENCY_KEY],
    request=_body(reading.NewDispute),
    responses=answer(201, reading.DisputeInFull, "The dispute was opened")
    | problems(400, 404, 409, 413, 415, 422),
)
open_bulk = extend_schema(
    operation_id="openDisputes",
    tags=_TAGS,
    summary="Dispute up to 1,000 records at once",
    description="One dispute for each record that the filter finds, under one case_id.",
    parameters=[IDEMPOTENCY_KEY],
    request=_body(reading.NewDisputes),
    responses=answer(200, reading.BulkDisputes, "One result per record")
    | problems(400, 409, 413, 415, 422),
)
list_disputes = extend_schema(
    operation_id="listDisputes",
    tags=_TAGS,
    summary="Disputes of your parties, newest first",
    parameters=[
        OpenApiParameter("stage", str, many=True, description="May be repeated."),
        OpenApiParameter("reason", str, many=True, description="May be repeated."),
        OpenApiParameter("side", str, enum=["CSO", "CSP"], description="The side you are."),
        OpenApiParameter("record_id", OpenApiTypes.UUID, description="Of one record."),
        OpenApiParameter("case_id", OpenApiTypes.UUID, description="Of one bulk."),
        OpenApiParameter("cursor", OpenApiTypes.UUID, description="From the next link."),
        OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
    ],
    responses=answer(200, reading.DisputePage, "A page of disputes") | problems(400),
)
get_dispute = extend_schema(
    operation_id="getDispute",
    tags=_TAGS,
    summary="One dispute with its steps and evidence",
    responses=_IN_FULL | problems(404),
)
do_verb = extend_schema(
    operation_id="actOnDispute",
    tags=_TAGS,
    summary="Answer, agree, contest, withdraw, appeal or write",
    description=(
        "CSO: accept, reject, partial. CSP: confirm, agree, contest, withdraw. Both: message,"
        " appeal. What the present stage does not take answers 409."
    ),
    parameters=[IDEMPOTENCY_KEY],
    request=_body(reading.Act),
    responses=_IN_FULL | problems(400, 404, 409, 413, 415, 422),
)

attach_file = extend_schema(
    operation_id="attachToDispute",
    tags=_TAGS,
    summary="Add a file of evidence",
    description=(
        "The bytes are the body. PDF, PNG, JPEG, CSV, JSON, XML or OCMF, judged by content, up to"
        " 10 MiB, 20 files to a dispute; both sides see the same files. The same bytes again are"
        " the file that is there. What is refused tells a code: FILE_EMPTY, FILE_TOO_LARGE,"
        " FILE_TYPE_NOT_TAKEN, FILE_NAME_MISLEADS, FILE_ACTIVE, FILE_BROKEN, TOO_MANY_FILES."
    ),
    parameters=[
        OpenApiParameter("file_name", str, description="Its name, with the ending of its kind."),
        IDEMPOTENCY_KEY,
    ],
    request={"application/octet-stream": OpenApiTypes.BINARY},
    responses=answer(201, reading.DisputeFile, "The file is kept")
    | problems(400, 404, 409, 413, 415, 422),
)
list_files = extend_schema(
    operation_id="listDisputeFiles",
    tags=_TAGS,
    summary="The evidence of a dispute",
    responses=answer(200, reading.DisputeFiles, "Oldest first") | problems(404),
)
get_file = extend_schema(
    operation_id="getDisputeFile",
    tags=_TAGS,
    summary="One file of evidence, byte for byte",
    description="Always an attachment; Repr-Digest is the SHA-256. Each download is noted.",
    responses={
        (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The bytes"),
    }
    | problems(404),
)
