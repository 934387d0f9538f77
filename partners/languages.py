"""Which language a page is in: that of the person's login, else that of the browser.

Systems and staff pages are English whoever asks: a system reads no translation, and half a page
helps nobody.
"""

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from partners.models import PartnerFacts, User

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


def language_of(user: User) -> str:
    """For letters to a person, whom no browser speaks for: else that of the company's letters."""
    if user.language:
        return user.language
    return language_of_company(user.partner_id) if user.partner_id else settings.LANGUAGE_CODE


def language_of_company(partner_id: UUID) -> str:
    """The language that the company's newest facts name for its letters."""
    named = PartnerFacts.objects.filter(partner=partner_id).order_by("-starts_at")
    return named.values_list("language", flat=True).first() or settings.LANGUAGE_CODE


def _chosen_by_login(request: HttpRequest) -> str:
    if not request.path_info.startswith(_OF_LOGINS):
        return ""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    return request.user.language if isinstance(request.user, User) else ""
