"""OpenAPI of positions and open items: decorators for the views."""

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema

from billing.api.reading_books import AccrualRow, Accruals, Ageing, AgeingRow, OpenItems, Positions
from partners.api.schema import answer, describe, problems

_FIELDS = {
    "as_of": "The instant as of which the books were read; the answer for it never changes.",
    "position_minor": "In whole minor units; + is what you get, − what you pay.",
    "disputed_minor": "The part of it that waits for a dispute, in whole minor units.",
    "account": "1300 clearing; under CCP 1200 receivable, 2100 payable; 1390, 2390 disputed.",
    "open_minor": "In whole minor units; + is what you get, − what you pay.",
    "group": "Settlement group of the window; null for what belongs to no window.",
    "supply_starts_at": "Begin of the supply period, included, UTC.",
    "supply_ends_at": "End of the supply period, not included, UTC.",
}
describe(Positions, OpenItems, fields=_FIELDS)
_ACCRUED = {
    "as_of": _FIELDS["as_of"],
    "supply_month": "Month in which the service ended, in the settlement group's time zone.",
    "direction": "SOLD: you are the seller.",
    "counterparty": "Name of the other partner; null where it is not known yet.",
    "price_basis": "INCL_TAX: claims contain VAT. Null while no agreement is known.",
    "standing": "ACCEPTED and CORRECTION will be settled; DISPUTED, OPEN and HELD may be.",
    "sdrs": "How many records.",
    "claim_minor": "In whole minor units, before commission and fees; a credit is below zero.",
}
describe(Accruals, AccrualRow, fields=_ACCRUED)
_AGED = {
    "today": "The day up to which days past due are counted.",
    "side": "PAYS: yours to pay. GETS: paid to you.",
    "items": "How many positions are open.",
    "not_due_minor": "Not due yet, in whole minor units.",
    "to_30_minor": "1 to 30 days past due.",
    "to_60_minor": "31 to 60 days past due.",
    "to_90_minor": "61 to 90 days past due.",
    "over_90_minor": "More than 90 days past due.",
    "total_minor": "All of it.",
}
describe(Ageing, AgeingRow, fields=_AGED)
_TAGS = ["Ledger"]
_AS_OF = OpenApiParameter(
    "as_of",
    OpenApiTypes.DATETIME,
    description="ISO 8601 with a time zone; without it, the last instant that is complete.",
)
_DESCRIPTION = (
    "The answer for an instant is the same whenever you ask. 409 BOOKS_NOT_COMPLETE for an instant"
    " that is still ahead of the last sealing; its detail names the last complete one."
)
_INSTANT = "2026-12-08T17:02:00Z"

list_positions = extend_schema(
    operation_id="listLedgerPositions",
    tags=_TAGS,
    summary="Your positions as of an instant",
    description=_DESCRIPTION,
    parameters=[_AS_OF],
    responses=answer(
        200,
        Positions,
        "Your positions",
        {
            "One currency": {
                "as_of": _INSTANT,
                "results": [{"currency": "EUR", "position_minor": 893, "disputed_minor": 0}],
            }
        },
    )
    | problems(400, 409),
)

list_open_items = extend_schema(
    operation_id="listLedgerOpenItems",
    tags=_TAGS,
    summary="Your open items as of an instant",
    description=_DESCRIPTION,
    parameters=[_AS_OF],
    responses=answer(
        200,
        OpenItems,
        "Your open items",
        {
            "One window": {
                "as_of": _INSTANT,
                "results": [
                    {
                        "account": "1300",
                        "currency": "EUR",
                        "open_minor": 893,
                        "group": "EUR monthly",
                        "supply_starts_at": "2026-10-31T23:00:00Z",
                        "supply_ends_at": "2026-11-30T23:00:00Z",
                    }
                ],
            }
        },
    )
    | problems(400, 409),
)

list_accruals = extend_schema(
    operation_id="listLedgerAccruals",
    tags=_TAGS,
    summary="Your records that are not settled, as of an instant",
    description=(
        "For your year-end: what was delivered and not settled by then, by supply month. The answer"
        " for an instant is the same whenever you ask. 409 BOOKS_NOT_COMPLETE for an instant of the"
        " last hour, or while an import that began before it is running."
    ),
    parameters=[_AS_OF],
    responses=answer(
        200,
        Accruals,
        "Your accruals",
        {
            "Late December": {
                "as_of": "2026-12-31T23:00:00Z",
                "results": [
                    {
                        "supply_month": "2026-12",
                        "direction": "SOLD",
                        "counterparty": "Voltaire Mobilité",
                        "currency": "EUR",
                        "price_basis": "EXCL_TAX",
                        "standing": "ACCEPTED",
                        "sdrs": 12,
                        "claim_minor": 10800,
                    }
                ],
            }
        },
    )
    | problems(400, 409),
)

list_ageing = extend_schema(
    operation_id="listLedgerAgeing",
    tags=_TAGS,
    summary="Your open positions by days past due",
    description="As what is settled stands now; by currency, yours to pay and paid to you apart.",
    responses=answer(
        200,
        Ageing,
        "Your open positions",
        {
            "One is late": {
                "today": "2027-03-01",
                "results": [
                    {
                        "currency": "EUR",
                        "side": "PAYS",
                        "items": 2,
                        "not_due_minor": 7520,
                        "to_30_minor": 1250,
                        "to_60_minor": 0,
                        "to_90_minor": 0,
                        "over_90_minor": 0,
                        "total_minor": 8770,
                    }
                ],
            }
        },
    )
    | problems(400),
)
