"""Evidence as an HTTP answer, the same for API, portal and admin: saved, never shown or run."""

import base64

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from roaming.models import DisputeAttachment


def answer_with_evidence(attachment: DisputeAttachment, content: bytes) -> HttpResponse:
    """The bytes under the cleaned name; whatever they are, a browser only saves them."""
    digest = base64.b64encode(bytes.fromhex(attachment.sha256)).decode()
    response = HttpResponse(content, content_type=attachment.media_type)
    response["Content-Disposition"] = content_disposition_header(True, attachment.file_name)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Repr-Digest"] = f"sha-256=:{digest}:"
    response["Cache-Control"] = "private, no-store"
    return response
