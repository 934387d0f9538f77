"""How messages to a partner's parties stand, in words; which parties are the partner's own."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext

from partners.models import Partner, Party, PartyOwnership
from partners.queries import in_period
from roaming.models import Delivery


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
    if row.confirmed_at is not None:
        return Message(row, gettext("Confirmed"), "settled")
    if row.dead_at is not None:
        return Message(row, gettext("Given up; still there to be pulled"), "refused")
    if row.attempts:
        return Message(row, gettext("Sent again soon"), "held")
    return Message(row, gettext("Waits to be sent or pulled"), "waiting")


def ownerships(partner: Partner, *, now: datetime) -> list[PartyOwnership]:
    """The partner's parties now, LIVE before TEST, each with since when it is the partner's."""
    owned = PartyOwnership.objects.filter(in_period(now), partner=partner)
    rows = owned.select_related("party")
    return list(
        rows.order_by("party__environment", "party__country_code", "party__party_id", "party__role")
    )


def own_party(partner: Partner, party_id: UUID, *, now: datetime) -> PartyOwnership:
    """:raises Http404: it is somebody else's, or nobody's"""
    for one in ownerships(partner, now=now):
        if one.party_id == party_id:
            return one
    raise Http404("no party of yours")


def newest_messages(owned: Iterable[PartyOwnership], *, most: int) -> list[Delivery]:
    """The newest messages of several parties in one query; each walks its own numbers.

    What an owner before this one was sent is told to the owner now by the API alone.
    """
    parties: dict[UUID, Party] = {one.party_id: one.party for one in owned}
    walks = [messages_of(one)[:most] for one in owned]
    if not walks:
        return []
    first, *others = walks
    rows = list(first.union(*others, all=True) if others else first)
    for row in rows:
        row.receiver = parties[row.receiver_id]
    rows.sort(key=lambda row: row.pk, reverse=True)
    return rows[:most]


def messages_of(owned: PartyOwnership):
    """Numbered messages of a party since it is the partner's, newest first."""
    return Delivery.objects.filter(
        receiver=owned.party_id, sequence__isnull=False, created_at__gte=owned.starts_at
    ).order_by("-sequence")
