"""A partner's system connects, or leaves for good: how its parties stand is written and told."""

from datetime import datetime

from partners.models import RoamingEndpoint
from partners.services import endpoints
from roaming.services import presence


def arrive(endpoint: RoamingEndpoint, *, now: datetime) -> None:
    """Its parties can be reached from now on."""
    _stand(endpoint, now=now)


def arrive_natively(endpoint: RoamingEndpoint, *, now: datetime) -> bool:
    """A system of our own API needs no handshake: it is there once staff named its address.

    Whether it was planned and is connected now.
    """
    planned = RoamingEndpoint.objects.filter(
        pk=endpoint.pk, state=RoamingEndpoint.State.PLANNED, registered_at__isnull=True
    )
    if not endpoint.url or not planned.update(registered_at=now):
        return False
    endpoint.registered_at = now
    return presence.set_state(endpoint, RoamingEndpoint.State.CONNECTED, now)


def leave(endpoint: RoamingEndpoint, *, now: datetime) -> None:
    """Its tokens end; its parties stay listed as suspended, unless another system serves them."""
    endpoints.unregister(endpoint, now=now)
    _stand(endpoint, now=now)


def _stand(endpoint: RoamingEndpoint, *, now: datetime) -> None:
    parties = list(endpoint.parties.values_list("pk", flat=True))
    presence.reconcile(parties, now=now)
