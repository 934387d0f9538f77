"""Where somebody is logged in, and how to log out there."""

from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from partners.portal import user_of
from partners.rules.devices import device_named
from partners.services import audit


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """The own sessions, newest first; a POST ends the one it names, or all ``others``."""
    user = user_of(request)
    own = sorted(
        UserSession.objects.purge_and_list(user), key=lambda one: one.created_at, reverse=True
    )
    if request.method == "POST":
        return _end(request, own, wanted=request.POST.get("session", ""))
    lines = [(one, device_named(one.user_agent), one.is_current()) for one in own]
    context = {"lines": lines, "others": sum(not is_current for *_, is_current in lines)}
    return render(request, "account/sessions.html", context)


def _end(request: HttpRequest, own: list[UserSession], *, wanted: str) -> HttpResponse:
    user = user_of(request)
    chosen = [
        one for one in own if (wanted == "others" and not one.is_current()) or str(one.pk) == wanted
    ]
    ends_this_one = any(one.is_current() for one in chosen)
    if chosen:
        audit.record(
            "user.sessions_ended",
            user,
            actor=user.get_username(),
            at=timezone.now(),
            after={"sessions": len(chosen)},
        )
        end_sessions(request, chosen)
        messages.success(request, gettext("Logged out there."))
    return redirect("account_login" if ends_this_one else "usersessions_list")
