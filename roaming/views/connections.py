"""My connections: how each of my systems answers, my webhooks, and what was sent to me last."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from partners.models import Environment, Partner, RoamingEndpoint
from partners.portal import for_partner, partner_of
from roaming.models import Delivery, Exchange, WebhookSubscription
from roaming.queries_disputes import owned_parties
from roaming.queries_exchanges import NO_TRAFFIC, traffic_of

_MOST = 50
_FAILURES = 10
_MESSAGES = 30
# What went over the wire stays with staff: a failure is told by what was called and what came.
_TOLD = ("endpoint", "asked_at", "module", "verb", "http_status", "status_code", "error")


class Failure(NamedTuple):
    """A call of ours that did not work."""

    name: str
    asked_at: datetime
    called: str
    result: str


class Message(NamedTuple):
    """One message to one of the partner's parties, and how it stands."""

    delivery: Delivery
    word: str
    stage: str


@require_safe
@for_partner
def connection_list(request: HttpRequest) -> HttpResponse:
    """All on one page; no secret, and nothing of what was exchanged."""
    partner, now = partner_of(request), timezone.now()
    endpoints = list(
        RoamingEndpoint.objects.filter(owner=partner)
        .prefetch_related("parties")
        .order_by("environment", "protocol", "pk")[:_MOST]
    )
    traffic = traffic_of([one.pk for one in endpoints], now=now)
    context = {
        "section": "connections",
        "endpoints": [(one, traffic.get(one.pk, NO_TRAFFIC)) for one in endpoints],
        "failures": _failures(endpoints),
        "webhooks": _webhooks(partner, now=now),
        "messages_sent": _messages(partner, now=now),
    }
    return render(request, "portal/connections.html", context)


def _failures(endpoints: list[RoamingEndpoint]) -> list[Failure]:
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


def _webhooks(partner: Partner, *, now: datetime) -> QuerySet[WebhookSubscription]:
    own = owned_parties(partner, environment=Environment.LIVE, now=now)
    own |= owned_parties(partner, environment=Environment.TEST, now=now)
    found = WebhookSubscription.objects.filter(party__in=own).select_related("party")
    return found.defer("encrypted_secret").order_by("party")[:_MOST]


def _messages(partner: Partner, *, now: datetime) -> list[Message]:
    """The newest messages by the party's own order, of LIVE."""
    own = owned_parties(partner, environment=Environment.LIVE, now=now)
    rows = Delivery.objects.filter(receiver__in=own).select_related("receiver")
    return [_message(row) for row in rows.order_by("-id")[:_MESSAGES]]


def _message(row: Delivery) -> Message:
    if row.confirmed_at is not None:
        return Message(row, gettext("Confirmed"), "settled")
    if row.dead_at is not None:
        return Message(row, gettext("Given up; still there to be pulled"), "refused")
    if row.attempts:
        return Message(row, gettext("Sent again soon"), "held")
    return Message(row, gettext("Waits to be sent or pulled"), "waiting")
