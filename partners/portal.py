"""Who may enter the portal: people of one partner. Each room has pages of its own behind this."""

from collections.abc import Callable
from functools import wraps

import structlog
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.cache import never_cache

from partners.models import Partner, User

View = Callable[..., HttpResponseBase]


def for_partner(view: View) -> View:
    """Let only people with a partner in: staff go to the admin, others are sent to log in."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *arguments, **options) -> HttpResponseBase:
        if getattr(request.user, "is_staff", False):
            return redirect("admin:index")
        if getattr(request.user, "partner_id", None) is None:
            raise PermissionDenied("this login belongs to no partner")
        return in_english(view)(request, *arguments, **options)

    return guarded


def in_english(view: View) -> View:
    """Pages are English until they are translated as a whole: half a page helps nobody."""

    @wraps(view)
    def translated(request: HttpRequest, *arguments, **options) -> HttpResponseBase:
        translation.activate("en")
        return view(request, *arguments, **options)

    return translated


def partner_of(request: HttpRequest) -> Partner:
    partner = getattr(request.user, "partner", None)
    if partner is None:
        raise PermissionDenied("this login belongs to no partner")
    return partner


def user_of(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied("nobody is logged in")
    return request.user


def request_id() -> str:
    """The id under which this request is logged."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
