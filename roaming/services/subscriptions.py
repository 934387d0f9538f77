"""A party's side of its deliveries: its webhook, and what it confirms by pull."""

import base64
import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction

from partners.models import Party
from roaming.models import Delivery, DeliveryCounter, WebhookSubscription
from roaming.services import delivering
from roaming.services.webhook_address import check_url
from roaming.services.webhook_call import seal_secret

_SECRET_BYTES = 32


class NotNumbered(Exception):
    """Nothing was owed under that number yet; ``last_sequence`` is the highest there is."""

    def __init__(self, last_sequence: int):
        super().__init__(f"the last number is {last_sequence}")
        self.last_sequence = last_sequence


def subscribe(party: Party, *, url: str, now: datetime) -> str:
    """Send the party's messages to ``url`` from now on; return the new secret, told this once.

    :raises UnsafeAddress: the URL may not be called.
    """
    check_url(url, may_be_local=settings.WEBHOOKS_MAY_BE_LOCAL)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    WebhookSubscription.objects.update_or_create(
        party=party,
        defaults={"url": url, "encrypted_secret": seal_secret(secret), "is_active": True},
        create_defaults={
            "url": url,
            "encrypted_secret": seal_secret(secret),
            "created_at": now,
        },
    )
    return secret


def unsubscribe(party: Party, *, now: datetime) -> bool:
    """Take the webhook away; an outage ends with it, for nobody will end it later."""
    with transaction.atomic():
        delivering.end_outage(party.pk, now=now)
        return WebhookSubscription.objects.filter(party=party).delete()[0] > 0


def confirm(party: Party, *, up_to_sequence: int, now: datetime) -> int:
    """Confirm every message up to the number; what was confirmed before stays. The new mark.

    :raises NotNumbered: no message has the number yet; nothing was confirmed.
    """
    with transaction.atomic():
        counter = DeliveryCounter.objects.select_for_update().filter(receiver=party).first()
        last = counter.last_sequence if counter else 0
        if up_to_sequence > last:
            raise NotNumbered(last)
        if counter is None:
            return 0
        if up_to_sequence > counter.confirmed_sequence:
            counter.confirmed_sequence = up_to_sequence
            counter.save(update_fields=["confirmed_sequence"])
        Delivery.objects.filter(
            receiver=party, sequence__lte=up_to_sequence, confirmed_at__isnull=True
        ).update(confirmed_at=now)
        return counter.confirmed_sequence
