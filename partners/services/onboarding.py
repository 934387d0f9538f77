"""Set up partners, parties, contracts and agreements; every call is idempotent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from partners.models import (
    Environment,
    ParticipationContract,
    Partner,
    PartnerFacts,
    PartnerState,
    Party,
    PartyOwnership,
    RoamingAgreement,
    SettlementGroup,
)
from partners.services import audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a new agreement says; names and defaults are those of ``RoamingAgreement``."""

    seller: Party
    buyer: Party
    group: SettlementGroup
    starts_at: datetime
    commission_rate: Decimal = Decimal(0)
    more: Mapping[str, object] = field(default_factory=dict)


@transaction.atomic
def open_partner(
    name: str,
    *,
    facts: Mapping[str, str],
    since: datetime,
    actor: str,
    reason: str,
) -> Partner:
    """A partner called ``name`` that is ACTIVE from ``since`` on; an existing one is returned.

    ``facts`` are fields of ``PartnerFacts``; the legal name is ``name`` where they say nothing.
    """
    partner, is_new = Partner.objects.get_or_create(name=name)
    if not is_new:
        return partner
    PartnerFacts.objects.create(
        partner=partner, starts_at=since, **({"legal_name": name} | dict(facts))
    )
    PartnerState.objects.create(
        partner=partner,
        state=PartnerState.State.ACTIVE,
        starts_at=since,
        reason=reason,
        actor=actor,
    )
    audit.record("partner.opened", partner, actor=actor, reason=reason, at=since)
    return partner


@transaction.atomic
def open_party(
    code: str, *, role: str, name: str, partner: Partner, since: datetime, environment: str
) -> Party:
    """The party ``code`` ("DE*NLX") in ``role``, owned by ``partner`` from ``since`` on."""
    country_code, _, party_id = code.partition("*")
    party, is_new = Party.objects.get_or_create(
        country_code=country_code,
        party_id=party_id,
        role=role,
        environment=environment,
        defaults={"name": name},
    )
    if is_new:
        PartyOwnership.objects.create(party=party, partner=partner, starts_at=since)
    return party


@transaction.atomic
def join_group(
    partner: Partner, *, group: SettlementGroup, since: datetime
) -> ParticipationContract:
    """The partner's participation contract, with ``group`` joined and the netting clause."""
    contract, _ = ParticipationContract.objects.get_or_create(
        number=f"PC-{str(partner.pk)[-12:]}",
        defaults={"partner": partner, "has_netting_clause": True, "starts_at": since},
    )
    contract.groups.add(group)
    return contract


@transaction.atomic
def open_group(
    name: str, *, currency: str, cycle: str, time_zone: str, environment: str
) -> SettlementGroup:
    """The settlement group ``name``; what exists is left as it is."""
    group, _ = SettlementGroup.objects.get_or_create(
        name=name,
        environment=environment,
        defaults={"currency": currency, "cycle": cycle, "time_zone": time_zone},
    )
    return group


@transaction.atomic
def agree(terms: Terms, *, actor: str, now: datetime) -> RoamingAgreement:
    """An agreement in force between the two parties of ``terms``; an existing one is returned."""
    number = f"{terms.seller.code}/{terms.buyer.code}/{terms.group.currency}"
    if terms.seller.environment != Environment.LIVE:
        number += f"/{terms.seller.environment}"
    existing = RoamingAgreement.objects.filter(number=number).order_by("-version").first()
    if existing:
        return existing
    agreement = RoamingAgreement.objects.create(
        number=number,
        environment=terms.seller.environment,
        seller=terms.seller,
        buyer=terms.buyer,
        group=terms.group,
        currency=terms.group.currency,
        commission_rate=terms.commission_rate,
        starts_at=terms.starts_at,
        in_force_at=now,
        **terms.more,
    )
    audit.record("agreement.in_force", agreement, actor=actor, reason="set up", at=now)
    return agreement
