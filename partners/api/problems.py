"""Every error of the partner API as RFC 9457 ``application/problem+json``.

``code`` is stable and meant for programs; ``detail`` tells a person what to do next; ``errors``
lists each fault with its own code, field and remedy.
"""

import math
from collections.abc import Iterable, Mapping
from http import HTTPStatus

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.views import set_rollback

PROBLEM_JSON = "application/problem+json"
_API_PREFIXES = ("/api/", "/o/")
# What DRF's own exceptions are called here, and what the caller should do about them.
_FRAMEWORK_CODES = {
    exceptions.NotAuthenticated: (
        "NOT_AUTHENTICATED",
        "Send 'Authorization: Bearer TOKEN' with a token from POST /o/token/.",
    ),
    exceptions.ParseError: ("BODY_UNREADABLE", ""),
    exceptions.MethodNotAllowed: (
        "METHOD_NOT_ALLOWED",
        "Use one of the methods in the Allow header.",
    ),
    exceptions.UnsupportedMediaType: ("MEDIA_TYPE_UNSUPPORTED", ""),
    exceptions.Throttled: ("TOO_MANY_REQUESTS", "Wait as long as Retry-After says."),
}


class RequestRefused(Exception):
    """The request cannot be done; carries everything its problem answer needs."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    title: str = "",
    errors: Iterable[Mapping] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping | None = None,
) -> HttpResponse:
    """One problem answer. ``members`` are extension members of RFC 9457 §3.2."""
    body = {
        "type": f"urn:clearinghouse:problem:{code.lower().replace('_', '-')}",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **(members or {}),
        "errors": list(errors),
    }
    return HttpResponse(
        msgspec.json.encode(body),
        status=status,
        content_type=PROBLEM_JSON,
        headers=dict(headers or {}),
    )


def error_entry(
    *,
    code: str,
    message: str,
    remedy: str,
    field: str = "",
    index: int | None = None,
    severity: str = "REJECT",
) -> dict:
    """One entry of ``errors``. ``index`` counts from 0 in what was sent."""
    return {
        "code": code,
        "severity": severity,
        "field": field,
        "index": index,
        "message": message,
        "remedy": remedy,
    }


def problem_response(exception: Exception, context: Mapping) -> HttpResponse | None:
    """Answer an exception of an API view; ``None`` leaves a defect to the 500 handler."""
    set_rollback()
    if isinstance(exception, RequestRefused):
        return problem(
            exception.status, exception.code, exception.detail, headers=exception.headers
        )
    if isinstance(exception, Http404):
        return problem(404, "NOT_FOUND", "There is no such record for you; check the id.")
    if isinstance(exception, PermissionDenied):
        return problem(403, "FORBIDDEN", "Your client may not do this.")
    if isinstance(exception, exceptions.ValidationError):
        return _invalid_parameters(exception)
    if isinstance(exception, exceptions.APIException):
        return _framework_problem(exception)
    return None


def _framework_problem(exception: exceptions.APIException) -> HttpResponse:
    code, advice = _FRAMEWORK_CODES.get(type(exception), (_own_code(exception), ""))
    headers: dict[str, str] = {}
    if challenge := getattr(exception, "auth_header", ""):
        headers["WWW-Authenticate"] = challenge
    if wait_s := getattr(exception, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait_s))
    detail = advice or str(exception.detail)
    return problem(exception.status_code, code, detail, headers=headers)


def _own_code(exception: exceptions.APIException) -> str:
    codes = exception.get_codes()
    return codes.upper() if isinstance(codes, str) else exception.default_code.upper()


def _invalid_parameters(exception: exceptions.ValidationError) -> HttpResponse:
    details = exception.get_full_details()
    fields = details.items() if isinstance(details, dict) else [("", details)]
    errors = [
        error_entry(
            code="PARAMETER_INVALID",
            field=field,
            message=str(fault["message"]) if isinstance(fault, dict) else str(fault),
            remedy="Correct the parameter; /api/docs/ lists what it takes.",
        )
        for field, faults in fields
        for fault in (faults if isinstance(faults, list) else [faults])
    ]
    return problem(400, "PARAMETERS_INVALID", "Correct the parameters in errors.", errors=errors)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a problem for systems, a page for people."""
    if not _is_for_systems(request):
        return defaults.bad_request(request, exception)
    return problem(400, "BAD_REQUEST", "The request is malformed; correct it.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    if not _is_for_systems(request):
        return defaults.page_not_found(request, exception)
    return problem(404, "NOT_FOUND", "There is no such address; /api/docs/ lists them.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    if not _is_for_systems(request):
        return defaults.server_error(request)
    return problem(
        500,
        "INTERNAL_ERROR",
        "The fault is ours. Send the same request again in a minute: a record is never taken in"
        " twice.",
    )


def _is_for_systems(request: HttpRequest) -> bool:
    return request.path.startswith(_API_PREFIXES)
