"""Whom staff may approve for a connection; the database refuses the rest too."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from partners.models import Mandate, Partner, Party, PartyOwnership
from partners.queries import in_period
from partners.rules.connections import Served, why_not


def why_not_served(
    parties: Collection[Party], *, owner: Partner, environment: str, now: datetime
) -> list[str]:
    """Why a connection of ``owner`` may not serve some of ``parties``; empty where it may."""
    ids = [party.pk for party in parties]
    owned = PartyOwnership.objects.filter(in_period(now), party__in=ids)
    owners = {one.party_id: one.partner_id for one in owned}
    agents: dict[UUID, set[UUID]] = defaultdict(set)
    mandated = Mandate.objects.filter(in_period(now), parties__in=ids)
    for party_id, agent_id in mandated.values_list("parties", "agent"):
        agents[party_id].add(agent_id)
    reasons = (
        why_not(
            Served(party.code, party.environment, owners.get(party.pk), agents[party.pk]),
            environment=environment,
            owner_id=owner.pk,
        )
        for party in parties
    )
    return [reason for reason in reasons if reason]
