"""Request bodies as bytes: media type, size limits, gzip.

No DRF parser: a record's exact bytes are kept as evidence, and msgspec reads them.
"""

import gzip
import io
import zlib
from collections.abc import Collection

from django.core.exceptions import RequestDataTooBig
from django.http.request import UnreadablePostError

from partners.api.problems import RequestRefused

JSON = "application/json"
NDJSON = "application/x-ndjson"
_GZIP_MEMBER = b"\x1f\x8b\x08"
# Each member costs time whatever it holds; block compressors make one per 64 kB.
_MOST_MEMBERS = 10_000


def read_body(request, *, media_types: Collection[str], limit_bytes: int) -> tuple[bytes, str]:
    """Return the decoded body and its media type.

    :raises RequestRefused: 415 media type or coding, 413 over ``limit_bytes`` before or after
        decompression, 400 broken gzip.
    """
    media_type = request.content_type.partition(";")[0].strip().lower()
    if media_type not in media_types:
        raise RequestRefused(
            415,
            "MEDIA_TYPE_UNSUPPORTED",
            f"Send Content-Type: {' or '.join(media_types)}.",
            headers={"Accept": ", ".join(media_types)},
        )
    body = _unpacked(_received(request, limit_bytes), request, limit_bytes)
    if not body.strip():
        raise RequestRefused(400, "BODY_EMPTY", "Send the record or batch as the request body.")
    return body, media_type


def not_json(error: object) -> RequestRefused:
    return RequestRefused(400, "BODY_UNREADABLE", f"The body is not what it should be: {error}.")


def _received(request, limit_bytes: int) -> bytes:
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit_bytes:
        raise _too_large(limit_bytes)
    try:
        return request._request.body
    except RequestDataTooBig:
        raise _too_large(limit_bytes) from None
    except UnreadablePostError as error:
        raise RequestRefused(400, "BODY_CUT_OFF", "The body broke off; send it again.") from error


def _unpacked(body: bytes, request, limit_bytes: int) -> bytes:
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in ("identity", ""):
        return body
    if coding != "gzip":
        raise RequestRefused(
            415,
            "CONTENT_CODING_UNSUPPORTED",
            "Compress with gzip or not at all.",
            headers={"Accept-Encoding": "gzip"},
        )
    try:
        return _gunzip(body, limit_bytes)
    except (OSError, EOFError, zlib.error) as error:
        raise RequestRefused(
            400, "GZIP_BROKEN", f"The gzip body cannot be unpacked: {error}; send it again."
        ) from error


def _gunzip(body: bytes, limit_bytes: int) -> bytes:
    """Unpack every member, never more than the limit plus one byte."""
    if body.count(_GZIP_MEMBER) > _MOST_MEMBERS:
        raise _too_large(limit_bytes)
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
        unpacked = packed.read(limit_bytes + 1)
    if len(unpacked) > limit_bytes:
        raise _too_large(limit_bytes)
    return unpacked


def _too_large(limit_bytes: int) -> RequestRefused:
    return RequestRefused(
        413,
        "BODY_TOO_LARGE",
        f"At most {limit_bytes:,} bytes after decompression; send it in smaller parts.",
    )
