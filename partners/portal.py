"""Who may enter the portal: people of one partner. Each room has pages of its own behind this."""

from collections.abc import Callable
from functools import wraps
from typing import overload

import structlog
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache

from partners.models import Partner, User
from partners.queries import current_standing
from partners.queries_notices import partner_and_notices
from partners.rules.life import EFFECTS
from partners.rules.roles import SEE_FINANCE
from partners.viewing import viewed_by

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
        if getattr(request.user, "is_staff", False) and viewed_by(request) is None:
            return redirect("admin:index")
        partner = partner_of(request)
        _refuse_writing(request, partner)
        wanted = {right} if request.method in _READS else {right, to_write}
        if viewed_by(request) is None and not all(may(request, one) for one in wanted if one):
            raise NotYourRole("your role does not allow this")
        return view(request, *arguments, **options)

    return guarded


def may(request: HttpRequest, right: str) -> bool:
    """Tell whether the role of who asks allows it; who looks as a partner sees all, and no more."""
    if viewed_by(request) is not None:
        return right == SEE_FINANCE
    return user_of(request).has_perm(right)


def _refuse_writing(request: HttpRequest, partner: Partner) -> None:
    """Who looks on behalf of a partner changes nothing, nor do people of one that is closed."""
    if request.method in _READS:
        return
    if viewed_by(request) is not None:
        raise PermissionDenied("who looks at the portal as a partner changes nothing")
    if not EFFECTS[current_standing(partner, now=timezone.now())].writes:
        raise PermissionDenied("your company has left: its documents can be read, nothing more")


def partner_of(request: HttpRequest) -> Partner:
    """The partner of who is logged in, or the one that staff looks at."""
    if (viewed := viewed_by(request)) is not None:
        return viewed
    user = user_of(request)
    if user.partner_id is None:
        raise PermissionDenied("this login belongs to no partner")
    if not User.partner.is_cached(user):
        user.partner = partner_and_notices(user.partner_id, now=timezone.now())
    assert user.partner is not None  # noqa: S101 for mypy
    return user.partner


def user_of(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied("nobody is logged in")
    return request.user


def request_id() -> str:
    """The id under which this request is logged."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
