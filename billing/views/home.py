"""The first page: what is due, what waits for the partner, and what is still open."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.models import Document
from billing.queries_due import due_for
from billing.queries_objections import limits_of
from billing.queries_statements import (
    open_windows,
    provisional_of,
    statements_of,
    summaries_of,
)
from billing.views.access import ENVIRONMENT
from billing.views.todos import balances_to_confirm, todos_of
from partners.portal import for_partner, may, partner_of
from partners.rules.roles import SEE_FINANCE


@require_safe
@for_partner
def home(request: HttpRequest) -> HttpResponse:
    """Who sees no money is shown what is to do about records, disputes and tariffs."""
    partner, now = partner_of(request), timezone.now()
    context: dict[str, object] = {"section": "home"}
    if not may(request, SEE_FINANCE):
        context["todos"] = todos_of(request, provisional=[], limits={}, now=now)
        return render(request, "portal/home.html", context)
    is_direct = settings.MONEY_FLOW == "INSTRUCTION_ONLY"
    provisional = summaries_of(provisional_of(partner, environment=ENVIRONMENT), partner=partner)
    limits = limits_of(Document.objects.filter(id__in=[one.id for one in provisional]))
    newest = statements_of(partner, environment=ENVIRONMENT)[:1]
    context |= {
        "todos": [
            *todos_of(request, provisional=provisional, limits=limits, now=now),
            *balances_to_confirm(partner),
        ],
        "is_direct": is_direct,
        "due": due_for(partner, environment=ENVIRONMENT, is_direct=is_direct, now=now),
        "latest": next(iter(summaries_of(newest, partner=partner)), None),
        "windows": open_windows(partner, environment=ENVIRONMENT, now=now),
        "sees_money": True,
    }
    return render(request, "portal/home.html", context)
