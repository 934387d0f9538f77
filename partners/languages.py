"""Which language a page is in: that of the person's login, else that of the browser.

Systems and staff pages are English whoever asks: a system reads no translation, and half a page
helps nobody.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from partners.models import User

_IN_ENGLISH = ("/admin/", "/api/", "/ocpi/", "/o/")
_OF_LOGINS = ("/portal/", "/account/")


class LanguageMiddleware:
    """Activates it for the request, and for the error page that may answer it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_IN_ENGLISH):
            with translation.override("en"):
                return self.get_response(request)
        language = language_for(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def language_for(request: HttpRequest) -> str:
    """What the login says; where it says nothing, what was chosen or is set in this browser."""
    return _chosen_by_login(request) or translation.get_language_from_request(request)


def _chosen_by_login(request: HttpRequest) -> str:
    if not request.path_info.startswith(_OF_LOGINS):
        return ""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    return request.user.language if isinstance(request.user, User) else ""
