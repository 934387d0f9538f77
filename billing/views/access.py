"""Who may enter the portal: people of one partner, who see LIVE data of that partner only."""

from collections.abc import Callable
from functools import wraps

import structlog
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache

from partners.models import Environment, Partner
from roaming.queries import Reader, reader_of

ENVIRONMENT = Environment.LIVE
View = Callable[..., HttpResponse]


def for_partner(view: View) -> View:
    """Let only people with a partner in: staff go to the admin, others are sent to log in.

    Pages are English until they are translated as a whole; half a page in German helps nobody.
    """

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *arguments, **options) -> HttpResponse:
        if request.user.is_staff:
            return redirect("admin:index")
        if request.user.partner_id is None:
            raise PermissionDenied("this login belongs to no partner")
        translation.activate("en")
        return view(request, *arguments, **options)

    return guarded


def partner_of(request: HttpRequest) -> Partner:
    return request.user.partner


def reader_for(request: HttpRequest) -> Reader:
    """What the person's partner may read now."""
    return reader_of(partner_of(request), environment=ENVIRONMENT, now=timezone.now())


def request_id() -> str:
    """The id under which this request is logged."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
