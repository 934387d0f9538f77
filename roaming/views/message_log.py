"""What was sent to one of my parties: every message with its attempts, and sent again if asked."""

import json
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from partners.portal import for_partner, partner_of
from partners.rules.roles import OPERATE
from roaming.models import Delivery, WebhookSubscription
from roaming.queries_exchanges import webhook_calls
from roaming.services import message_replays, reading
from roaming.services.exchanges import masked
from roaming.services.message_replays import TooOften
from roaming.tasks import wake_webhooks
from roaming.views.told_messages import messages_of, own_party, told

PAGE = 50
_ATTEMPTS = 20
SHOWS = {
    "all": gettext_lazy("All"),
    "failed": gettext_lazy("Not taken"),
    "waiting": gettext_lazy("Waiting"),
    "confirmed": gettext_lazy("Confirmed"),
}


@require_safe
@for_partner
def message_list(request: HttpRequest, own_party_id: UUID) -> HttpResponse:
    """Newest first, by number: no page counts the table."""
    owned = own_party(partner_of(request), own_party_id, now=timezone.now())
    shown = request.GET.get("show", "all")
    shown = shown if shown in SHOWS else "all"
    found = _shown(messages_of(owned), shown)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal() and len(before) < 19:
        found = found.filter(sequence__lt=int(before))
    rows = list(found[: PAGE + 1])
    for row in rows:
        row.receiver = owned.party
    context = {
        "section": "connections",
        "party": owned.party,
        "has_webhook": WebhookSubscription.objects.filter(party=owned.party).exists(),
        "shown": shown,
        "shows": SHOWS.items(),
        "lines": [told(row) for row in rows[:PAGE]],
        "older": rows[PAGE - 1].sequence if len(rows) > PAGE else "",
    }
    return render(request, "portal/messages.html", context)


@require_safe
@for_partner
def message(request: HttpRequest, own_party_id: UUID, delivery_id: UUID) -> HttpResponse:
    """The message as it was sent last, what came of each attempt, and a button to send it again."""
    row = _message(request, own_party_id, delivery_id, now=timezone.now())
    calls = list(webhook_calls(row.pk, most=_ATTEMPTS))
    sent = calls[0].request_body if calls else ""
    context = {
        "section": "connections",
        "party": row.receiver,
        "message": told(row),
        "has_webhook": WebhookSubscription.objects.filter(party=row.receiver).exists(),
        "calls": calls,
        "was_sent": bool(sent),
        "body": _indented(sent or masked(reading.encode(reading.owed_messages([row])[0]))),
    }
    return render(request, "portal/message.html", context)


@require_POST
@for_partner(right=OPERATE)
def send_again(request: HttpRequest, own_party_id: UUID, delivery_id: UUID) -> HttpResponse:
    """One message, under the same number and id."""
    now = timezone.now()
    row = _message(request, own_party_id, delivery_id, now=now)
    try:
        message_replays.send_own_again(
            row.receiver, [row], actor=request.user.get_username(), now=now
        )
    except TooOften as often:
        messages.error(request, words_of(often))
    else:
        wake_webhooks()
        messages.success(request, gettext("It is due again: look here in a moment."))
    return redirect("connections:message", own_party_id, delivery_id)


def words_of(often: TooOften) -> str:
    return gettext(
        "A party has at most %(most)s messages sent again within an hour; %(left)s are left until"
        " %(when)s."
    ) % {
        "most": message_replays.MOST_PER_HOUR,
        "left": often.left,
        "when": timezone.localtime(often.again_at).strftime("%H:%M"),
    }


def _shown(found: QuerySet[Delivery], shown: str) -> QuerySet[Delivery]:
    match shown:
        case "failed":
            return found.filter(message_replays.NOT_TAKEN)
        case "waiting":
            return found.filter(confirmed_at__isnull=True, dead_at__isnull=True, attempts=0)
        case "confirmed":
            return found.filter(confirmed_at__isnull=False)
    return found


def _message(
    request: HttpRequest, own_party_id: UUID, delivery_id: UUID, *, now: datetime
) -> Delivery:
    owned = own_party(partner_of(request), own_party_id, now=now)
    row = messages_of(owned).filter(pk=delivery_id).first()
    if row is None:
        raise Http404("no message to a party of yours")
    row.receiver = owned.party
    return row


def _indented(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:  # it was cut at 64 kB
        return body
