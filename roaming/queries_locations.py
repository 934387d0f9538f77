"""Which locations and tariffs a party may see."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from partners.models import RoamingAgreement
from partners.queries import in_period
from roaming.models import Location, Tariff, TariffAudience


def agreements_in_force(now: datetime) -> QuerySet[RoamingAgreement]:
    """Whatever their mode: a DIRECT pair roams too, it only does not clear here."""
    return RoamingAgreement.objects.filter(in_period(now), in_force_at__lte=now)


def sellers_agreed_with(buyers: Collection[UUID], *, now: datetime) -> set[UUID]:
    """The parties that have an agreement in force with any of ``buyers``."""
    rows = agreements_in_force(now).filter(buyer__in=list(buyers))
    return set(rows.values_list("seller", flat=True))


def visible_locations(
    parties: Collection[UUID], *, environment: str, now: datetime
) -> QuerySet[Location]:
    """Own locations always; others' if they are published and an agreement is in force.

    In the order of receipt; one query here, for the sellers.
    """
    own = Q(cso__in=list(parties))
    others = Q(cso__in=sellers_agreed_with(parties, now=now), is_published=True)
    return (
        Location.objects.filter(own | others, environment=environment)
        .select_related("cso")
        .order_by("id")
    )


def offered_tariffs(
    parties: Collection[UUID], *, environment: str, now: datetime
) -> QuerySet[Tariff]:
    """What is offered: own tariffs, and those of sellers agreed with that are for one of them.

    In the order of receipt.
    """
    sellers = sellers_agreed_with(parties, now=now)
    return (
        Tariff.objects.filter(
            Q(seller__in=list(parties)) | Q(seller__in=sellers) & is_for(parties),
            environment=environment,
            withdrawn_at__isnull=True,
        )
        .select_related("seller")
        .order_by("id")
    )


def is_for(parties: Collection[UUID]) -> Q:
    """Tariffs for everyone, or for one of ``parties``."""
    audience = TariffAudience.objects.filter(tariff=OuterRef("pk"))
    return ~Exists(audience) | Exists(audience.filter(buyer__in=list(parties)))
