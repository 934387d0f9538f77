"""The one entrance: who comes to the doors of the portal or the admin is led to it, and on."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache


@never_cache
def to_admin(request: HttpRequest) -> HttpResponse:
    """The admin asks everybody to log in who may not enter; who is no staff has to be told."""
    if request.user.is_authenticated and not getattr(request.user, "is_staff", False):
        raise PermissionDenied("this login is not one of staff")
    return _led_on(request)


@never_cache
def to_login(request: HttpRequest) -> HttpResponse:
    return _led_on(request)


def _led_on(request: HttpRequest) -> HttpResponse:
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{reverse('account_login')}{'?' if query else ''}{query}")
