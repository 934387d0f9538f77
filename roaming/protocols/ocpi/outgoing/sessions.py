"""Sessions to their CSPs, and what a CSP's driver wants to the session's CSO."""

from uuid import UUID

from partners.models import Party
from roaming.gateways import NotReached, Route
from roaming.messages.sessions import ChargingPreference, PreferenceAnswer
from roaming.models import ObjectPush, ServiceSession
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.outgoing.calling import Request, send
from roaming.protocols.ocpi.session_documents import session_tree
from roaming.protocols.ocpi.trees import times
from roaming.services.session_facts import facts_of

PUSHED_WITHIN_S = 5.0
_ANSWER_OF: dict[str, PreferenceAnswer] = {
    "ACCEPTED": "ACCEPTED",
    "DEPARTURE_REQUIRED": "DEPARTURE_REQUIRED",
    "ENERGY_NEED_REQUIRED": "ENERGY_REQUIRED",
    "NOT_POSSIBLE": "NOT_POSSIBLE",
    "PROFILE_TYPE_NOT_SUPPORTED": "GOAL_NOT_SUPPORTED",
}


def push(route: Route, session_id: UUID) -> None:
    """PUT the session as it stands now: a repeat, and one in place of several, do no harm."""
    session = ServiceSession.objects.select_related("cso", "csp").get(pk=session_id)
    facts = facts_of(session)
    endpoint = route.endpoint
    try:
        tree = session_tree(session, facts, endpoint.protocol_version)
    except objects.Untranslatable as error:
        raise NotReached("UNABLE", f"its version has no words for it: {error}") from error
    owner: Party = session.cso
    send(
        Route(
            endpoint=endpoint,
            sender=owner,
            receiver=session.csp,
            correlation_id=route.correlation_id,
        ),
        Request(
            "PUT",
            "sessions",
            "RECEIVER",
            path=(owner.country_code, owner.party_id, facts.session_id),
            body=tree,
            private=names_of(tree),
            subject=(ObjectPush.Kind.SESSION, session.pk),
            timeout_s=PUSHED_WITHIN_S,
        ),
    )


def prefer(
    route: Route, session_id: str, wanted: ChargingPreference, *, timeout_s: float
) -> PreferenceAnswer:
    """PUT what the driver wants; the CSO says at once whether it can be."""
    if route.endpoint.protocol_version == "2.1.1":
        raise NotReached("UNABLE", "OCPI 2.1.1 knows no charging preferences")
    told = {
        "profile_type": wanted.goal,
        "departure_time": times.written(wanted.departs_at) if wanted.departs_at else None,
        "energy_need": wanted.energy_kwh,
        "discharge_allowed": wanted.may_discharge,
    }
    heard = send(
        route,
        Request(
            "PUT",
            "sessions",
            "SENDER",
            path=(session_id, "charging_preferences"),
            body={name: value for name, value in told.items() if value is not None},
            timeout_s=timeout_s,
        ),
    )
    word = _ANSWER_OF.get(str(heard.data))
    if word is None:
        raise NotReached("BROKEN", f"it answered {str(heard.data)[:100]} to preferences")
    return word


def names_of(tree: dict) -> tuple[str, ...]:
    """What in an object names a driver, for the record of the call."""
    token = tree.get("cdr_token") or tree.get("token") or {}
    named = (token.get("uid"), token.get("contract_id"), token.get("auth_id"), tree.get("auth_id"))
    return tuple(str(one) for one in named if one)
