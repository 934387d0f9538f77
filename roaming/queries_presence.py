"""Which parties a partner's system may reach, and how each stands."""

from datetime import datetime

from django.db.models import Q, QuerySet

from partners.models import Party, PartyPresence, RoamingAgreement, RoamingEndpoint
from partners.queries import in_period


def agreed_parties(endpoint: RoamingEndpoint, *, now: datetime) -> QuerySet[Party]:
    """Parties that one of the endpoint's parties has an agreement with, whatever its mode."""
    own = endpoint.parties.values("pk")
    return Party.objects.filter(
        Q(pk__in=_agreements(now).filter(seller__in=own).values("buyer"))
        | Q(pk__in=_agreements(now).filter(buyer__in=own).values("seller")),
        environment=endpoint.environment,
    ).exclude(pk__in=own)


def reachable_parties(endpoint: RoamingEndpoint, *, now: datetime) -> QuerySet[Party]:
    """Those of them that are connected now, in the order of their codes."""
    connected = agreed_parties(endpoint, now=now).filter(
        presence__state=RoamingEndpoint.State.CONNECTED
    )
    return connected.order_by("country_code", "party_id", "role")


def presences(endpoint: RoamingEndpoint, *, now: datetime) -> QuerySet[PartyPresence]:
    """How the parties stand that the endpoint's parties have an agreement with."""
    return PartyPresence.objects.filter(party__in=agreed_parties(endpoint, now=now)).select_related(
        "party"
    )


def _agreements(now: datetime) -> QuerySet[RoamingAgreement]:
    return RoamingAgreement.objects.filter(in_period(now), in_force_at__isnull=False)
