"""Who may enter the portal: people of one partner. Each room has pages of its own behind this."""

from collections.abc import Callable
from functools import wraps
from typing import overload

import structlog
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.cache import never_cache

from partners.models import Partner, User

View = Callable[..., HttpResponseBase]
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class NotYourRole(PermissionDenied):
    """The person's role may not do this; who administers the company's logins can change it."""


@overload
def for_partner(view: View) -> View: ...


@overload
def for_partner(*, right: str = "", to_write: str = "") -> Callable[[View], View]: ...


def for_partner(view: View | None = None, *, right: str = "", to_write: str = ""):
    """Let only people with a partner in: staff go to the admin, others are sent to log in.

    ``right`` is what the person's role must allow to see the page at all, ``to_write`` what it
    must allow to send a form (of ``partners.rules.roles``); without them every person of the
    partner may.
    """
    if view is None:
        return lambda guarded: _guarded(guarded, right, to_write)
    return _guarded(view, right, to_write)


def _guarded(view: View, right: str, to_write: str) -> View:
    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *arguments, **options) -> HttpResponseBase:
        if getattr(request.user, "is_staff", False):
            return redirect("admin:index")
        if getattr(request.user, "partner_id", None) is None:
            raise PermissionDenied("this login belongs to no partner")
        wanted = {right} if request.method in _READS else {right, to_write}
        if not all(may(request, one) for one in wanted if one):
            raise NotYourRole("your role does not allow this")
        return in_english(view)(request, *arguments, **options)

    return guarded


def may(request: HttpRequest, right: str) -> bool:
    """Tell whether the role of who asks allows it."""
    return user_of(request).has_perm(right)


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
