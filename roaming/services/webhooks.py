"""Push messages to the webhooks of their receivers: at least once, in order per record."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from roaming.models import Delivery, WebhookSubscription
from roaming.services import delivering, reading, webhook_call
from roaming.services.delivering import Answer


def send_due(*, clock: Callable[[], datetime]) -> dict[str, int]:
    """Send what is due to every receiver with an active webhook."""
    sent = failed = 0
    for subscription in WebhookSubscription.objects.filter(is_active=True).order_by("party"):
        ours = send_to(subscription, clock=clock)
        sent += ours[True]
        failed += ours[False]
    return {"sent": sent, "failed": failed}


def send_to(subscription: WebhookSubscription, *, clock: Callable[[], datetime]) -> dict[bool, int]:
    """Send one receiver's messages until none is due, or it is plainly not there."""

    def send(claimed: Sequence[Delivery]) -> Iterator[Answer]:
        messages = reading.owed_messages(claimed)
        for delivery, message in zip(claimed, messages, strict=True):
            yield webhook_call.call(
                subscription, delivery_id=delivery.pk, body=reading.encode(message), now=clock()
            )

    return delivering.drain(subscription.party_id, send, clock=clock)
