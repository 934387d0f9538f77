"""Why your records wait, and what healed."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON
from partners.api.permissions import client_of
from partners.api.schema import answer, describe, problems
from roaming import queries
from roaming.api import parameters
from roaming.api.fields import FIELDS
from roaming.services import hold_reading, reading
from roaming.services.hold_reading import HealingSummary, HeldPage, HeldRecord

USUAL_PAGE = 100
LARGEST_PAGE = 1_000
_PARAMETERS = {"code", "cursor", "limit"}
_FIELDS = {
    "held_at": "Since when the record waits, UTC.",
    "expires_at": "Then it is rejected, UTC.",
    "codes": "Rules that hold it.",
    "findings": "Why it waits, and what you can do.",
    "cures": "What has to happen, rule by rule.",
    "heals": "It goes on by itself once that has happened.",
    "healing_id": "The subject_id of a HEALED message.",
    "party": "The seller, e.g. DE*NLX.",
    "healed_at": "When the records were checked again, UTC.",
    "released": "Records that went on to their home-CSP.",
    "rejected": "Records that turned out to be wrong; read each for its findings.",
}
describe(HeldRecord, HeldPage, HealingSummary, fields=FIELDS | _FIELDS)
_TAGS = ["Holds"]


class HeldRecords(APIView):
    required_scopes = {"GET": ["sdr:read"]}

    @extend_schema(
        operation_id="listHeldRecords",
        tags=_TAGS,
        summary="Read which of your records wait, and what cures them",
        description=(
            "Records that you sell or sent, oldest first. Correct your master data, or withdraw a"
            " record and send a corrected one."
        ),
        parameters=[
            OpenApiParameter("code", str, description="Held by this rule, e.g. `V003`."),
            OpenApiParameter("cursor", UUID, description="From the next link."),
            OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
        ],
        responses=answer(200, HeldPage, "A page of held records") | problems(400),
    )
    def get(self, request):
        parameters.refuse_unknown(request, _PARAMETERS)
        limit = parameters.number(request, "limit", default=USUAL_PAGE, largest=LARGEST_PAGE)
        states = hold_reading.held_for(_reader(request))
        if code := request.query_params.get("code"):
            states = states.filter(codes__contains=[code])
        if "cursor" in request.query_params:
            states = states.filter(id__gt=_cursor(request))
        page = list(states[: limit + 1])
        following = None
        if len(page) > limit:
            following = parameters.address(request, cursor=page[limit - 1].id)
        results = hold_reading.held_records(page[:limit])
        return _json(HeldPage(results=results, next=following))


class OneHealing(APIView):
    required_scopes = {"GET": ["sdr:read"]}

    @extend_schema(
        operation_id="getHealing",
        tags=_TAGS,
        summary="Read the summary that a HEALED message is about",
        responses=answer(200, HealingSummary, "What went on and what ended") | problems(404),
    )
    def get(self, request, healing_id: UUID):
        told = hold_reading.healing_for(_reader(request), healing_id)
        if told is None:
            raise Http404
        return _json(told)


def _reader(request) -> queries.Reader:
    client = client_of(request)
    return queries.reader_of(client.partner, environment=client.environment, now=timezone.now())


def _cursor(request) -> UUID:
    try:
        return UUID(request.query_params["cursor"])
    except ValueError:
        raise ValidationError({"cursor": "is no record id; follow the next link"}) from None


def _json(told) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(reading.encode(told), content_type=JSON, headers=headers)
