"""How fast a session charges now, as its CSO says unasked: passed on to its CSP, not kept."""

from partners.models import Party
from roaming.gateways import Route, gateway_of
from roaming.messages.sessions import ChargingProfile
from roaming.services.endpoints import endpoint_of
from roaming.services.remote_routes import RemoteRefused
from roaming.services.session_facts import find


def pass_on(
    session_id: str, profile: ChargingProfile, *, cso: Party, correlation_id: str = ""
) -> None:
    """Tell the CSP of the CSO's own session; never queued, since the next one replaces it.

    :raises RemoteRefused: UNKNOWN_SESSION
    :raises NotReached: the CSP could not be told
    """
    session = find(session_id, cso=cso)
    if session is None or session.csp is None:
        raise RemoteRefused("UNKNOWN_SESSION", f"There is no session {session_id} of yours.")
    endpoint = endpoint_of(session.csp)
    path = Route(endpoint=endpoint, sender=cso, receiver=session.csp, correlation_id=correlation_id)
    gateway_of(endpoint.protocol).tell_profile(path, session_id, profile)
