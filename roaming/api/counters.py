"""Counter-records and matches for partners' systems."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from django_filters.utils import translate_validation
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON
from partners.api.permissions import client_of
from roaming import queries
from roaming.api import counter_documentation as documentation
from roaming.api import counter_submission, parameters
from roaming.api.counter_filters import CounterFilter, MatchFilter
from roaming.queries import Reader
from roaming.services import counter_reading as reading

USUAL_PAGE = 100
LARGEST_PAGE = 1_000


class CounterRecords(APIView):
    required_scopes = {"GET": ["counter:read"], "POST": ["counter:write"]}

    @documentation.list_counters
    def get(self, request):
        reader = reader_of(request)
        page, following = _page(request, queries.readable_counters(reader), CounterFilter)
        rows = reading.counter_rows(page, reader)
        return _json(reading.CounterPage(results=rows, next=following))

    @documentation.send_counters
    def post(self, request):
        return counter_submission.send(request)


class CounterRecordDetail(APIView):
    required_scopes = {"GET": ["counter:read"]}

    @documentation.get_counter
    def get(self, request, record_id: UUID):
        reader = reader_of(request)
        counter = queries.readable_counters(reader).filter(id=record_id).first()
        if counter is None:
            raise Http404
        [row] = reading.counter_rows([counter], reader)
        return _json(row)


class Matches(APIView):
    required_scopes = {"GET": ["counter:read"]}

    @documentation.list_matches
    def get(self, request):
        reader = reader_of(request)
        current = queries.readable_matches(reader).filter(is_current=True)
        page, following = _page(request, current, MatchFilter)
        rows = reading.match_rows(page, shown_to=reader.every_id)
        return _json(reading.MatchPage(results=rows, next=following))


class MatchDetail(APIView):
    required_scopes = {"GET": ["counter:read"]}

    @documentation.get_match
    def get(self, request, match_id: UUID):
        reader = reader_of(request)
        match = queries.readable_matches(reader).filter(id=match_id).first()
        if match is None:
            raise Http404
        [row] = reading.match_rows([match], shown_to=reader.every_id)
        return _json(row)


def reader_of(request) -> Reader:
    client = client_of(request)
    return queries.reader_of(client.partner, environment=client.environment, now=timezone.now())


def _page(request, rows, filters: Any) -> tuple[list, str | None]:
    """Newest first, and the next page's address; the cursor is the last id of the page before."""
    parameters.refuse_unknown(request, {"cursor", "limit", *filters.base_filters})
    limit = parameters.number(request, "limit", default=USUAL_PAGE, largest=LARGEST_PAGE)
    rows = rows.order_by("-id")
    if "cursor" in request.query_params:
        rows = rows.filter(id__lt=_cursor(request))
    filtered = filters(request.query_params, queryset=rows)
    if not filtered.is_valid():
        raise translate_validation(filtered.errors)
    page = list(filtered.qs[: limit + 1])
    if len(page) <= limit:
        return page, None
    return page[:limit], parameters.address(request, cursor=page[limit - 1].pk)


def _cursor(request) -> UUID:
    try:
        return UUID(request.query_params["cursor"])
    except ValueError:
        raise ValidationError({"cursor": "is no id; follow the next link"}) from None


def _json(answer) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(reading.encode(answer), content_type=JSON, headers=headers)
