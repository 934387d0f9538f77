"""A partner's own positions and open items as of an instant, for its systems."""

from datetime import datetime

import msgspec
from django.http import HttpResponse
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from billing.api import documentation_books as documentation
from billing.api.reading_books import OpenItemRow, OpenItems, PositionRow, Positions
from billing.models import ClearingWindow
from billing.queries_books import NotCompleteYet, book_lines, complete_until
from billing.rules.books import BookLine, open_items, partner_balances
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused

_encode = msgspec.json.Encoder().encode


class LedgerPositions(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.list_positions
    def get(self, request):
        as_of = _as_of(request)
        rows = [
            PositionRow(
                currency=row.currency,
                position_minor=row.position_minor,
                disputed_minor=row.disputed_minor,
            )
            for row in partner_balances(_lines(request, as_of))
        ]
        return _json(Positions(as_of=as_of, results=rows))


class LedgerOpenItems(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.list_open_items
    def get(self, request):
        as_of = _as_of(request)
        items = open_items(_lines(request, as_of))
        windows = ClearingWindow.objects.select_related("group").in_bulk(
            {item.window for item in items if item.window}
        )
        rows = [
            _row(item.account.code, item.account.currency, item.open_minor, windows.get(window))
            for item in items
            for window in [item.window]
        ]
        return _json(OpenItems(as_of=as_of, results=rows))


def _row(code: str, currency: str, amount: int, window: ClearingWindow | None) -> OpenItemRow:
    return OpenItemRow(
        account=code,
        currency=currency,
        open_minor=amount,
        group=window.group.name if window else None,
        supply_starts_at=window.supply_starts_at if window else None,
        supply_ends_at=window.supply_ends_at if window else None,
    )


def _lines(request, as_of: datetime) -> list[BookLine]:
    client = client_of(request)
    try:
        return book_lines(as_of=as_of, environment=client.environment, partner=client.partner)
    except NotCompleteYet as error:
        raise RequestRefused(
            409,
            "BOOKS_NOT_COMPLETE",
            f"{error} Ask for an instant up to then, or again as Retry-After says.",
            headers={"Retry-After": "300"},
        ) from error


def _as_of(request) -> datetime:
    """The instant asked for, or the last for which the books are complete."""
    unknown = sorted(set(request.query_params) - {"as_of"})
    if unknown:
        raise ValidationError({name: "is not known here; known is as_of" for name in unknown})
    if text := request.query_params.get("as_of", ""):
        return _instant(text)
    until = complete_until()
    if until is None:
        raise RequestRefused(
            409,
            "BOOKS_NOT_COMPLETE",
            "Nothing was sealed yet. Ask again as Retry-After says.",
            headers={"Retry-After": "300"},
        )
    return until


def _instant(text: str) -> datetime:
    try:
        instant = parse_datetime(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValidationError({"as_of": "is no instant; send e.g. 2026-12-08T17:00:00Z"})
    return instant


def _json(answer: Positions | OpenItems) -> HttpResponse:
    return HttpResponse(_encode(answer), content_type="application/json")
