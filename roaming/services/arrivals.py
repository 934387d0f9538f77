"""A partner's system connects, or leaves for good: how its parties stand is written down."""

from datetime import datetime

from partners.models import PartyPresence, RoamingEndpoint
from partners.services import endpoints


def arrive(endpoint: RoamingEndpoint, *, now: datetime) -> None:
    """Its parties can be reached from now on."""
    _stand(endpoint, RoamingEndpoint.State.CONNECTED, now=now)


def leave(endpoint: RoamingEndpoint, *, now: datetime) -> None:
    """Its tokens end; its parties stay listed as suspended."""
    endpoints.unregister(endpoint, now=now)
    _stand(endpoint, RoamingEndpoint.State.SUSPENDED, now=now)


def _stand(endpoint: RoamingEndpoint, state: str, *, now: datetime) -> None:
    PartyPresence.objects.bulk_create(
        [
            PartyPresence(party=party, state=state, changed_at=now)
            for party in endpoint.parties.all()
        ],
        update_conflicts=True,
        update_fields=["state", "changed_at"],
        unique_fields=["party"],
    )
