"""The switch at the foot of each page: in which language the portal is read."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from partners.models import User

_A_YEAR_S = 365 * 86_400


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep it with the login, and in this browser for the pages before the login."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise Http404("no such language")
    if isinstance(request.user, User):
        request.user.language = language
        request.user.save(update_fields=["language"])
    response = redirect(_back(request))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=_A_YEAR_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _back(request: HttpRequest) -> str:
    """The page on which it was chosen, where that is one of ours."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else "/portal/"
