"""What a driver wants of a running session: asked of the CSO at once, never queued."""

from partners.models import Party
from roaming.gateways import Route, gateway_of
from roaming.messages.sessions import ChargingPreference, PreferenceAnswer
from roaming.models import LocationEvse, ServiceSession
from roaming.services.endpoints import endpoint_of
from roaming.services.remote_routes import RemoteRefused, session_of
from roaming.services.session_facts import facts_of

CAPABILITY = "CHARGING_PREFERENCES_CAPABLE"
ANSWER_WITHIN_S = 10.0


def state(
    session_id: str,
    wanted: ChargingPreference,
    *,
    csp: Party,
    cso: Party | None = None,
    correlation_id: str = "",
) -> PreferenceAnswer:
    """Ask the session's CSO; an EVSE that cannot follow preferences is not asked.

    :raises RemoteRefused: UNKNOWN_SESSION, AMBIGUOUS, NOT_CAPABLE
    :raises NotReached: the CSO could not be asked
    """
    session = session_of(session_id, csp=csp, cso=cso)
    if not _may_follow(session):
        text = f"The EVSE of session {session_id} takes no charging preferences."
        raise RemoteRefused("NOT_CAPABLE", text)
    endpoint = endpoint_of(session.cso)
    path = Route(endpoint=endpoint, sender=csp, receiver=session.cso, correlation_id=correlation_id)
    return gateway_of(endpoint.protocol).prefer(
        path, facts_of(session).session_id, wanted, timeout_s=ANSWER_WITHIN_S
    )


def _may_follow(session: ServiceSession) -> bool:
    """Of an EVSE that we do not know, its CSO says."""
    evse = LocationEvse.objects.filter(
        cso=session.cso_id,
        evse_uid__iexact=session.evse_uid,
        location__location_id__iexact=session.location_id,
    ).first()
    return evse is None or CAPABILITY in evse.capabilities
