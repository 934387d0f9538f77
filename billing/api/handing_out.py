"""A stored file as the answer to a partner's system, with a note of who took it."""

from collections.abc import Mapping

from django.http import HttpResponse
from django.utils import timezone

from billing.models import DocumentFile
from billing.services.downloads import note_download
from billing.stored_files import answer_with
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused


def not_rendered_yet(code: str, detail: str) -> RequestRefused:
    """409: the document is issued, its file is being made."""
    return RequestRefused(409, code, detail, headers={"Retry-After": "60"})


def hand_out(
    request,
    file: DocumentFile,
    *,
    number: str,
    ending: str,
    object_type: str,
    details: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The bytes as ``number.ending``, noted where they leave; 304 where the caller has them."""
    response = answer_with(file, name=f"{number}.{ending}", request=request._request)
    if response.status_code == 200 and request.method == "GET":
        note_taken(request, object_type=object_type, number=number, details=details)
    return response


def note_taken(
    request, *, object_type: str, number: str, details: Mapping[str, str] | None = None
) -> None:
    """Note that the client's partner takes a file of a document out of the house."""
    client = client_of(request)
    note_download(
        actor=f"client {client.name}",
        partner=client.partner,
        object_type=object_type,
        object_id=number,
        now=timezone.now(),
        request_id=request.headers.get("X-Request-ID", ""),
        details=dict(details) if details else None,
    )
