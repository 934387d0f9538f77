"""Over which of its connections a party is reached."""

from partners.models import Party, RoamingEndpoint
from roaming.gateways import NotReached

_State = RoamingEndpoint.State


def endpoint_of(party: Party) -> RoamingEndpoint:
    """The party's newest connection that is up.

    :raises NotReached: AWAY, it has none
    """
    endpoint = (
        RoamingEndpoint.objects.filter(
            parties=party,
            environment=party.environment,
            state=_State.CONNECTED,
            registered_at__isnull=False,
        )
        .order_by("-registered_at")
        .first()
    )
    if endpoint is None:
        raise NotReached("AWAY", f"{party.code} is not connected.")
    return endpoint
