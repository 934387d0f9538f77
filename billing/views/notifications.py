"""What I am told by mail, and what my company's systems are told by webhook."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from billing.models import NotificationChoice
from billing.rules import notifications as rules
from billing.services import notifying
from billing.services.notification_words import MODES, REASONS, TITLES
from billing.views.access import ENVIRONMENT
from partners.models import PartnerFacts
from partners.portal import for_partner, may, partner_of, user_of
from partners.queries import in_period
from partners.rules.roles import ADMINISTER, PARTNER_ADMIN, PARTNER_ROLES
from partners.viewing import viewed_by
from roaming.models import WebhookSubscription
from roaming.queries_disputes import owned_parties
from roaming.services import webhook_choices

_MESSAGES = {
    "MATCH": gettext_lazy("Both sides of a session were compared"),
    "HEALED": gettext_lazy("Held records were released by new master data"),
    "REMINDER": gettext_lazy("Something is due"),
    "MANIFEST": gettext_lazy("Daily manifest"),
    "ALERT": gettext_lazy("Something of yours wants a look"),
    "AGREEMENT": gettext_lazy("An agreement was offered, or an offer answered"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner
def notifications(request: HttpRequest) -> HttpResponse:
    """Each person's own choice; who looks as a partner sees the usual."""
    user = user_of(request)
    looks = viewed_by(request) is not None
    rights = set(PARTNER_ROLES[PARTNER_ADMIN].rights) if looks else user.get_all_permissions()
    if request.method == "POST":
        told = {kind: request.POST[kind] for kind in rules.kinds_for(rights)
                if kind in request.POST}  # fmt: skip
        try:
            notifying.choose(user, told, rights=rights)
        except ValueError:
            messages.error(request, gettext("Choose one of what the page offers."))
        else:
            messages.success(request, gettext("Kept: from now on you are told like this."))
        return redirect("portal:notifications")
    return render(request, "portal/notifications.html", _page(request, rights))


@require_POST
@for_partner(right=ADMINISTER)
def webhook(request: HttpRequest) -> HttpResponse:
    """Which messages go to the company's webhooks; what limits run from is always sent."""
    wanted = request.POST.getlist("message")
    muted = [one for one in rules.MUTABLE_MESSAGES if one not in wanted]
    changed = webhook_choices.mute(
        list(_subscriptions(request)),
        muted,
        actor=user_of(request).get_username(),
        now=timezone.now(),
    )
    if changed:
        messages.success(request, gettext("Kept: your webhooks get these messages from now on."))
    else:
        messages.info(request, gettext("Nothing was to change."))
    return redirect("portal:notifications")


def _page(request: HttpRequest, rights: set[str]) -> dict[str, object]:
    chosen = dict(
        NotificationChoice.objects.filter(user=user_of(request)).values_list("kind", "mode")
    )
    kinds = rules.kinds_for(rights)
    subscriptions = list(_subscriptions(request)) if may(request, ADMINISTER) else []
    muted = {one for row in subscriptions for one in row.muted_kinds}
    facts = PartnerFacts.objects.filter(in_period(timezone.now()), partner=partner_of(request))
    company = facts.first()
    return {
        "section": "notifications",
        "lines": [
            {
                "kind": kind,
                "title": TITLES[kind],
                "mode": rules.mode_of(kind, chosen.get(kind, "")),
                "choices": [(mode, MODES[mode]) for mode in rules.KINDS[kind].modes],
                "reason": REASONS[kind] if rules.KINDS[kind].is_fixed else "",
                "fixed": MODES[rules.KINDS[kind].usual],
            }
            for kind in kinds
        ],
        "has_choice": any(not rules.KINDS[kind].is_fixed for kind in kinds),
        "address": user_of(request).email,
        "finance_address": (company.finance_email or company.email) if company else "",
        "webhooks": subscriptions,
        "sends": [(kind, words, kind not in muted) for kind, words in _MESSAGES.items()],
        "administers": may(request, ADMINISTER),
    }


def _subscriptions(request: HttpRequest):
    own = owned_parties(partner_of(request), environment=ENVIRONMENT, now=timezone.now())
    return WebhookSubscription.objects.filter(party__in=own).select_related("party")
