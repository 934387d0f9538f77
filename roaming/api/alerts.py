"""Alerts that a partner was told of: an ALERT message names its id."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON
from partners.api.permissions import client_of
from partners.api.schema import answer, describe, problems
from roaming import queries
from roaming.api import parameters
from roaming.models import Alert
from roaming.services import alerts

LARGEST_PAGE = 1_000
_TAGS = ["Completeness"]


class AlertEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something of yours that wants a look."""

    alert_id: UUID
    kind: str
    party: str
    text: str
    opened_at: datetime
    closed_at: datetime | None


class AlertPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[AlertEntry]
    next: str | None


_FIELDS = {
    "alert_id": "The subject_id of the ALERT message.",
    "kind": "SILENCE, SEQUENCE_GAP, MANIFEST or OUTAGE.",
    "party": "Your party that it is about; empty: all of your company.",
    "text": "What was found.",
    "opened_at": "Since when, UTC.",
    "closed_at": "When its cause was gone, UTC; null while it is open.",
}
describe(AlertEntry, AlertPage, fields=_FIELDS)


class Alerts(APIView):
    required_scopes = {"GET": ["sdr:read"]}

    @extend_schema(
        operation_id="listAlerts",
        tags=_TAGS,
        summary="What of yours wants a look",
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.UUID, description="From the next link."),
            OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
        ],
        responses=answer(200, AlertPage, "A page of alerts") | problems(400),
    )
    def get(self, request):
        parameters.refuse_unknown(request, {"cursor", "limit"})
        limit = parameters.number(request, "limit", default=100, largest=LARGEST_PAGE)
        found = _readable(request)
        if "cursor" in request.query_params:
            found = found.filter(id__lt=_cursor(request))
        page = list(found[: limit + 1])
        following = None
        if len(page) > limit:
            page = page[:limit]
            following = parameters.address(request, cursor=page[-1].pk)
        return _json(AlertPage(results=[_entry(one) for one in page], next=following))


class AlertDetail(APIView):
    required_scopes = {"GET": ["sdr:read"]}

    @extend_schema(
        operation_id="getAlert",
        tags=_TAGS,
        summary="One alert",
        responses=answer(200, AlertEntry, "The alert") | problems(404),
    )
    def get(self, request, alert_id: UUID):
        alert = _readable(request).filter(pk=alert_id).first()
        if alert is None:
            raise Http404
        return _json(_entry(alert))


def _readable(request):
    client = client_of(request)
    reader = queries.reader_of(client.partner, environment=client.environment, now=timezone.now())
    found = alerts.readable(party_ids=reader.party_ids, environment=reader.environment)
    return found.select_related("party")


def _cursor(request) -> UUID:
    try:
        return UUID(request.query_params["cursor"])
    except ValueError:
        raise ValidationError({"cursor": "is no alert id; follow the next link"}) from None


def _entry(alert: Alert) -> AlertEntry:
    return AlertEntry(
        alert_id=alert.pk,
        kind=alert.kind,
        party=alert.party.code if alert.party else "",
        text=alert.text,
        opened_at=alert.opened_at,
        closed_at=alert.closed_at,
    )


def _json(told: msgspec.Struct) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(msgspec.json.encode(told), content_type=JSON, headers=headers)
