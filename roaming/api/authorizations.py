"""GET /api/v1/authorizations/: each side reads its own decisions, newest first."""

from uuid import UUID

import msgspec
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON
from partners.api.permissions import client_of
from roaming import queries
from roaming.api import authorization_documentation as documentation
from roaming.api import parameters
from roaming.api.authorization_messages import AuthorizationPage, row_of
from roaming.models import AuthorizationRequest

USUAL_PAGE = 100
LARGEST_PAGE = 1_000


class Authorizations(APIView):
    required_scopes = {"GET": ["registry:read"]}

    @documentation.list_authorizations
    def get(self, request):
        parameters.refuse_unknown(request, {"cursor", "limit", "decision"})
        limit = parameters.number(request, "limit", default=USUAL_PAGE, largest=LARGEST_PAGE)
        client = client_of(request)
        reader = queries.reader_of(
            client.partner, environment=client.environment, now=timezone.now()
        )
        mine = list(reader.party_ids)
        found = AuthorizationRequest.objects.filter(
            Q(cso__in=mine) | Q(csp__in=mine), environment=client.environment
        ).select_related("cso", "csp")
        if decision := request.query_params.get("decision"):
            found = found.filter(decision=_decision(decision))
        if cursor := request.query_params.get("cursor"):
            found = found.filter(id__lt=_uuid(cursor))
        page = list(found.order_by("-id")[: limit + 1])
        following = None
        if len(page) > limit:
            page = page[:limit]
            following = parameters.address(request, cursor=page[-1].pk)
        told = AuthorizationPage(results=[row_of(one) for one in page], next=following)
        headers = {"Cache-Control": "private, no-store"}
        return HttpResponse(msgspec.json.encode(told), content_type=JSON, headers=headers)


def _decision(word: str) -> str:
    if word not in AuthorizationRequest.Decision.values:
        raise ValidationError(
            {"decision": f"is none of {', '.join(AuthorizationRequest.Decision.values)}"}
        )
    return word


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError({"cursor": "is no request id; follow the next link"}) from None
