"""OpenAPI of objections: decorators for the views."""

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiTypes,
    extend_schema,
)

from billing.api import reading_objections as reading
from billing.models import Objection
from partners.api.bodies import JSON
from partners.api.schema import IDEMPOTENCY_KEY, answer, describe, problems, ref

_FIELDS = {
    "text": "What is wrong, in words; no personal data.",
    "amount_minor": "How much of it is in doubt, above zero, in whole minor units.",
    "counterparty": "Code of one counterparty as the statement lists it, e.g. `FR*VOL`.",
    "sdr_id": "The seller's id of one record; it may be missing from the statement.",
    "record_id": "The record of `sdr_id` where it is in the statement.",
    "answer": "The clearing house's grounds; empty while it is open.",
    "remedy": "What mends an upheld one: CANCELLATION, ADJUSTMENT or CORRECTION.",
    "adjustment_minor": "Of an ADJUSTMENT: + is what you get, in whole minor units.",
    "next_step": "What comes next, in one sentence.",
}
describe(reading.NewObjection, reading.ObjectionRow, reading.ObjectionPage, fields=_FIELDS)
_TAGS = ["Settlement statements"]
NEW = {
    "text": "Session NLX-0001 was stopped by the driver after a minute; 9.02 is too much.",
    "amount_minor": 902,
    "counterparty": "DE*NLX",
    "sdr_id": "NLX-0001",
}
ROW = NEW | {
    "objection_id": "019ae7c3-2a40-7d15-9c8e-6b0a4f2d1e77",
    "statement_id": "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a11",
    "statement_number": "PROV-2F6B9C0E7A11-2",
    "state": "OPEN",
    "currency": "EUR",
    "record_id": "019a8244-1180-7b62-9f05-4d3a1be2c701",
    "raised_by": "client backend",
    "raised_at": "2026-12-10T09:00:00Z",
    "answer": "",
    "answered_at": None,
    "remedy": "",
    "adjustment_minor": None,
    "next_step": "The clearing house answers; a provisional statement does not get final before.",
}
_LIST = [
    OpenApiParameter("state", str, enum=list(Objection.State.values)),
    OpenApiParameter("limit", int, description="Objections per page, 1 to 1,000; usually 100."),
    OpenApiParameter("cursor", OpenApiTypes.UUID, description="From `next`."),
]
_PAGE = answer(
    200, reading.ObjectionPage, "A page of objections", {"One": {"results": [ROW], "next": None}}
)

raise_one = extend_schema(
    operation_id="objectToStatement",
    tags=_TAGS,
    summary="Object to your statement",
    description=(
        "To a provisional statement until the instant that stands on it, to a final one until the"
        " end of its objection day. While an objection to a provisional statement is open, its"
        " settlement is not released. 409 tells STATEMENT_CANCELLED, STATEMENT_RELEASED or"
        " OBJECTION_TOO_LATE; 422 what is wrong with the grounds. The answer comes as an OBJECTION"
        " message whose `subject_id` is the `objection_id`."
    ),
    parameters=[IDEMPOTENCY_KEY],
    request={
        JSON: OpenApiRequest(
            ref(reading.NewObjection),
            examples=[OpenApiExample("One record", value=NEW, request_only=True)],
        )
    },
    responses=answer(201, reading.ObjectionRow, "The objection is raised", {"Open": ROW})
    | problems(400, 404, 409, 413, 415, 422),
)
list_of_statement = extend_schema(
    operation_id="listObjectionsToStatement",
    tags=_TAGS,
    summary="Your objections to one statement",
    parameters=_LIST,
    responses=_PAGE | problems(400, 404),
)
list_all = extend_schema(
    operation_id="listObjections",
    tags=_TAGS,
    summary="Your objections and their answers, newest first",
    parameters=_LIST,
    responses=_PAGE | problems(400),
)
get_one = extend_schema(
    operation_id="getObjection",
    tags=_TAGS,
    summary="One objection and its answer",
    responses=answer(200, reading.ObjectionRow, "The objection", {"Open": ROW}) | problems(404),
)
