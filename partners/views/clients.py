"""My API clients: a new secret beside the old one, which works until it is revoked.

A partner's person gives no right that the company's systems do not have: the first client of each
kind is made by staff.
"""

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from partners.models import ApiClient
from partners.portal import for_partner, partner_of
from partners.rules.roles import ADMINISTER
from partners.services import audit, clients

# More are of no use, and a mistake in a loop makes no thousand.
MOST = 20


@require_safe
@for_partner(right=ADMINISTER)
def client_list(request: HttpRequest) -> HttpResponse:
    """Those that work, newest first, and those that were revoked."""
    return _page(request)


@require_POST
@for_partner(right=ADMINISTER)
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Another client that may do the same; its secret stands in this answer and nowhere else."""
    client = get_object_or_404(_working(request), pk=pk)
    if _working(request).count() >= MOST:
        messages.error(request, gettext("Revoke one that you no longer use first."))
        return redirect("clients:list")
    with transaction.atomic():
        made = clients.rotate_api_client(client)
        audit.record(
            "api_client.rotated",
            client,
            actor=request.user.get_username(),
            at=timezone.now(),
            after={"client_id": made.client_id},
        )
    return _page(request, made=made, name=client.name)


@require_POST
@for_partner(right=ADMINISTER)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Its tokens stop working at once; this cannot be taken back."""
    client = get_object_or_404(_working(request), pk=pk)
    clients.revoke_api_client(client)
    now, by = timezone.now(), request.user.get_username()
    audit.record("api_client.revoked", client, actor=by, at=now, reason="by the partner")
    messages.success(request, gettext("Revoked: it can neither log in nor call any more."))
    return redirect("clients:list")


def _page(request: HttpRequest, **more: object) -> HttpResponse:
    own = ApiClient.objects.filter(partner=partner_of(request)).order_by("-created", "-pk")
    context = {"section": "clients", "clients": own[:100], **more}
    response = render(request, "portal/clients.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _working(request: HttpRequest) -> QuerySet[ApiClient]:
    return ApiClient.objects.filter(partner=partner_of(request)).exclude(scopes="")
