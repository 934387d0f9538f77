"""One signed call of a webhook, after the Standard Webhooks specification. No transaction here."""

from datetime import UTC, datetime
from uuid import UUID

import httpx
from django.conf import settings
from standardwebhooks import Webhook

from clearinghouse.sealing import Sealer
from roaming.models import WebhookSubscription
from roaming.rules.retry_after import seconds_to_wait
from roaming.services.delivering import LONGEST_CALL_S, Answer
from roaming.services.outgoing import wire
from roaming.services.webhook_address import UnsafeAddress, check_url

_PURPOSE = "webhook secret"


def seal_secret(secret: str) -> bytes:
    return _sealer().seal(secret.encode())


def open_secret(subscription: WebhookSubscription) -> str:
    return _sealer().open(bytes(subscription.encrypted_secret)).decode()


def signatures(
    subscription: WebhookSubscription, *, message_id: UUID, body: bytes, at: datetime
) -> dict[str, str]:
    """The headers that a receiver checks ``body`` by.

    While a former secret still holds there is a signature by each, as the specification has it for
    rotations: whichever the receiver knows, it finds its own.
    """
    # The library takes the wall time of what it is given as UTC.
    signed_at = at.astimezone(UTC)
    secrets = [open_secret(subscription)]
    former, until = subscription.encrypted_former_secret, subscription.former_until_at
    if former is not None and until is not None and at < until:
        secrets.append(_sealer().open(bytes(former)).decode())
    signed = [
        Webhook(secret).sign(msg_id=str(message_id), timestamp=signed_at, data=body.decode())
        for secret in secrets
    ]
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": " ".join(signed),
    }


def call(
    subscription: WebhookSubscription, *, delivery_id: UUID, body: bytes, now: datetime
) -> Answer:
    """Send ``body``; any 2xx confirms it, nothing is followed, the answer's body is not read.

    All of it is over after ``LONGEST_CALL_S``: a receiver that answers byte by byte would hold the
    worker, and everybody else's messages with it.
    """
    try:
        check_url(subscription.url, may_be_local=settings.WEBHOOKS_MAY_BE_LOCAL)
        headers = {
            "Content-Type": "application/json",
            **signatures(subscription, message_id=delivery_id, body=body, at=now),
        }
        with (
            wire.Deadline(LONGEST_CALL_S),
            wire.new_client("WEBHOOKS_MAY_BE_LOCAL") as http,
            http.stream("POST", subscription.url, content=body, headers=headers) as response,
        ):
            status = response.status_code
            asked = response.headers.get("retry-after", "")
    except (UnsafeAddress, httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(False, False, f"{type(error).__name__}: {error}")
    if 200 <= status < 300:
        return Answer(True, True, http_status=status)
    wait_s = seconds_to_wait(status, asked, now=now)
    return Answer(False, 400 <= status < 500, f"HTTP {status}", wait_s=wait_s, http_status=status)


def _sealer() -> Sealer:
    return Sealer(settings.PERSONAL_DATA_KEY, purpose=_PURPOSE)
