"""My webhook of one party: set up, moved, given a new secret, tried, ended; what failed again."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from partners.models import Party, PartyOwnership
from partners.portal import for_partner, partner_of
from partners.rules.roles import ADMINISTER, OPERATE
from partners.services import audit
from roaming.models import WebhookSubscription
from roaming.services import message_replays, subscriptions
from roaming.services.message_replays import TooOften
from roaming.services.subscriptions import MOST_TESTS_PER_HOUR, TooManyTests
from roaming.services.webhook_address import UnsafeAddress
from roaming.tasks import wake_webhooks
from roaming.views.message_log import words_of
from roaming.views.told_messages import own_party, told

_COUNTED = 1_000
_LISTED = 20


class AddressForm(forms.Form):
    """Where messages are sent."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=500,
        widget=forms.URLInput({"placeholder": "https://", "autocomplete": "off"}),
    )


class RotationForm(forms.Form):
    """Whether the secret before it holds for another day."""

    former = forms.ChoiceField(
        label=gettext_lazy("The secret so far"),
        choices=[
            ("holds", gettext_lazy("holds for 24 more hours: messages are signed by both")),
            ("ends", gettext_lazy("ends at once: somebody else may know it")),
        ],
        widget=forms.RadioSelect,
        initial="holds",
    )


def _with_webhook(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The party of the address is the company's own and has a webhook."""

    @wraps(view)
    def found(request: HttpRequest, own_party_id: UUID) -> HttpResponse:
        owned = own_party(partner_of(request), own_party_id, now=timezone.now())
        held = WebhookSubscription.objects.filter(party=owned.party).first()
        if held is None:
            raise Http404("this party has no webhook")
        held.party = owned.party
        return view(request, owned, held)

    return found


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(to_write=ADMINISTER)
def webhook(request: HttpRequest, own_party_id: UUID) -> HttpResponse:
    """How it stands; a form sets it up or gives it another address."""
    owned = own_party(partner_of(request), own_party_id, now=timezone.now())
    party = owned.party
    held = WebhookSubscription.objects.filter(party=party).first()
    known = {"url": held.url} if held else {}
    form = AddressForm(request.POST if request.method == "POST" else None, initial=known)
    if request.method != "POST":
        return _page(request, owned, held, form=form)
    if form.is_valid():
        try:
            secret = _set(request, party, held, form.cleaned_data["url"])
        except UnsafeAddress as unsafe:
            text = gettext("This address cannot be used: it %(why)s.") % {"why": unsafe}
            form.add_error("url", text)
        else:
            if secret:
                held = WebhookSubscription.objects.get(party=party)
                return _page(request, owned, held, form=AddressForm(), secret=secret)
            messages.success(request, gettext("Messages go to the new address; the secret stays."))
            return redirect("connections:webhook", party.pk)
    return _page(request, owned, held, form=form, status=422)


@require_POST
@for_partner(right=ADMINISTER)
@_with_webhook
def rotate(request: HttpRequest, owned: PartyOwnership, held: WebhookSubscription) -> HttpResponse:
    """A new secret, which stands in this answer and nowhere else."""
    form = RotationForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose what becomes of the secret so far."))
        return redirect("connections:webhook", held.pk)
    holds = form.cleaned_data["former"] == "holds"
    with transaction.atomic():
        secret = subscriptions.rotate(held.party, former_holds=holds, now=timezone.now())
        _note(request, "webhook.secret_rotated", held, after={"former_holds": holds})
    held.refresh_from_db()
    return _page(request, owned, held, form=AddressForm(), secret=secret)


@require_POST
@for_partner(right=ADMINISTER)
@_with_webhook
def end(request: HttpRequest, owned: PartyOwnership, held: WebhookSubscription) -> HttpResponse:
    """Messages stay there to be pulled."""
    with transaction.atomic():
        _note(request, "webhook.ended", held)
        subscriptions.unsubscribe(held.party, now=timezone.now())
    messages.success(request, gettext("Ended: from now on your systems pull their messages."))
    return redirect("connections:webhook", held.party_id)


@require_POST
@for_partner(right=OPERATE)
@_with_webhook
def test(request: HttpRequest, owned: PartyOwnership, held: WebhookSubscription) -> HttpResponse:
    """A test message by the way of all messages; its page tells what came of it."""
    try:
        with transaction.atomic():
            owed = subscriptions.owe_test(held.party, now=timezone.now())
            _note(request, "webhook.tested", held)
    except TooManyTests:
        text = gettext("At most %(most)s test messages an hour: look at those you sent.")
        messages.error(request, text % {"most": MOST_TESTS_PER_HOUR})
        return redirect("connections:messages", held.party_id)
    wake_webhooks()
    messages.success(request, gettext("A test message is on its way: look here in a moment."))
    return redirect("connections:message", held.party_id, owed.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(to_write=OPERATE)
@_with_webhook
def replay(request: HttpRequest, owned: PartyOwnership, held: WebhookSubscription) -> HttpResponse:
    """Asks whether all failed messages are to be sent again, and shows which."""
    if request.method == "POST":
        try:
            again = message_replays.send_failed_again(
                held.party,
                since=owned.starts_at,
                actor=request.user.get_username(),
                now=timezone.now(),
            )
        except TooOften as often:
            messages.error(request, words_of(often))
        else:
            wake_webhooks()
            messages.success(request, gettext("Due again: %(number)s.") % {"number": again})
        return redirect("connections:messages", held.party_id)
    failed = message_replays.failed_messages(held.party, since=owned.starts_at)
    found = list(failed[: message_replays.MOST_AT_ONCE + 1])
    for one in found:
        one.receiver = held.party
    context = {
        "section": "connections",
        "party": held.party,
        "webhook": held,
        "number": min(len(found), message_replays.MOST_AT_ONCE),
        "are_more": len(found) > message_replays.MOST_AT_ONCE,
        "lines": [told(one) for one in found[:_LISTED]],
        "listed": _LISTED,
    }
    return render(request, "portal/replay.html", context)


def _set(request: HttpRequest, party: Party, held: WebhookSubscription | None, url: str) -> str:
    """The secret of a new one; of one that moves none is told.

    :raises UnsafeAddress: the URL may not be called
    """
    with transaction.atomic():
        if held is None:
            secret = subscriptions.subscribe(party, url=url, now=timezone.now())
            _note(request, "webhook.set_up", party)
            return secret
        subscriptions.move(held, url=url)
        _note(request, "webhook.moved", held)
    return ""


def _note(request: HttpRequest, action: str, row: models.Model, **more) -> None:
    audit.record(action, row, actor=request.user.get_username(), at=timezone.now(), **more)


def _page(
    request: HttpRequest,
    owned: PartyOwnership,
    held: WebhookSubscription | None,
    *,
    form: AddressForm,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    now, failed = timezone.now(), 0
    if held is not None:
        found = message_replays.failed_messages(owned.party, since=owned.starts_at)
        failed = found[:_COUNTED].count()
    until = held.former_until_at if held else None
    context = {
        "section": "connections",
        "party": owned.party,
        "webhook": held,
        "form": form,
        "rotation": RotationForm(),
        "secret": secret,
        "former_until": until if until and until > now else None,
        "failed": failed,
        "are_more": failed == _COUNTED,
    }
    response = render(request, "portal/webhook.html", context, status=status)
    response["Cache-Control"] = "private, no-store"
    return response
