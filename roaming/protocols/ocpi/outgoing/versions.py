"""See whether a partner's system answers at all."""

from partners.models import RoamingEndpoint
from roaming.gateways import Route
from roaming.protocols.ocpi.outgoing.calling import Request, send

_TIMEOUT_S = 5.0


def ping(endpoint: RoamingEndpoint) -> None:
    """GET its versions.

    :raises NotReached: it does not
    """
    send(
        Route(endpoint=endpoint, sender=None, receiver=None),
        Request(
            verb="GET",
            url=endpoint.versions_url,
            module="versions",
            is_routed=False,
            timeout_s=_TIMEOUT_S,
        ),
    )
