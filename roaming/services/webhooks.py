"""Push messages to the webhooks of their receivers: at least once, in order per record.

Each call is kept as an exchange for thirty days, found by the id of its delivery.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from roaming.models import Delivery, Exchange, WebhookSubscription
from roaming.queries_exchanges import WEBHOOK
from roaming.services import delivering, exchanges, reading, webhook_call, webhook_choices
from roaming.services.delivering import Answer


def send_due(*, clock: Callable[[], datetime]) -> dict[str, int]:
    """Send what is due to every receiver with an active webhook."""
    sent = failed = 0
    due = WebhookSubscription.objects.filter(is_active=True).select_related("party")
    for subscription in due.order_by("party"):
        ours = send_to(subscription, clock=clock)
        sent += ours[True]
        failed += ours[False]
    return {"sent": sent, "failed": failed}


def send_to(subscription: WebhookSubscription, *, clock: Callable[[], datetime]) -> dict[bool, int]:
    """Send one receiver's messages until none is due, or it is plainly not there."""

    def send(claimed: Sequence[Delivery]) -> Iterator[Answer]:
        messages = reading.owed_messages(claimed)
        for delivery, message in zip(claimed, messages, strict=True):
            yield _called(subscription, delivery, reading.encode(message), now=clock())

    webhook_choices.skip_muted(subscription, now=clock())
    return delivering.drain(subscription.party_id, send, clock=clock)


def _called(
    subscription: WebhookSubscription, delivery: Delivery, body: bytes, *, now: datetime
) -> Answer:
    started = time.monotonic()
    answer = webhook_call.call(subscription, delivery_id=delivery.pk, body=body, now=now)
    exchanges.record(
        None,
        exchanges.Traffic(
            direction=Exchange.Direction.OUT,
            module=WEBHOOK,
            verb="POST",
            url=subscription.url,
            asked_at=now,
            duration_ms=round((time.monotonic() - started) * 1000),
            http_status=answer.http_status,
            is_success=answer.is_confirmed,
            attempt=delivery.attempts + 1,
            correlation_id=str(delivery.pk),
            request_body=body,
            error="" if answer.http_status else answer.error,
            subject=(delivery.kind, delivery.subject_id),
        ),
        environment=subscription.party.environment,
    )
    return answer
