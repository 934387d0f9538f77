"""Agreements and offers that concern a partner's own parties; nobody else's are found here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, When

from partners.models import (
    AgreementOffer,
    Partner,
    Party,
    PartyOwnership,
    RoamingAgreement,
    SettlementGroup,
)
from partners.queries import in_period

_ROAMS = (Party.Role.CSO, Party.Role.CSP)


def own_parties(partner: Partner, *, environment: str, now: datetime) -> list[Party]:
    """Those that may agree with others, in the order of their codes."""
    owned = PartyOwnership.objects.filter(in_period(now), partner=partner, party=OuterRef("pk"))
    parties = Party.objects.filter(Exists(owned), environment=environment, role__in=_ROAMS)
    return list(parties.order_by("country_code", "party_id", "role"))


def _owned(partner: Partner, environment: str, now: datetime) -> QuerySet:
    return PartyOwnership.objects.filter(
        in_period(now), partner=partner, party__environment=environment
    ).values("party")


def agreements_of(
    partner: Partner, *, environment: str, now: datetime
) -> QuerySet[RoamingAgreement]:
    """Every version ever in force of its parties, with ``sells``; drafts of staff are nobody's."""
    owned = _owned(partner, environment, now)
    return (
        RoamingAgreement.objects.filter(
            Q(seller__in=owned) | Q(buyer__in=owned), in_force_at__isnull=False
        )
        .annotate(sells=_is(seller__in=owned))
        .select_related("seller", "buyer", "group")
    )


def offers_of(partner: Partner, *, environment: str, now: datetime) -> QuerySet[AgreementOffer]:
    """Those that its parties made or got, with ``is_mine`` of the former."""
    owned = _owned(partner, environment, now)
    return (
        AgreementOffer.objects.filter(Q(maker__in=owned) | Q(taker__in=owned))
        .annotate(is_mine=_is(maker__in=owned))
        .select_related("maker", "taker", "group", "base")
    )


def _is(**condition: object) -> Case:
    return Case(When(Q(**condition), then=True), default=False, output_field=BooleanField())


def offers_to_answer(partner: Partner, *, environment: str, now: datetime) -> QuerySet:
    """Offers that wait for the partner, in one query."""
    owned = _owned(partner, environment, now)
    return AgreementOffer.objects.filter(
        taker__in=owned, state=AgreementOffer.State.OFFERED, expires_at__gt=now
    )


def groups_of(partner: Partner, *, environment: str, now: datetime) -> QuerySet[SettlementGroup]:
    """Settlement groups that the partner's contract joins, or in which it has agreements."""
    owned = PartyOwnership.objects.filter(in_period(now), partner=partner).values("party")
    used = RoamingAgreement.objects.filter(
        Q(seller__in=owned) | Q(buyer__in=owned), group=OuterRef("pk"), in_force_at__isnull=False
    )
    joined = partner.contracts.filter(in_period(now), groups=OuterRef("pk"))
    return SettlementGroup.objects.filter(
        Exists(used) | Exists(joined), environment=environment
    ).order_by("name")


class Pair(Protocol):
    """Who sells what to whom, in which currency; a version says it too."""

    @property
    def seller_id(self) -> UUID: ...
    @property
    def buyer_id(self) -> UUID: ...
    @property
    def service_class(self) -> str: ...
    @property
    def currency(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Sides:
    """A pair that may have no version yet."""

    seller_id: UUID
    buyer_id: UUID
    service_class: str
    currency: str


def newest_version(pair: Pair) -> RoamingAgreement | None:
    """The version of the pair that starts last, ended or not; a new one follows it."""
    return (
        RoamingAgreement.objects.filter(
            seller=pair.seller_id,
            buyer=pair.buyer_id,
            service_class=pair.service_class,
            currency=pair.currency,
            in_force_at__isnull=False,
        )
        .select_related("group", "seller", "buyer")
        .order_by("-starts_at", "-version")
        .first()
    )


def paying_version(seller_id: UUID, buyer_id: UUID) -> RoamingAgreement | None:
    """The newest version of the two of any service and currency, if it pays the clearing house.

    What the house earns from a pair is not ended by agreeing about another currency.
    """
    newest = (
        RoamingAgreement.objects.filter(seller=seller_id, buyer=buyer_id, in_force_at__isnull=False)
        .order_by("-starts_at", "-version")
        .first()
    )
    return newest if newest is not None and pays_the_house(newest) else None


def pays_the_house(version: RoamingAgreement) -> bool:
    """Whether the clearing house has a commission by it."""
    house = RoamingAgreement.Beneficiary.CLEARING_HOUSE
    return version.commission_beneficiary == house and version.commission_rate > 0


def party_named(code: str, *, role: str, environment: str, now: datetime) -> Party | None:
    """Who has the code now; a party that nobody owns cannot answer."""
    country, _, party_id = code.partition("*")
    owned = PartyOwnership.objects.filter(in_period(now), party=OuterRef("pk"))
    return Party.objects.filter(
        Exists(owned),
        country_code=country,
        party_id=party_id,
        role=role,
        environment=environment,
    ).first()
