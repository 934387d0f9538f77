"""A party's side of its deliveries: its webhook, and what it confirms by pull."""

import base64
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from clearinghouse.uuid7 import new_uuid7
from partners.models import Party
from roaming.models import Delivery, DeliveryCounter, WebhookSubscription
from roaming.services import deliveries, delivering
from roaming.services.webhook_address import check_url
from roaming.services.webhook_call import seal_secret

_SECRET_BYTES = 32
# How long messages are signed with the former secret too, so that a system can change over.
FORMER_HOLDS_FOR = timedelta(hours=24)
MOST_TESTS_PER_HOUR = 10


class TooManyTests(Exception):
    """Enough test messages were asked for in the last hour."""


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
    secret = _new_secret()
    held = {
        "url": url,
        "encrypted_secret": seal_secret(secret),
        "encrypted_former_secret": None,
        "former_until_at": None,
        "is_active": True,
    }
    WebhookSubscription.objects.update_or_create(
        party=party, defaults=held, create_defaults=held | {"created_at": now}
    )
    return secret


def move(webhook: WebhookSubscription, *, url: str) -> None:
    """Send to another address from now on; the secret stays.

    :raises UnsafeAddress: the URL may not be called.
    """
    check_url(url, may_be_local=settings.WEBHOOKS_MAY_BE_LOCAL)
    WebhookSubscription.objects.filter(pk=webhook.pk).update(url=url, is_active=True)


@transaction.atomic
def rotate(party: Party, *, former_holds: bool, now: datetime) -> str:
    """Make a new secret, told this once; ``former_holds``: the one before it for another day.

    One that others may know must end at once.

    :raises WebhookSubscription.DoesNotExist: the party has no webhook
    """
    webhook = WebhookSubscription.objects.select_for_update().get(party=party)
    secret = _new_secret()
    webhook.encrypted_former_secret = webhook.encrypted_secret if former_holds else None
    webhook.former_until_at = now + FORMER_HOLDS_FOR if former_holds else None
    webhook.encrypted_secret = seal_secret(secret)
    webhook.save(update_fields=["encrypted_secret", "encrypted_former_secret", "former_until_at"])
    return secret


def owe_test(party: Party, *, now: datetime) -> Delivery:
    """Owe the party a test message; it goes the way that every message goes.

    :raises TooManyTests: it asked for enough of them in the last hour
    """
    newest = Delivery.objects.filter(receiver=party, sequence__isnull=False).order_by("-sequence")
    recent = newest.filter(kind=Delivery.Kind.TEST, created_at__gt=now - timedelta(hours=1))
    if recent[:MOST_TESTS_PER_HOUR].count() >= MOST_TESTS_PER_HOUR:
        raise TooManyTests
    one = Delivery.objects.create(
        receiver=party, kind=Delivery.Kind.TEST, subject_id=new_uuid7(), created_at=now
    )
    deliveries.publish({party.pk})
    one.refresh_from_db()
    return one


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


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
