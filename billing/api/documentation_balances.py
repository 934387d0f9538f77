"""OpenAPI of balance confirmations: decorators for the views."""

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    OpenApiTypes,
    extend_schema,
)

from billing.api import reading_balances as reading
from partners.api.bodies import JSON
from partners.api.schema import IDEMPOTENCY_KEY, answer, describe, problems, ref

_FIELDS = {
    "as_of": "The instant of our books; what they say of it never changes.",
    "balance_minor": "Ours, in whole minor units; + is what you get, − what you pay.",
    "own_balance_minor": "Yours where it differs, in the same sense.",
    "agrees": "true: your books say the same.",
    "text": "Why your books differ; no personal data.",
    "pdf": "Address of the PDF; null while it is being made.",
    "number": "Number of the document.",
}
describe(reading.BalanceAnswer, reading.BalanceRow, reading.BalancePage, fields=_FIELDS)
_TAGS = ["Ledger"]
ROW = {
    "confirmation_id": "01a0c5c3-2a40-7d15-9c8e-6b0a4f2d1e77",
    "number": "BC-2027-000003",
    "currency": "EUR",
    "as_of": "2026-12-31T23:00:00Z",
    "issued_at": "2027-01-05T09:00:00Z",
    "balance_minor": 60080,
    "state": "DIFFERS",
    "own_balance_minor": 58830,
    "text": "A refund of 12.50 is missing in your books.",
    "answered_by": "client erp",
    "answered_at": "2027-01-07T10:12:00Z",
    "pdf": "https://clearinghouse.example/api/v1/balance-confirmations/"
    "01a0c5c3-2a40-7d15-9c8e-6b0a4f2d1e77/pdf",
}
DIFFERS = {"agrees": False, "own_balance_minor": 58830, "text": ROW["text"]}

list_all = extend_schema(
    operation_id="listBalanceConfirmations",
    tags=_TAGS,
    summary="Balances that you were asked to confirm, newest first",
    parameters=[
        OpenApiParameter("state", str, enum=list(reading.States)),
        OpenApiParameter("limit", int, description="Rows per page, 1 to 1,000; usually 100."),
        OpenApiParameter("cursor", OpenApiTypes.UUID, description="From `next`."),
    ],
    responses=answer(
        200, reading.BalancePage, "A page of them", {"One": {"results": [ROW], "next": None}}
    )
    | problems(400),
)
get_one = extend_schema(
    operation_id="getBalanceConfirmation",
    tags=_TAGS,
    summary="One balance and your answer",
    responses=answer(200, reading.BalanceRow, "The balance", {"Answered": ROW}) | problems(404),
)
get_pdf = extend_schema(
    operation_id="getBalanceConfirmationPdf",
    tags=_TAGS,
    summary="The confirmation as it was first handed out",
    responses={
        (200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, description="The PDF"),
        304: OpenApiResponse(description="You have these bytes."),
    }
    | problems(404, 409),
)
answer_one = extend_schema(
    operation_id="answerBalanceConfirmation",
    tags=_TAGS,
    summary="Confirm a balance, or say which one you hold",
    description="Once: an answer stands. 409 BALANCE_ANSWERED where it was answered before; 422"
    " tells what is wrong with the answer.",
    parameters=[IDEMPOTENCY_KEY],
    request={
        JSON: OpenApiRequest(
            ref(reading.BalanceAnswer),
            examples=[
                OpenApiExample("Agreed", value={"agrees": True}, request_only=True),
                OpenApiExample("Another figure", value=DIFFERS, request_only=True),
            ],
        )
    },
    responses=answer(200, reading.BalanceRow, "Your answer is kept", {"Answered": ROW})
    | problems(400, 404, 409, 413, 415, 422),
)
