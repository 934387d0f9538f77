"""My connections: how each of my systems answers, and where messages to my parties go."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, OuterRef, Value
from django.db.models.functions import Concat
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from partners.models import Party, RoamingEndpoint
from partners.portal import for_partner, partner_of
from roaming.models import Exchange
from roaming.queries_exchanges import NO_TRAFFIC, traffic_of
from roaming.views.told_messages import with_webhooks

_MOST = 50
_FAILURES = 10
# What went over the wire stays with staff: a failure is told by what was called and what came.
_TOLD = ("endpoint", "asked_at", "module", "verb", "http_status", "status_code", "error")


class Failure(NamedTuple):
    """A call of ours that did not work."""

    name: str
    asked_at: datetime
    called: str
    result: str


@require_safe
@for_partner
def connection_list(request: HttpRequest) -> HttpResponse:
    """All on one page; no secret, and nothing of what was exchanged."""
    partner, now = partner_of(request), timezone.now()
    served = Party.objects.filter(endpoints=OuterRef("pk"))
    code = Concat("country_code", Value("*"), "party_id", output_field=CharField())
    endpoints = list(
        RoamingEndpoint.objects.filter(owner=partner)
        .annotate(codes=ArraySubquery(served.order_by("pk").values(code_of=code)))
        .order_by("environment", "protocol", "pk")[:_MOST]
    )
    traffic = traffic_of([one.pk for one in endpoints], now=now)
    context = {
        "section": "connections",
        "endpoints": [(one, traffic.get(one.pk, NO_TRAFFIC)) for one in endpoints],
        "failures": _failures(endpoints),
        "parties": [one.party for one in with_webhooks(partner, now=now)[:_MOST]],
    }
    return render(request, "portal/connections.html", context)


def _failures(endpoints: Sequence[RoamingEndpoint]) -> list[Failure]:
    names = {one.pk: f"{one.protocol} {one.protocol_version}".strip() for one in endpoints}
    failed = Exchange.objects.filter(
        endpoint__in=list(names), direction=Exchange.Direction.OUT, is_success=False
    )
    return [
        Failure(
            name=names[one.endpoint_id],
            asked_at=one.asked_at,
            called=f"{one.verb} {one.module}".strip(),
            result=_result(one),
        )
        for one in failed.only(*_TOLD).order_by("-id")[:_FAILURES]
        if one.endpoint_id is not None
    ]


def _result(exchange: Exchange) -> str:
    if exchange.http_status is None:
        word = exchange.error.partition(":")[0].lower().replace("_", " ")
        return word or gettext("no answer")
    own = f" / {exchange.status_code}" if exchange.status_code else ""
    return f"HTTP {exchange.http_status}{own}"
