"""Which disputes a partner may read, and for which side it may act."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from partners.models import Partner, PartyOwnership
from partners.queries import in_period
from roaming.models import Dispute, SdrState
from roaming.queries import Reader
from roaming.rules import dispute as rules


def readable_disputes(reader: Reader) -> QuerySet[Dispute]:
    """Disputes of the reader's parties, with both sides at hand; nobody else's."""
    side = Q(seller__in=reader.party_ids) | Q(buyer__in=reader.party_ids)
    found = Dispute.objects.filter(side, environment=reader.environment)
    return found.select_related("seller", "buyer")


def owned_parties(partner: Partner, *, environment: str, now: datetime) -> set[UUID]:
    """Parties that are the partner's own: only an owner acts, a mandate lets read alone."""
    owned = PartyOwnership.objects.filter(
        in_period(now), partner=partner, party__environment=environment
    )
    return set(owned.values_list("party_id", flat=True))


def sides_of(seller_id: UUID | None, buyer_id: UUID | None, owned: set[UUID]) -> frozenset[str]:
    """CSO, CSP, both or none."""
    sides = {rules.CSO: seller_id, rules.CSP: buyer_id}
    return frozenset(side for side, party_id in sides.items() if party_id in owned)


def waiting_for(owned: set[UUID]) -> Q:
    """Disputes in which one of ``owned`` is to act now."""
    answers = Q(stage="OPEN", is_confirmed=True, seller__in=owned)
    confirms = Q(stage="OPEN", is_confirmed=False, buyer__in=owned)
    replies = Q(stage__startswith="RESPONDED", buyer__in=owned)
    return answers | confirms | replies


def newest_disputes(record_ids: Iterable[UUID]) -> dict[UUID, Dispute]:
    """The newest dispute of each record, open or not."""
    found = Dispute.objects.filter(record_id__in=list(record_ids)).order_by("id")
    return {dispute.record_id: dispute for dispute in found if dispute.record_id}


def is_disputable(state: SdrState, owned: set[UUID]) -> bool:
    """May one of ``owned``, as its buyer, still think of disputing the record?"""
    return state.state in ("DELIVERED", "ACCEPTED") and state.buyer_id in owned
