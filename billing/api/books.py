"""A partner's own positions, open items and accruals as of an instant, for its systems."""

from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from billing.api import documentation_books as documentation
from billing.api.own_lists import json_of
from billing.api.parameters import refuse_unknown
from billing.api.reading_books import (
    AccrualRow,
    Accruals,
    Ageing,
    AgeingRow,
    OpenItemRow,
    OpenItems,
    PositionRow,
    Positions,
    PriceBasis,
    Standing,
)
from billing.models import ClearingWindow
from billing.queries_accruals import accruals, accruals_complete_until
from billing.queries_ageing import ageing, today_at
from billing.queries_books import NotCompleteYet, book_lines, complete_until
from billing.rules.accruals import AccrualLine
from billing.rules.ageing import AgedLine
from billing.rules.books import BookLine, open_items, partner_balances
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.models import Partner


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
        return json_of(Positions(as_of=as_of, results=rows))


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
        return json_of(OpenItems(as_of=as_of, results=rows))


class LedgerAccruals(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.list_accruals
    def get(self, request):
        client, now = client_of(request), timezone.now()
        refuse_unknown(request, {"as_of"})
        text = request.query_params.get("as_of", "")
        as_of = _instant(text) if text else accruals_complete_until(now=now)
        try:
            lines = accruals(
                as_of=as_of, now=now, environment=client.environment, partner=client.partner
            )
        except NotCompleteYet as error:
            raise _not_complete(error) from error
        others = {line.seller for line in lines} | {line.buyer for line in lines}
        names = dict(
            Partner.objects.filter(pk__in=[one for one in others if one]).values_list("pk", "name")
        )
        rows = [_accrued(line, client.partner, names) for line in lines]
        return json_of(Accruals(as_of=as_of, results=rows))


class LedgerAgeing(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.list_ageing
    def get(self, request):
        client = client_of(request)
        refuse_unknown(request, set())
        today = today_at(timezone.now())
        lines = ageing(today=today, environment=client.environment, partner=client.partner)
        return json_of(Ageing(today=today, results=[_aged(line) for line in lines]))


def _aged(line: AgedLine) -> AgeingRow:
    return AgeingRow(
        currency=line.currency,
        side=cast(Literal["PAYS", "GETS"], line.side),
        items=line.items,
        not_due_minor=line.not_due_minor,
        to_30_minor=line.to_30_minor,
        to_60_minor=line.to_60_minor,
        to_90_minor=line.to_90_minor,
        over_90_minor=line.over_90_minor,
        total_minor=line.total_minor,
    )


def _accrued(line: AccrualLine, own: Partner, names: dict[UUID, str]) -> AccrualRow:
    is_sold = line.seller == own.pk
    other = line.buyer if is_sold else line.seller
    return AccrualRow(
        supply_month=line.supply_month,
        direction="SOLD" if is_sold else "BOUGHT",
        counterparty=names[other] if other else None,
        currency=line.currency,
        price_basis=cast(PriceBasis, line.price_basis) if line.price_basis else None,
        standing=cast(Standing, line.standing),
        sdrs=line.sdrs,
        claim_minor=line.claim_minor,
    )


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
        raise _not_complete(error) from error


def _not_complete(error: NotCompleteYet) -> RequestRefused:
    return RequestRefused(
        409,
        "BOOKS_NOT_COMPLETE",
        f"{error} Ask for an instant up to then, or again as Retry-After says.",
        headers={"Retry-After": "300"},
    )


def _as_of(request) -> datetime:
    """The instant asked for, or the last for which the books are complete."""
    refuse_unknown(request, {"as_of"})
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
