"""Send messages again: what staff, partners and their systems ask for goes through here.

The receiver knows them again: each keeps its number and its id.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from partners.models import Party
from partners.services import audit
from roaming.models import Delivery, DeliveryCounter
from roaming.services import delivering

# What a party may have sent again within an hour, by its people and its systems together.
MOST_PER_HOUR = 1_000
MOST_AT_ONCE = 500
_HOUR = timedelta(hours=1)


# Tried, and not confirmed: given up or not.
NOT_TAKEN = Q(confirmed_at__isnull=True, attempts__gt=0)


class TooOften(Exception):
    """The party had enough sent again; ``left`` more may be asked for before ``again_at``."""

    def __init__(self, *, left: int, again_at: datetime):
        super().__init__(f"{left} more may be sent again before {again_at:%H:%M}")
        self.left = left
        self.again_at = again_at


def failed_messages(party: Party, *, since: datetime) -> QuerySet[Delivery]:
    """Those that its webhook did not take, given up or not, oldest first.

    ``since``: from when the party is its owner's; messages of before are another's.
    """
    failed = Delivery.objects.filter(NOT_TAKEN, receiver=party)
    return failed.filter(sequence__isnull=False, created_at__gte=since).order_by("sequence")


@transaction.atomic
def send_again(
    messages: Collection[Delivery], *, actor: str, now: datetime, reason: str = ""
) -> int:
    """Have numbered messages sent again from their first attempt on; how many."""
    again = delivering.redeliver([one.pk for one in messages], now=now)
    for one in messages:
        audit.record("delivery.sent_again", one, actor=actor, at=now, reason=reason)
    return again


@transaction.atomic
def send_own_again(
    party: Party, messages: Collection[Delivery], *, actor: str, now: datetime, reason: str = ""
) -> int:
    """The same for the receiver itself, as often as is good for it.

    :raises TooOften: nothing was sent again
    """
    _count(party, len(messages), now=now)
    return send_again(messages, actor=actor, now=now, reason=reason)


@transaction.atomic
def send_failed_again(party: Party, *, since: datetime, actor: str, now: datetime) -> int:
    """Have all failed messages of the party sent again, the oldest 500 of them; how many.

    :raises TooOften: nothing was sent again
    """
    failed = list(failed_messages(party, since=since)[:MOST_AT_ONCE])
    if not failed:
        return 0
    _count(party, len(failed), now=now)
    again = delivering.redeliver([one.pk for one in failed], now=now)
    numbers = {"messages": again, "first": failed[0].sequence, "last": failed[-1].sequence}
    audit.record("delivery.failed_sent_again", party, actor=actor, at=now, after=numbers)
    return again


def _count(party: Party, messages: int, *, now: datetime) -> None:
    DeliveryCounter.objects.get_or_create(receiver=party)
    counter = DeliveryCounter.objects.select_for_update().get(receiver=party)
    begun = counter.replays_from_at
    if begun is None or now >= begun + _HOUR:
        counter.replays, begun = 0, now
    left = MOST_PER_HOUR - counter.replays
    if messages > left:
        raise TooOften(left=left, again_at=begun + _HOUR)
    counter.replays, counter.replays_from_at = counter.replays + messages, begun
    counter.save(update_fields=["replays", "replays_from_at"])
