"""What is owed to your parties: pull it, confirm it, have it pushed, ask for it again."""

import math
from typing import TypeVar
from uuid import UUID

import msgspec
from django.http import Http404, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from partners.api.bodies import JSON, not_json, read_body
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.models import Party, PartyOwnership
from partners.queries import in_period
from roaming import queries
from roaming.api import delivery_documentation as documentation
from roaming.api import parameters
from roaming.api.delivery_messages import (
    Confirmation,
    Confirmed,
    NewWebhook,
    Webhook,
    WebhookRequest,
)
from roaming.models import Delivery, DeliveryCounter, WebhookSubscription
from roaming.services import message_replays, reading, subscriptions
from roaming.services.webhook_address import UnsafeAddress

USUAL_PAGE = 100
LARGEST_PAGE = 1_000
_LIST_PARAMETERS = {"after_sequence", "receiver", "role", "limit"}
_SMALL_BODY_BYTES = 10_000
T = TypeVar("T", bound=msgspec.Struct)


class Deliveries(APIView):
    required_scopes = {"GET": ["sdr:read"]}

    @documentation.list_deliveries
    def get(self, request):
        parameters.refuse_unknown(request, _LIST_PARAMETERS)
        limit = parameters.number(request, "limit", default=USUAL_PAGE, largest=LARGEST_PAGE)
        after = parameters.number(request, "after_sequence", default=0, smallest=0, largest=2**62)
        party = _party(request, parameters.receiver(request))
        owed = queries.deliveries_after(party, sequence=after, limit=limit)
        entries = reading.owed_entries(owed)
        last = entries[-1].message.sequence if entries else after
        counter = DeliveryCounter.objects.filter(receiver=party).first()
        following = parameters.address(request, after_sequence=last)
        return _json(
            reading.OwedPage(
                results=entries,
                last_sequence=last,
                confirmed_sequence=counter.confirmed_sequence if counter else 0,
                next=following if len(entries) == limit else None,
            )
        )


class DeliveryConfirmation(APIView):
    required_scopes = {"POST": ["sdr:read"]}

    @documentation.confirm_deliveries
    def post(self, request):
        asked = _read(request, Confirmation)
        party = _own_party(request, asked.receiver)
        try:
            mark = subscriptions.confirm(
                party, up_to_sequence=asked.up_to_sequence, now=timezone.now()
            )
        except subscriptions.NotNumbered as refused:
            raise RequestRefused(
                422,
                "SEQUENCE_NOT_GIVEN",
                f"Nothing was confirmed: the last number of this party is"
                f" {refused.last_sequence}. Confirm last_sequence of a page that you stored.",
            ) from refused
        return _json(Confirmed(receiver=party.code, confirmed_sequence=mark))


class DeliveryAgain(APIView):
    required_scopes = {"POST": ["sdr:write"]}

    @documentation.redeliver
    def post(self, request, delivery_id: UUID):
        client, now = client_of(request), timezone.now()
        own = Delivery.objects.filter(
            id=delivery_id,
            receiver__in=_own_ids(request),
            receiver__environment=client.environment,
            sequence__isnull=False,
        )
        one = own.select_related("receiver").first()
        if one is None:
            raise Http404
        try:
            message_replays.send_own_again(
                one.receiver, [one], actor=f"client {client.name}"[:150], now=now
            )
        except message_replays.TooOften as often:
            wait_s = math.ceil((often.again_at - now).total_seconds())
            raise RequestRefused(
                429,
                "TOO_MANY_REQUESTS",
                f"A party has at most {message_replays.MOST_PER_HOUR:,} messages sent again within"
                " an hour. Wait as long as Retry-After says.",
                headers={"Retry-After": str(wait_s)},
            ) from often
        [entry] = reading.owed_entries(own)
        return _json(entry, status=202)


class WebhookOfParty(APIView):
    required_scopes = {"GET": ["sdr:read"], "PUT": ["sdr:write"], "DELETE": ["sdr:write"]}

    @documentation.get_webhook
    def get(self, request, party: str):
        webhook = WebhookSubscription.objects.filter(party=_own_party(request, party)).first()
        if webhook is None:
            raise Http404
        return _json(
            Webhook(
                url=webhook.url,
                is_active=webhook.is_active,
                failing_since=webhook.failing_since,
                created_at=webhook.created_at,
            )
        )

    @documentation.put_webhook
    def put(self, request, party: str):
        owned = _own_party(request, party)
        asked = _read(request, WebhookRequest)
        try:
            secret = subscriptions.subscribe(owned, url=asked.url, now=timezone.now())
        except UnsafeAddress as unsafe:
            raise RequestRefused(422, "WEBHOOK_URL_REFUSED", f"url {unsafe}.") from unsafe
        return _json(NewWebhook(url=asked.url, secret=secret))

    @documentation.delete_webhook
    def delete(self, request, party: str):
        if not subscriptions.unsubscribe(_own_party(request, party), now=timezone.now()):
            raise Http404
        return HttpResponse(status=204)


def _own_party(request, code: str) -> Party:
    """The caller's own party: who may read for another does not act for it."""
    party = _party(request, code)
    if party.pk not in _own_ids(request):
        raise RequestRefused(404, "PARTY_NOT_FOUND", f"{party.code} is no party of yours.")
    return party


def _own_ids(request) -> set[UUID]:
    owned = PartyOwnership.objects.filter(
        in_period(timezone.now()), partner=client_of(request).partner
    )
    return {one.party_id for one in owned}


def _party(request, code: str) -> Party:
    """A party that the caller reads; an unknown one and somebody else's answer the same."""
    client = client_of(request)
    try:
        normal = parse_party_code(code).normal
    except MalformedPartyCode as malformed:
        raise ValidationError({"receiver": f"{malformed}; send e.g. FR*VOL"}) from malformed
    role = request.query_params.get("role")
    if role is not None and role not in Party.Role.values:
        raise ValidationError({"role": f"is none of {', '.join(Party.Role.values)}"})
    found = [
        party
        for each in ([role] if role else Party.Role.values)
        if (
            party := queries.find_readable_party(
                client.partner,
                code=normal,
                role=each,
                environment=client.environment,
                now=timezone.now(),
            )
        )
    ]
    if not found:
        raise RequestRefused(404, "PARTY_NOT_FOUND", f"{normal} is no party of yours.")
    if len(found) > 1:
        raise ValidationError({"role": f"{normal} is of several roles; say which one"})
    return found[0]


def _read(request, kind: type[T]) -> T:
    body, _ = read_body(request, media_types=[JSON], limit_bytes=_SMALL_BODY_BYTES)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise not_json(error) from error


def _json(answer: msgspec.Struct, *, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(reading.encode(answer), status=status, content_type=JSON, headers=headers)
