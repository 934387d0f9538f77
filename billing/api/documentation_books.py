"""OpenAPI of positions and open items: decorators for the views."""

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema

from billing.api.reading_books import OpenItems, Positions
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
