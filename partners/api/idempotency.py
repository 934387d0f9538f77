"""The ``Idempotency-Key`` header at the door: one answer for one key."""

import hashlib
from collections.abc import Callable

from django.http import HttpResponse
from django.utils import timezone

from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.services import idempotency
from partners.services.idempotency import Claim, StoredAnswer

HEADER = "Idempotency-Key"
LONGEST_KEY = 255


def answer_once(request, *, body: bytes, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Do ``work`` once per key and body, and repeat its answer to whoever asks again.

    ``body`` is the decoded body: a retry may compress the same bytes differently. A request that
    could not be read, or that failed with 500, does not use up its key.
    """
    key = _key_of(request)
    if key is None:
        return work()
    claim = _claim(request, key, body)
    if isinstance(claim, StoredAnswer):
        return HttpResponse(
            claim.body,
            status=claim.status,
            content_type=claim.content_type,
            headers={"Idempotency-Replayed": "true"},
        )
    is_done = False
    try:
        response = work()
        is_done = response.status_code < 500
    finally:
        if not is_done:
            idempotency.release_key(claim)
    answer = StoredAnswer(
        response.status_code, response.headers["Content-Type"], response.content.decode()
    )
    idempotency.store_answer(claim, answer)
    return response


def _key_of(request) -> str | None:
    """The key, with or without the quotes of a structured-field string (RFC 8941)."""
    stated = request.headers.get(HEADER)
    if stated is None:
        return None
    key = stated.strip().removeprefix('"').removesuffix('"')
    if not key or len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise RequestRefused(
            400,
            "IDEMPOTENCY_KEY_INVALID",
            f"Send {HEADER} as 1 to {LONGEST_KEY} printable ASCII characters, e.g. a UUID.",
        )
    return key


def _claim(request, key: str, body: bytes) -> Claim | StoredAnswer:
    fingerprint = hashlib.sha256(f"{request.method} {request.path}\n".encode() + body).hexdigest()
    try:
        return idempotency.claim_key(
            client_of(request), key=key, request_sha256=fingerprint, now=timezone.now()
        )
    except idempotency.KeyReused:
        raise RequestRefused(
            422,
            "IDEMPOTENCY_KEY_REUSED",
            f"This {HEADER} was used with another request. Use a new key for a new request.",
        ) from None
    except idempotency.StillInFlight as waiting:
        raise RequestRefused(
            409,
            "IDEMPOTENCY_KEY_IN_FLIGHT",
            "The first request with this key is still at work. Repeat it as Retry-After says.",
            headers={"Retry-After": str(waiting.retry_after_s)},
        ) from None
