"""Receipts: what we signed for, so that a sender can prove what we have received.

The signing key is the setting RECEIPT_SIGNING_KEY; keys that signed before stay published by
RECEIPT_RETIRED_KEYS for as long as somebody may show a receipt of theirs.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from roaming.messages import SdrOutcome
from roaming.models import BatchReceipt, IntakeBatch
from roaming.rules import receipt

ISSUER = "clearing house"


class NotTheseBytes(receipt.ReceiptInvalid):
    """The receipt is ours, but about other bytes."""


def public_keys() -> list[dict[str, str]]:
    """The key that signs now and those that signed before, as JWKs."""
    current = _signing_key().public_key().public_bytes_raw()
    retired = [base64.b64decode(key) for key in settings.RECEIPT_RETIRED_KEYS]
    return [receipt.public_jwk(raw) for raw in (current, *retired)]


def issue(
    batch: IntakeBatch,
    outcomes: Sequence[SdrOutcome],
    *,
    body: bytes,
    now: datetime,
    answer: Callable[[BatchReceipt], bytes],
) -> tuple[BatchReceipt, bytes]:
    """Sign for a batch and keep the receipt; a numbered one keeps its ``answer`` too.

    Where a request that was thought gone has answered first, its receipt and answer stand.
    """
    counts = Counter(outcome.outcome for outcome in outcomes)
    made = BatchReceipt(
        batch=batch,
        body_sha256=hashlib.sha256(body).hexdigest(),
        received=len(outcomes),
        accepted=counts["accepted"],
        held=counts["held"],
        rejected=counts["rejected"] + counts["conflict"],
        repeated=counts["duplicate"],
        issued_at=now,
    )
    made.jws = receipt.sign(_claims(made, batch), _signing_key())
    told = answer(made)
    if batch.sequence is not None:
        made.answer = told.decode()
    BatchReceipt.objects.bulk_create([made], ignore_conflicts=True)
    kept = BatchReceipt.objects.get(batch=batch)
    return kept, kept.answer.encode() or told


def verify(text: str, body: bytes, *, keys: Sequence[dict[str, str]]) -> dict[str, object]:
    """The claims of a receipt over exactly ``body``.

    :raises ReceiptInvalid: not signed by one of ``keys``, or :class:`NotTheseBytes`.
    """
    claims = receipt.verify(text, {key["kid"]: key for key in keys})
    found = hashlib.sha256(body).hexdigest()
    if claims.get("sha256") != found:
        raise NotTheseBytes(f"the receipt is for {claims.get('sha256')}, these bytes are {found}")
    return claims


def sign(claims: Mapping[str, object], *, kind: str) -> str:
    """Other claims than a receipt's, by the same key; ``kind`` tells them apart."""
    return receipt.sign(claims, _signing_key(), kind=kind)


def _claims(made: BatchReceipt, batch: IntakeBatch) -> dict[str, object]:
    return {
        "iss": ISSUER,
        "iat": int(made.issued_at.timestamp()),
        "sender": batch.sender.name,
        "environment": batch.environment,
        "batch_id": str(batch.pk),
        "sequence": batch.sequence,
        "received_at": batch.received_at.astimezone(UTC).isoformat(),
        "sha256": made.body_sha256,
        "received": made.received,
        "accepted": made.accepted,
        "held": made.held,
        "rejected": made.rejected,
        "repeated": made.repeated,
    }


def _signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(settings.RECEIPT_SIGNING_KEY))
