"""Over which of its connections a party is reached."""

from collections.abc import Iterable

from partners.models import Party, RoamingEndpoint
from roaming.gateways import NotReached


def endpoint_of(party: Party) -> RoamingEndpoint:
    """The party's newest connection that is up.

    :raises NotReached: AWAY, it has none
    """
    endpoint = newest_connection(party)
    if endpoint is None:
        raise NotReached("AWAY", f"{party.code} is not connected.")
    return endpoint


def newest_connection(party: Party, *, protocols: Iterable[str] = ()) -> RoamingEndpoint | None:
    """The one that registered last, where a party is connected twice; of ``protocols`` if given."""
    connected = RoamingEndpoint.objects.filter(
        parties=party,
        environment=party.environment,
        state=RoamingEndpoint.State.CONNECTED,
        registered_at__isnull=False,
    )
    if protocols:
        connected = connected.filter(protocol__in=protocols)
    return connected.order_by("-registered_at", "pk").first()
