"""Questions about who: which parties, who owns and who may act for them, what was agreed."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, OuterRef, Q, Subquery

from partners.models import (
    BankDetailChange,
    Mandate,
    Partner,
    PartnerFacts,
    PartnerState,
    Party,
    PartyOwnership,
    RoamingAgreement,
)
from partners.rules.life import Stand, standing


@dataclass(frozen=True, slots=True)
class PartyNow:
    """A party as intake needs it: its id, how its owner stands, and who may send for it.

    ``owner_state`` is a key of ``rules.life.EFFECTS``; ``service_ends_at`` of an owner that leaves.
    """

    id: UUID
    code: str
    owner_id: UUID | None
    owner_state: str
    mandate_id: UUID | None
    service_ends_at: datetime | None = None


def in_period(now: datetime) -> Q:
    """Rows with [starts_at, ends_at) around ``now``; an empty end is open."""
    return Q(starts_at__lte=now) & (Q(ends_at__isnull=True) | Q(ends_at__gt=now))


def state_of_partner(partner_ref: str, *, now: datetime, known: Q | None = None) -> Subquery:
    """The partner's state at ``now`` as a subquery over ``partner_ref``."""
    newest = PartnerState.objects.filter(
        known or Q(), partner=OuterRef(partner_ref), starts_at__lte=now
    )
    return Subquery(newest.order_by("-starts_at").values("state")[:1])


def service_end_of_partner(partner_ref: str, *, now: datetime, known: Q | None = None) -> Subquery:
    """When the service of a partner ends that leaves or left, as of ``now``; else null."""
    newest = PartnerState.objects.filter(
        known or Q(), partner=OuterRef(partner_ref), starts_at__lte=now
    )
    return Subquery(newest.order_by("-starts_at").values("service_ends_at")[:1])


def current_state(partner: Partner, *, now: datetime) -> str:
    """The partner's state at ``now``; "" before it has one."""
    return current_stand(partner, now=now).state


def current_stand(partner: Partner, *, now: datetime) -> Stand:
    """The step in the partner's life that holds at ``now``; before the first one an empty one."""
    begun = PartnerState.objects.filter(partner=partner, starts_at__lte=now)
    row = begun.order_by("-starts_at").first()
    if row is None:
        return Stand()
    return Stand(state=row.state, starts_at=row.starts_at, service_ends_at=row.service_ends_at)


def current_standing(partner: Partner, *, now: datetime, environment: str = "LIVE") -> str:
    """How the partner stands at ``now``: a key of ``rules.life.EFFECTS``."""
    stand = current_stand(partner, now=now)
    return standing(
        stand.state, service_ends_at=stand.service_ends_at, at=now, environment=environment
    )


def partners_standing(
    partners: Iterable[UUID],
    standings: Collection[str],
    *,
    now: datetime,
    environment: str = "LIVE",
) -> set[UUID]:
    """Those of ``partners`` that stand as one of ``standings`` says; one query."""
    rows = (
        PartnerState.objects.filter(partner__in=list(partners), starts_at__lte=now)
        .order_by("partner", "-starts_at")
        .distinct("partner")
        .values_list("partner", "state", "service_ends_at")
    )
    return {
        partner
        for partner, state, ends_at in rows
        if standing(state, service_ends_at=ends_at, at=now, environment=environment) in standings
    }


def parties_by_code(
    codes: Iterable[str],
    *,
    role: str,
    environment: str,
    sender: Partner,
    now: datetime,
    known_before: UUID | None = None,
) -> dict[str, PartyNow]:
    """Parties of one role under their code "DE*NLX", with the sender's mandate if it has one.

    ``known_before``: what was entered with this id or later does not count (a look back).
    """
    wanted = Q(pk__in=[])
    for code in codes:
        country, _, party_id = code.partition("*")
        wanted |= Q(country_code=country, party_id=party_id)
    known = Q() if known_before is None else Q(id__lt=known_before)
    owned = PartyOwnership.objects.filter(in_period(now), known, party=OuterRef("pk"))
    parties = (
        Party.objects.filter(wanted, known, role=role, environment=environment)
        .annotate(owner_id=Subquery(owned.values("partner")[:1]))
        .annotate(
            owner_state=state_of_partner("owner_id", now=now, known=known),
            service_ends_at=service_end_of_partner("owner_id", now=now, known=known),
        )
    )
    mandates = _mandates_to_send(sender, now=now, known=known)
    return {
        party.code: PartyNow(
            id=party.id,
            code=party.code,
            owner_id=party.owner_id,
            owner_state=standing(
                party.owner_state or "",
                service_ends_at=party.service_ends_at,
                at=now,
                environment=environment,
            ),
            mandate_id=mandates.get((party.id, party.owner_id)),
            service_ends_at=party.service_ends_at,
        )
        for party in parties
    }


def _mandates_to_send(sender: Partner, *, now: datetime, known: Q) -> dict[tuple[UUID, UUID], UUID]:
    """Mandates to submit records, by party and by the owner that gave them."""
    rows = Mandate.objects.filter(
        in_period(now), known, agent=sender, verbs__contains=[Mandate.Verb.SUBMIT_SDR]
    ).values_list("parties", "grantor", "id")
    return {(party, grantor): mandate for party, grantor, mandate in rows}


def agreements_between(
    seller_ids: Iterable[UUID], buyer_ids: Iterable[UUID], *, service_class: str = "CHARGING"
) -> list[RoamingAgreement]:
    """All versions ever in force between the given sides, newest first."""
    return list(
        RoamingAgreement.objects.filter(
            seller__in=list(seller_ids),
            buyer__in=list(buyer_ids),
            service_class=service_class,
            in_force_at__isnull=False,
        )
        .select_related("group")
        .order_by("-starts_at", "-version")
    )


def facts_of(partner: Partner, *, now: datetime) -> PartnerFacts | None:
    """Legal name, address and numbers that hold at ``now``."""
    return PartnerFacts.objects.filter(in_period(now), partner=partner).first()


def clearing_house() -> Partner:
    """The house's own partner row, made by the first migration."""
    return Partner.objects.get(is_clearing_house=True)


def current_owner(party: Party, *, at: datetime) -> Partner | None:
    owned = PartyOwnership.objects.filter(in_period(at), party=party).select_related("partner")
    ownership = owned.order_by(F("starts_at").desc()).first()
    return ownership.partner if ownership else None


def owner_standings(parties: Iterable[Party], *, now: datetime) -> dict[UUID, str]:
    """How the owner of each party stands at ``now``; a party that nobody owns is left out."""
    owned = (
        PartyOwnership.objects.filter(in_period(now), party__in=list(parties))
        .annotate(
            state=state_of_partner("partner_id", now=now),
            service_ends_at=service_end_of_partner("partner_id", now=now),
        )
        .values_list("party_id", "state", "service_ends_at", "party__environment")
    )
    return {
        party: standing(state or "", service_ends_at=ends_at, at=now, environment=environment)
        for party, state, ends_at, environment in owned
    }


def owned_parties(partners: Iterable[UUID], *, at: datetime) -> dict[tuple[UUID, str], list[UUID]]:
    """The parties that each partner owns at an instant, by partner and environment, by id."""
    owned = PartyOwnership.objects.filter(in_period(at), partner__in=list(partners))
    found: dict[tuple[UUID, str], list[UUID]] = defaultdict(list)
    for row in owned.select_related("party").order_by("party_id"):
        found[row.partner_id, row.party.environment].append(row.party_id)
    return found


def accounts_being_changed(partners: Iterable[UUID], *, currency: str) -> set[UUID]:
    """Which of the partners have an unfinished change of bank details: they are not paid out."""
    ended = ["EFFECTIVE", "REFUSED", "WITHDRAWN"]
    open_ones = BankDetailChange.objects.filter(partner__in=list(partners), currency=currency)
    return set(open_ones.exclude(state__in=ended).values_list("partner", flat=True))
