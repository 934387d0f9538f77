"""OpenAPI of statements and whereabouts: decorators for the views."""

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema

from billing.api import examples
from billing.api.filters import StatementFilter
from billing.api.reading import StatementDetail, StatementPage
from billing.rules.whereabouts_told import Whereabouts
from billing.services.annex_files import MEDIA_TYPES
from partners.api.schema import answer, describe, problems

FIELDS = {
    "status": "PROVISIONAL until two persons release the settlement; book FINAL ones alone.",
    "is_replaced": "Of a provisional one: the final one is issued, or it was cancelled.",
    "other_status_id": "Of a final statement its provisional one, and the other way round.",
    "vat_minor": "VAT on services: received less paid, in whole minor units.",
    "fee_vat_minor": "VAT on the fees, in whole minor units.",
    "adjustments_minor": "Manual adjustments, in whole minor units; + is what you get.",
    "carried_minor": "Carried from the settlement before, in whole minor units.",
    "carried_on_minor": "Too small to move now, carried into the next settlement.",
    "months": "The same services by the month in which they ended, 2026-10.",
    "sites": "The same services by your party, site and month; `left_out` small lines are summed.",
    "vat": "VAT by document group; − is charged to you.",
    "documents": "Invoices and credit notes that are settled here; − is what you owe.",
    "exchanged_minor": "Due in another currency and settled here, in whole minor units.",
    "exchanged_on_minor": "Due here and settled in another currency, in whole minor units.",
    "direction": "Whether you receive or pay now what is neither carried on nor exchanged.",
    "net_minor": (
        "receivable − payable + VAT − fees − VAT on fees + adjustments + carried from before"
        " + exchanged from another currency, in whole minor units; + is what you get."
    ),
    "receivable_minor": "What others owe you, in whole minor units.",
    "payable_minor": "What you owe others, in whole minor units.",
    "fees_minor": "Fees of the clearing house, in whole minor units.",
    "supply_starts_at": "Begin of the supply period, included, UTC.",
    "supply_ends_at": "End of the supply period, not included, UTC.",
    "period": "The supply period in words, on the group's calendar.",
    "pdf": "Address of the PDF; null while it is being rendered.",
    "pdf_sha256": "SHA-256 of the PDF's bytes; empty while it is being rendered.",
    "summary": "Where the record is, in one sentence.",
    "next_step": "What comes next, or what to do; empty where nothing does.",
    "steps": "Every step of its way, in order; those after the first undone one lie ahead.",
    "is_open": "Whether this finding is what stops the record now.",
    "window": "Where it was cleared into or, not yet cleared, would go; null where nowhere.",
    "booked": "The figures in the books; null until it is cleared.",
    "statement": "Your own statement in which it was settled; null until then.",
    "attempts": "Newest first. Rejected attempts are shown to their sender only.",
}
describe(StatementPage, StatementDetail, Whereabouts, fields=FIELDS)
_STATEMENTS = ["Settlement statements"]
_WHERE = ["Service detail records"]
_PDF = "application/pdf"


def _filter_parameters() -> list[OpenApiParameter]:
    return [
        OpenApiParameter(name, str, description=field.extra["help_text"])
        for name, field in StatementFilter.base_filters.items()
    ]


list_statements = extend_schema(
    operation_id="listStatements",
    tags=_STATEMENTS,
    summary="List your settlement statements",
    description="Newest first, by keyset: follow `next` until it is null.",
    parameters=[
        *_filter_parameters(),
        OpenApiParameter(
            "status",
            str,
            enum=["FINAL", "PROVISIONAL"],
            description="Usually FINAL; PROVISIONAL are those that wait for their release.",
        ),
        OpenApiParameter("limit", int, description="Statements per page, 1 to 1,000; usually 100."),
        OpenApiParameter("cursor", OpenApiTypes.UUID, description="From `next`."),
    ],
    responses=answer(200, StatementPage, "A page of statements", {"One statement": examples.PAGE})
    | problems(400),
)

get_statement = extend_schema(
    operation_id="getStatement",
    tags=_STATEMENTS,
    summary="One statement with its lines",
    description="As frozen when it was issued: lines per counterparty, fees, hashes.",
    responses=answer(200, StatementDetail, "The statement", {"A statement": examples.DETAIL})
    | problems(404),
)

get_pdf = extend_schema(
    operation_id="getStatementPdf",
    tags=_STATEMENTS,
    summary="The statement's PDF",
    description=(
        "The bytes that were stored when it was first rendered, always the same. `ETag` is their"
        " SHA-256, so If-None-Match answers 304; `Repr-Digest` and `Digest` carry it in base64."
        " 409 with Retry-After while it is still being rendered."
    ),
    responses={
        (200, _PDF): OpenApiTypes.BINARY,
        304: None,
    }
    | problems(404, 409),
)

get_annex = extend_schema(
    operation_id="getStatementAnnex",
    tags=_STATEMENTS,
    summary="The records behind a statement",
    description=(
        "One row per record under pseudonyms, as `annex.csv`, `annex.xlsx` or `annex.parquet`: the"
        " same rows in the same order. The CSV has `;` between fields, a decimal point and instants"
        " in UTC; its SHA-256 is `annex_sha256` of the statement. In Parquet amounts are decimal128"
        " and instants UTC timestamps. Empty means: not stated. XLSX and Parquet of more than 5,000"
        " records are made by a job: 409 ANNEX_BEING_MADE until they are there."
    ),
    parameters=[
        OpenApiParameter(
            "kind", OpenApiTypes.STR, OpenApiParameter.PATH, enum=["csv", "xlsx", "parquet"]
        )
    ],
    responses={(200, media_type): OpenApiTypes.BINARY for media_type in MEDIA_TYPES.values()}
    | problems(404, 409),
)

where_is_record = extend_schema(
    operation_id="whereIsRecord",
    tags=_WHERE,
    summary="Where is my record? By our record id",
    description=(
        "All attempts under the record's SDR id that you may see: every step with time and next"
        " step. A record that is in no statement says why."
    ),
    responses=answer(200, Whereabouts, "Where it is", {"Held": examples.HELD}) | problems(404),
)

where_is_sdr = extend_schema(
    operation_id="whereIsSdr",
    tags=_WHERE,
    summary="Where is my record? By its SDR id",
    description="The same answer by the id that the seller gave.",
    parameters=[OpenApiParameter("sdr_id", str, required=True, description="The seller's id.")],
    responses=answer(200, Whereabouts, "Where it is", {"Held": examples.HELD}) | problems(400, 404),
)
