"""What the clearing house tells its partners: what holds now, and what held before."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from partners.portal import for_partner, partner_of
from partners.queries_notices import notices_for

_SHOWN = 50


@require_safe
@for_partner
def notice_list(request: HttpRequest) -> HttpResponse:
    """The newest first."""
    now = timezone.now()
    notices = [
        (one, one.shown_until_at is not None and one.shown_until_at <= now)
        for one in notices_for(partner_of(request), now=now)[:_SHOWN]
    ]
    return render(request, "portal/notices.html", {"section": "notices", "notices": notices})
