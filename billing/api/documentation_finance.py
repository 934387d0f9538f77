"""OpenAPI of windows, positions, payments, postings and invoices: decorators for the views."""

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    OpenApiTypes,
    extend_schema,
)

from billing.api import examples_finance as examples
from billing.api.reading_finance import (
    InvoicedRecordPage,
    InvoicePage,
    InvoiceRow,
    MoneyPositionPage,
    NewInvoice,
    PaymentPage,
    PostingPage,
    Refusal,
    WindowPage,
)
from billing.models import (
    ClearingWindow,
    Invoice,
    InvoicingMode,
    Payment,
    PositionState,
    Transfer,
)
from partners.api.bodies import JSON
from partners.api.schema import IDEMPOTENCY_KEY, answer, describe, problems, ref

_FIELDS = {
    "model": "AGENCY: partners owe each other. CCP: partners owe the clearing house.",
    "state": "Where it stands now.",
    "supply_starts_at": "Begin of the supply period, included, UTC.",
    "supply_ends_at": "End of the supply period, not included, UTC.",
    "due_minor": "What moves now, in whole minor units; + you get it, − you pay it.",
    "due_date": "The day by which pay-ins are due; null where nothing is.",
    "settled_minor": "What of it is final, in whole minor units, never negative.",
    "money_state": "Where its money stands; null until the statement is issued.",
    "effect_minor": "What it does to your position, in whole minor units; + you get it.",
    "counterparty": "Whose account is on the other side; null: the clearing house's, or yours.",
    "reverses_id": "The posting that this one takes back.",
    "reason_code": "Of the bank, such as AC04; empty where nothing is wrong.",
    "iban": "Masked: country and the last four characters.",
    "role": "SELLER or BUYER: which side you are.",
    "mode": "A0 the seller issues, A1 on its behalf, A2 self-billing, B the house, FEE its fees.",
    "type_code": "380 invoice, 381 credit note, 389 self-billed, 261 its credit note.",
    "is_objected": "The seller refused a self-billed document: it is no invoice any more.",
    "preceding": "Invoices that a credit note corrects.",
    "pdf": "Address of the PDF (Factur-X); null while it is made, or where the seller issues.",
    "cii": "Address of the CII, as it lies in the PDF; null as `pdf` is.",
    "xml": "Address of the UBL; null while it is made, or where the seller issues.",
    "records": "Address of the records behind it.",
    "sdr_id": "The seller's own id of the record.",
    "settlement_id": "Of the settlement in which it was settled, from `positions/`.",
    "buyer": "Short name of the buyer, as statements list it.",
    "sdr_ids": "Your own ids of the records it is over, each once.",
    "content": "The file's bytes, base64.",
    "channel_reference": "Of the state's channel, such as a KSeF number; empty where none is.",
    "reason": "Why it is refused; the buyer reads it.",
    "amount_minor": "In whole minor units.",
}
describe(
    WindowPage,
    MoneyPositionPage,
    PaymentPage,
    PostingPage,
    InvoicePage,
    InvoicedRecordPage,
    NewInvoice,
    Refusal,
    fields=_FIELDS,
)
_BY_KEYSET = "Newest first, by keyset: follow `next` until it is null."
_PAGING = [
    OpenApiParameter("limit", int, description="Rows per page, 1 to 1,000; usually 100."),
    OpenApiParameter("cursor", OpenApiTypes.UUID, description="From `next`."),
]
CURRENCY = OpenApiParameter("currency", str, description="ISO 4217 code, e.g. `EUR`.")


def _one_of(name: str, values: list[str], description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, enum=values, description=description)


def listing(operation: str, tag: str, summary: str, page: type, example: dict, *parameters):
    """Describe a list by keyset with an example of its answer."""
    return extend_schema(
        operation_id=operation,
        tags=[tag],
        summary=summary,
        description=_BY_KEYSET,
        parameters=[*parameters, *_PAGING],
        responses=answer(200, page, summary, {"One row": example}) | problems(400),
    )


list_windows = listing(
    "listWindows",
    "Settlement",
    "The windows of your settlement groups",
    WindowPage,
    examples.WINDOWS,
    _one_of("state", ClearingWindow.State.values, "Only windows in this state."),
    CURRENCY,
)
list_positions = listing(
    "listPositions",
    "Settlement",
    "Your positions in issued settlements",
    MoneyPositionPage,
    examples.POSITIONS,
    _one_of("money_state", PositionState.State.values, "Only positions whose money stands so."),
    CURRENCY,
)
list_payments = listing(
    "listPayments",
    "Settlement",
    "Payments to you and collections from you",
    PaymentPage,
    examples.PAYMENTS,
    _one_of("state", Payment.State.values, "Only payments in this state."),
    _one_of("purpose", Payment.Purpose.values, "Only payments for this purpose."),
    OpenApiParameter("end_to_end_id", str, description="As on your statement of account."),
)
list_postings = listing(
    "listPostings",
    "Ledger",
    "The postings on your accounts",
    PostingPage,
    examples.POSTINGS,
    _one_of("kind", Transfer.Kind.values, "Only postings of this kind."),
    CURRENCY,
)
list_invoices = listing(
    "listInvoices",
    "Invoices",
    "Invoices and credit notes you sold or bought by",
    InvoicePage,
    examples.INVOICES,
    OpenApiParameter("number", str, description="Exactly this number."),
    _one_of("mode", InvoicingMode.values, "Only invoices issued so."),
    _one_of("type_code", Invoice.TypeCode.values, "Only documents of this type."),
    OpenApiParameter("settlement", OpenApiTypes.UUID, description="Of one settlement."),
    CURRENCY,
)
get_invoice = extend_schema(
    operation_id="getInvoice",
    tags=["Invoices"],
    summary="One invoice or credit note",
    responses=answer(200, InvoiceRow, "The invoice", {"An invoice": examples.INVOICE})
    | problems(404),
)
list_invoiced_records = extend_schema(
    operation_id="listInvoicedRecords",
    tags=["Invoices"],
    summary="The records behind an invoice",
    description=(
        "For reconciliation: each record with what it brings to the invoice, signed as cleared"
        " (a credit record is negative). The rows of a record are never split over two pages, so"
        " a page may have a few rows more or less than `limit`."
    ),
    parameters=_PAGING,
    responses=answer(
        200, InvoicedRecordPage, "A page of records", {"One record": examples.INVOICED_RECORDS}
    )
    | problems(400, 404),
)


report_invoice = extend_schema(
    operation_id="reportInvoice",
    tags=["Invoices"],
    summary="Report an invoice that you issued yourself (A0)",
    description=(
        "Over your supplies of one settlement to one buyer, all of one type. Its amounts must be"
        " those of the supplies and its records exactly those behind them; nothing is taken"
        " otherwise. 422 SETTLEMENT_UNKNOWN, BUYER_UNKNOWN, AMOUNTS_DIFFER or RECORDS_DIFFER name"
        " what differs; 409 INVOICE_KNOWN, ISSUED_BY_US or NOTHING_TO_INVOICE."
    ),
    parameters=[IDEMPOTENCY_KEY],
    request={
        JSON: OpenApiRequest(
            ref(NewInvoice),
            examples=[OpenApiExample("One buyer", value=examples.NEW_INVOICE, request_only=True)],
        )
    },
    responses=answer(201, InvoiceRow, "It is taken", {"Taken": examples.INVOICE})
    | problems(400, 409, 413, 415, 422),
)
refuse_invoice = extend_schema(
    operation_id="refuseSelfBilledInvoice",
    tags=["Invoices"],
    summary="Refuse a document that was self-billed in your name",
    description=(
        "Within 60 days, as its seller alone. It loses its effect as an invoice and is taken back"
        " by a document of type 261 (389 for one of 261); report your own invoice over the same"
        " supplies. What is owed does not change. 409 NOT_SELF_BILLED,"
        " NOT_THE_SELLER, REFUSED_BEFORE or TOO_LATE."
    ),
    parameters=[IDEMPOTENCY_KEY],
    request={
        JSON: OpenApiRequest(
            ref(Refusal),
            examples=[OpenApiExample("A reason", value=examples.REFUSAL, request_only=True)],
        )
    },
    responses=answer(201, InvoiceRow, "It is refused", {"Refused": examples.INVOICE})
    | problems(400, 404, 409, 413, 415),
)


def _file(operation: str, summary: str, media_type: str):
    return extend_schema(
        operation_id=operation,
        tags=["Invoices"],
        summary=summary,
        description=(
            "Always the bytes that were handed out first; `ETag` is their SHA-256. 409"
            " FILE_NOT_RENDERED while they are made."
        ),
        responses={
            (200, media_type): OpenApiResponse(OpenApiTypes.BINARY, description="The file"),
            304: OpenApiResponse(description="You have these bytes (If-None-Match)"),
        }
        | problems(404, 409),
    )


get_invoice_pdf = _file("getInvoicePdf", "The invoice as PDF (Factur-X)", "application/pdf")
get_invoice_cii = _file("getInvoiceCii", "The invoice as CII (EN 16931)", "application/xml")
get_invoice_xml = _file("getInvoiceXml", "The invoice as UBL 2.1", "application/xml")
