"""Which locations and tariffs a party may see, and which systems are told of them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from partners.models import Party, RoamingAgreement, RoamingEndpoint
from partners.queries import in_period
from roaming.models import Location


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


def endpoints_to_tell(cso: Party, *, module: str, now: datetime) -> list[RoamingEndpoint]:
    """Connected systems that take ``module`` and serve a buyer of the CSO; never its own.

    Who is away is not queued for: it reads what changed when it is back.
    """
    buyers = agreements_in_force(now).filter(seller=cso).values("buyer")
    serving = RoamingEndpoint.parties.through.objects.filter(party__in=buyers)
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
