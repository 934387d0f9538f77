"""Refuse NUL characters where libraries ask the database with what they were given.

PostgreSQL has no text that holds one. Portal, API and intake answer them in words of their own.
"""

from django.core.exceptions import BadRequest

_GUARDED_PREFIXES = ("/admin/", "/account/", "/o/")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class NulGuardMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path.startswith(_GUARDED_PREFIXES):
            if _has_nul(request.GET):
                raise BadRequest("the address contains a NUL character")
            if request.content_type in _FORMS and _has_nul(request.POST):
                raise BadRequest("the form contains a NUL character")
        return self.get_response(request)


def _has_nul(fields) -> bool:
    return any("\x00" in value for _, values in fields.lists() for value in values)
