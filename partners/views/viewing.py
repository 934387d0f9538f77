"""The end of a look at the portal by staff."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from partners import viewing


@require_POST
@login_required
def end(request: HttpRequest) -> HttpResponse:
    """Back to the partner's page in the admin; who looks at nobody goes home."""
    partner = viewing.viewed_by(request)
    viewing.end(request, now=timezone.now())
    if partner is None:
        return redirect("portal:home")
    return redirect("admin:partners_partner_change", partner.pk)
