"""Which locations and tariffs a party may see, and which systems are told of them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from partners.models import Party, RoamingAgreement, RoamingEndpoint
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


def endpoints_to_tell(
    cso: Party, *, module: str, now: datetime, buyers: Collection[UUID] | None = None
) -> list[RoamingEndpoint]:
    """Connected systems that take ``module`` and serve a buyer of the CSO.

    ``buyers``: for these alone. Who is away is not queued for: it reads what changed when it is
    back.
    """
    agreed = agreements_in_force(now).filter(seller=cso)
    if buyers is not None:
        agreed = agreed.filter(buyer__in=list(buyers))
    serving = RoamingEndpoint.parties.through.objects.filter(party__in=agreed.values("buyer"))
    return list(
        RoamingEndpoint.objects.filter(
            pk__in=serving.values("roamingendpoint"),
            environment=cso.environment,
            state=RoamingEndpoint.State.CONNECTED,
            registered_at__isnull=False,
            interfaces__module=module,
            interfaces__side="RECEIVER",
        ).order_by("id")
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
