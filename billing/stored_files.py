"""Stored bytes as an HTTP answer: the same for the API and the portal.

The entity tag is the SHA-256 of the bytes, so whoever has them already is told so (304), and
``Repr-Digest`` (RFC 9530, with the older ``Digest``) lets the reader check what arrived.
"""

import base64
from typing import IO

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from billing.models import DocumentFile


def answer_with(file: DocumentFile, *, name: str, request: HttpRequest) -> HttpResponse:
    """The file as an attachment called ``name``, or 304 where the caller has these bytes."""
    etag = f'"{file.sha256}"'
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    response = HttpResponse(bytes(file.content), content_type=file.media_type)
    response["ETag"] = etag
    response["Digest"] = f"sha-256={digest}"
    response["Repr-Digest"] = f"sha-256=:{digest}:"
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    return get_conditional_response(request, etag=etag, response=response) or response


def stream(file: IO[bytes], *, name: str, media_type: str) -> FileResponse:
    """A file made for this answer as an attachment called ``name``; closed when it was sent."""
    response = FileResponse(file, as_attachment=True, filename=name, content_type=media_type)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
