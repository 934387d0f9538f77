"""Service detail records for partners' systems."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from django_filters.utils import translate_validation
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from partners.api.bodies import JSON
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.models import Party
from roaming import queries
from roaming.api import documentation, parameters, submission
from roaming.api.filters import RecordFilter
from roaming.queries import Reader
from roaming.services import reading

USUAL_PAGE = 100
LARGEST_PAGE = 1_000
_PULL_PARAMETERS = {"after_sequence", "receiver", "limit"}
_LIST_PARAMETERS = {"cursor", "limit", *RecordFilter.base_filters}


class ServiceDetailRecords(APIView):
    required_scopes = {"GET": ["sdr:read"], "POST": ["sdr:write"]}

    @documentation.list_records
    def get(self, request):
        if "after_sequence" in request.query_params or "receiver" in request.query_params:
            return _pull(request)
        return _list(request)

    @documentation.send_one
    def post(self, request):
        return submission.send_one(request)


class ServiceDetailRecordBatch(APIView):
    required_scopes = {"POST": ["sdr:write"]}

    @documentation.send_batch
    def post(self, request):
        return submission.send_batch(request)


class ServiceDetailRecordDetail(APIView):
    required_scopes = {"GET": ["sdr:read"]}

    @documentation.get_record
    def get(self, request, record_id: UUID):
        state = queries.readable_states(_reader(request)).filter(id=record_id).first()
        if state is None:
            raise Http404
        return _json(reading.detail_of(state))


def _list(request) -> HttpResponse:
    """Newest first; the cursor is the last record id of the page before."""
    parameters.refuse_unknown(request, _LIST_PARAMETERS)
    limit = parameters.number(request, "limit", default=USUAL_PAGE, largest=LARGEST_PAGE)
    states = queries.readable_states(_reader(request)).order_by("-id")
    if "cursor" in request.query_params:
        states = states.filter(id__lt=_cursor(request))
    filtered = RecordFilter(request.query_params, queryset=states)
    if not filtered.is_valid():
        raise translate_validation(filtered.errors)
    page = list(filtered.qs[: limit + 1])
    more = len(page) > limit
    page = page[:limit]
    following = parameters.address(request, cursor=page[-1].id) if more else None
    return _json(reading.RecordPage(results=reading.records_of(page), next=following))


def _pull(request) -> HttpResponse:
    """What is owed to one party after a sequence number; nothing is ever skipped."""
    parameters.refuse_unknown(request, _PULL_PARAMETERS)
    limit = parameters.number(request, "limit", default=USUAL_PAGE, largest=LARGEST_PAGE)
    after = parameters.number(request, "after_sequence", default=0, smallest=0, largest=2**62)
    deliveries = queries.deliveries_after(_receiver(request), sequence=after, limit=limit)
    messages = reading.messages_of(deliveries)
    last = messages[-1].sequence if messages else after
    full = len(messages) == limit
    return _json(
        reading.DeliveryPage(
            results=messages,
            last_sequence=last,
            next=parameters.address(request, after_sequence=last) if full else None,
        )
    )


def _reader(request) -> Reader:
    client = client_of(request)
    return queries.reader_of(client.partner, environment=client.environment, now=timezone.now())


def _receiver(request) -> Party:
    """The CSP party that is asked for; an unknown one and somebody else's answer the same."""
    client = client_of(request)
    try:
        code = parse_party_code(parameters.receiver(request)).normal
    except MalformedPartyCode as malformed:
        raise ValidationError({"receiver": f"{malformed}; send e.g. FR*VOL"}) from malformed
    party = queries.find_readable_party(
        client.partner,
        code=code,
        role=Party.Role.CSP,
        environment=client.environment,
        now=timezone.now(),
    )
    if party is None:
        raise RequestRefused(
            404, "PARTY_NOT_FOUND", f"{code} is no CSP party of yours; check the code."
        )
    return party


def _cursor(request) -> UUID:
    try:
        return UUID(request.query_params["cursor"])
    except ValueError:
        raise ValidationError({"cursor": "is no record id; follow the next link"}) from None


def _json(answer) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(reading.encode(answer), content_type=JSON, headers=headers)
