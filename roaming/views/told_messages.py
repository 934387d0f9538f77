"""How messages to a partner's parties stand, in words; which parties are the partner's own."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext

from partners.models import Partner, PartyOwnership
from partners.queries import in_period
from roaming.models import Delivery
from roaming.services.webhook_choices import NOT_WANTED


class Message(NamedTuple):
    """One message to one of the partner's parties, and how it stands."""

    delivery: Delivery
    word: str
    stage: str

    @property
    def is_waiting_again(self) -> bool:
        one = self.delivery
        return one.confirmed_at is None and one.dead_at is None and one.attempts > 0


def told(row: Delivery) -> Message:
    if row.confirmed_at is not None and row.last_error == NOT_WANTED:
        return Message(row, gettext("Not sent: your company left it out"), "waiting")
    if row.confirmed_at is not None:
        return Message(row, gettext("Confirmed"), "settled")
    if row.dead_at is not None:
        return Message(row, gettext("Given up; still there to be pulled"), "refused")
    if row.attempts:
        return Message(row, gettext("Sent again soon"), "held")
    return Message(row, gettext("Waits to be sent or pulled"), "waiting")


def with_webhooks(partner: Partner, *, now: datetime) -> QuerySet[PartyOwnership]:
    """The partner's parties now, LIVE before TEST, each with its webhook; secrets stay there."""
    sealed = ("encrypted_secret", "encrypted_former_secret")
    return (
        PartyOwnership.objects.filter(in_period(now), partner=partner)
        .select_related("party__webhook")
        .defer(*(f"party__webhook__{name}" for name in sealed))
        .order_by("party__environment", "party__country_code", "party__party_id", "party__role")
    )


def own_party(partner: Partner, party_id: UUID, *, now: datetime) -> PartyOwnership:
    """:raises Http404: it is somebody else's, or nobody's"""
    owned = PartyOwnership.objects.filter(in_period(now), partner=partner, party=party_id)
    found = owned.select_related("party").first()
    if found is None:
        raise Http404("no party of yours")
    return found


def messages_of(owned: PartyOwnership) -> QuerySet[Delivery]:
    """Numbered messages of a party since it is the partner's, newest first."""
    return Delivery.objects.filter(
        receiver=owned.party_id, sequence__isnull=False, created_at__gte=owned.starts_at
    ).order_by("-sequence")
