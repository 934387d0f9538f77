"""My connections: how each of my systems answers, my webhooks, and what was sent to me last."""

from datetime import datetime
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from partners.models import Environment, Party, PartyOwnership, RoamingEndpoint
from partners.portal import for_partner, partner_of
from roaming.models import Exchange, WebhookSubscription
from roaming.queries_exchanges import NO_TRAFFIC, traffic_of
from roaming.views.told_messages import newest_messages, ownerships, told

_MOST = 50
_FAILURES = 10
_MESSAGES = 30
_SEALED = ("encrypted_secret", "encrypted_former_secret")
# What went over the wire stays with staff: a failure is told by what was called and what came.
_TOLD = ("endpoint", "asked_at", "module", "verb", "http_status", "status_code", "error")


class Failure(NamedTuple):
    """A call of ours that did not work."""

    name: str
    asked_at: datetime
    called: str
    result: str


class OwnParty(NamedTuple):
    """One of the partner's parties and where its messages are sent."""

    party: Party
    webhook: WebhookSubscription | None


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
    owned = ownerships(partner, now=now)[:_MOST]
    live = [one for one in owned if one.party.environment == Environment.LIVE]
    traffic = traffic_of([one.pk for one in endpoints], now=now)
    context = {
        "section": "connections",
        "endpoints": [(one, traffic.get(one.pk, NO_TRAFFIC)) for one in endpoints],
        "failures": _failures(endpoints),
        "webhooks": _webhooks(owned),
        "messages_sent": [told(row) for row in newest_messages(live, most=_MESSAGES)],
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


def _webhooks(owned: list[PartyOwnership]) -> list[OwnParty]:
    """Each own party with its webhook, if it has one; the secrets stay where they are."""
    found = WebhookSubscription.objects.filter(party__in=[one.party_id for one in owned])
    by_party = {one.party_id: one for one in found.defer(*_SEALED)}
    return [OwnParty(one.party, by_party.get(one.party_id)) for one in owned]
