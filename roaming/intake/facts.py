"""What the tables know about a chunk of records: a handful of queries, whatever its size."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from clearinghouse.identifiers import (
    MalformedContractId,
    MalformedPartyCode,
    parse_contract_id,
    parse_party_code,
)
from partners import queries
from partners.models import Partner, RoamingAgreement, SettlementGroup
from partners.queries import PartyNow
from roaming.intake.overrides import IN_FORCE, RuleSet, load_overrides
from roaming.messages import InboundSdr
from roaming.rules.findings import Facts, Override, Terms
from roaming.rules.sdr_price import OwnPrice
from roaming.rules.signed import SignedReading


@dataclass(frozen=True, slots=True)
class Sides:
    """A record's two parties as far as they are known, and its side facts for the rules."""

    seller: PartyNow | None
    buyer: PartyNow | None
    mandate_id: UUID | None
    terms: Terms | None
    facts: Facts
    sender_id: UUID
    signed: tuple[SignedReading, ...] = ()
    rated: OwnPrice | None = None


@dataclass(slots=True)
class World:
    """Parties and agreements named in one chunk, as they stand now."""

    sender: Partner
    environment: str
    received_at: datetime
    sellers: dict[str, PartyNow] = field(default_factory=dict)
    buyers: dict[str, PartyNow] = field(default_factory=dict)
    versions: dict[tuple[UUID, UUID], list[Terms]] = field(default_factory=dict)
    batch_gap: str = ""

    def sides_of(self, sdr: InboundSdr) -> Sides:
        """Resolve both codes; a party that the sender may not act for is as good as unknown."""
        buyer = self.buyers.get(normal_code(sdr.csp_id))
        seller = self._may_act(self.sellers.get(normal_code(sdr.cso_id)))
        terms, agreed = self._terms(seller, buyer, sdr)
        if not agreed and (reseller := self._reseller(sdr, buyer)) is not None:
            seller = reseller
            terms, agreed = self._terms(seller, buyer, sdr)
        may_act = seller is not None
        facts = Facts(
            received_at=self.received_at,
            seller_is_known=seller is not None,
            sender_may_act=may_act,
            seller_state=seller.owner_state if seller else "",
            buyer_is_known=buyer is not None,
            buyer_state=buyer.owner_state if buyer else "",
            terms=terms,
            currencies_agreed=agreed,
            batch_gap=self.batch_gap,
            contract_csp=self._contract_csp(sdr, buyer),
            seller_service_ends_at=seller.service_ends_at if seller else None,
            buyer_service_ends_at=buyer.service_ends_at if buyer else None,
        )
        acted_for_itself = seller is not None and seller.owner_id == self.sender.pk
        mandate_id = seller.mandate_id if seller and not acted_for_itself else None
        return Sides(seller, buyer, mandate_id, terms, facts, self.sender.pk)

    def _may_act(self, party: PartyNow | None) -> PartyNow | None:
        """The party if the sender may act for it."""
        if party is None or (party.owner_id != self.sender.pk and party.mandate_id is None):
            return None
        return party

    def _reseller(self, sdr: InboundSdr, buyer: PartyNow | None) -> PartyNow | None:
        """The CSP under the seller's code, if it ever agreed to sell to the buyer."""
        party = self._may_act(self.buyers.get(normal_code(sdr.cso_id)))
        if party is None or buyer is None or (party.id, buyer.id) not in self.versions:
            return None
        return party

    def _contract_csp(self, sdr: InboundSdr, buyer: PartyNow | None) -> str | None:
        provider = self.buyers.get(_provider_of(sdr.contract_id)) if sdr.contract_id else None
        if provider is None or buyer is None:
            return None
        return buyer.code if provider.owner_id == buyer.owner_id else provider.code

    def _terms(
        self, seller: PartyNow | None, buyer: PartyNow | None, sdr: InboundSdr
    ) -> tuple[Terms | None, tuple[str, ...]]:
        """The version in force at session start in the record's currency, and all currencies."""
        if seller is None or buyer is None or sdr.started_at is None:
            return None, ()
        at_start = [
            terms
            for terms in self.versions.get((seller.id, buyer.id), ())
            if terms.starts_at <= sdr.started_at
            and (terms.ends_at is None or sdr.started_at < terms.ends_at)
        ]
        agreed = tuple(terms.currency for terms in at_start)
        # An unbilled record may leave its currency out: the one agreed is meant.
        fitting = [t for t in at_start if t.currency == sdr.currency or not sdr.currency]
        return (fitting[0] if fitting else None), agreed


def load_world(
    records: Sequence[InboundSdr],
    *,
    sender: Partner,
    environment: str,
    received_at: datetime,
    known_before: UUID | None = None,
    rule_set: RuleSet = IN_FORCE,
) -> World:
    """Look up every party and agreement that ``records`` name.

    ``known_before`` looks back: what was entered with this id or later does not count.
    """
    world = World(sender, environment, received_at)
    sellers = {code for sdr in records if (code := normal_code(sdr.cso_id))}
    buyers = {code for sdr in records if (code := normal_code(sdr.csp_id))}
    providers = {code for sdr in records if (code := _provider_of(sdr.contract_id))}
    at: dict[str, Any] = {"now": received_at, "known_before": known_before}
    whom: dict[str, Any] = {"environment": environment, "sender": sender}
    world.sellers = queries.parties_by_code(sellers, role="CSO", **whom, **at)
    named = buyers | providers | sellers  # a CSP may sell, to another CSP
    world.buyers = queries.parties_by_code(named, role="CSP", **whom, **at)
    selling = [
        *world.sellers.values(),
        *(world.buyers[code] for code in sellers if code in world.buyers),
    ]
    versions = queries.agreements_between(
        [party.id for party in selling],
        [party.id for party in world.buyers.values()],
    )
    if known_before is not None:
        versions = [
            version
            for version in versions
            if version.id < known_before and _in_force_by(version, received_at)
        ]
    owners = {party.id: party.owner_id for party in selling if party.owner_id}
    loaded = load_overrides(
        owners.values(),
        {version.number for version in versions},
        at=received_at,
        known_before=known_before,
    )
    for version in versions:
        key = (version.seller_id, version.buyer_id)
        overrides = rule_set.of(loaded, version, owner_id=owners.get(version.seller_id))
        world.versions.setdefault(key, []).append(terms_of(version, overrides))
    return world


def _in_force_by(version: RoamingAgreement, instant: datetime) -> bool:
    return version.in_force_at is not None and version.in_force_at <= instant


@lru_cache(maxsize=4096)
def normal_code(code: str) -> str:
    """The normal form "DE*NLX" of a party code, or "" where it is none."""
    if not code:
        return ""
    try:
        return parse_party_code(code).normal
    except MalformedPartyCode:
        return ""


@lru_cache(maxsize=65_536)
def _provider_of(contract_id: str) -> str:
    """The party code "DE*8AA" of an EMAID's provider, or "" where it is none."""
    try:
        return parse_contract_id(contract_id).party_code if contract_id else ""
    except MalformedContractId:
        return ""


def terms_of(version: RoamingAgreement, overrides: dict[str, Override]) -> Terms:
    """What rules need of an agreement version, whose group is at hand."""
    return Terms(
        agreement_id=str(version.pk),
        buyer_id=str(version.buyer_id),
        mode=version.mode,
        currency=version.currency,
        acceptance=version.acceptance,
        starts_at=version.starts_at,
        ends_at=version.ends_at,
        evse_registry=version.evse_registry,
        warn_after_days=version.warn_after_days,
        refuse_after_days=version.refuse_after_days,
        overrides=overrides,
        meter_key_registry=version.meter_key_registry,
        credential_registry=version.credential_registry,
        authorization_registry=version.authorization_registry,
        acceptance_days=version.acceptance_days,
        price_basis=version.price_basis,
        rating=version.rating,
        price_tolerances=version.price_tolerances,
        tariff_extras=version.tariff_extras,
        is_weekly=version.group.cycle == SettlementGroup.Cycle.WEEKLY,
        time_zone=version.group.time_zone,
    )
