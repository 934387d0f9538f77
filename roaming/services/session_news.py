"""Tell a session's CSP how it stands: at once where it is connected, else as soon as it is back.

Of several changes while the CSP is away the newest state alone is sent.
"""

from datetime import datetime

from django.db.models import F

from partners.models import RoamingEndpoint
from roaming.gateways import NotReached, Route, gateway_of
from roaming.models import ObjectPush, ServiceSession
from roaming.services import pushes

_State = RoamingEndpoint.State


def tell(session: ServiceSession, *, correlation_id: str = "", now: datetime) -> None:
    """Pass the session on to its CSP; where that fails its newest state is owed.

    Never in a transaction.

    :raises NotReached: REFUSED: the CSP will not have it, and its CSO should hear why
    """
    if session.csp_id is None:
        return
    endpoints = RoamingEndpoint.objects.filter(
        parties=session.csp_id, environment=session.environment, registered_at__isnull=False
    ).exclude(state=_State.SUSPENDED)
    for endpoint in endpoints:
        if endpoint.state == _State.CONNECTED and not _is_owed(endpoint, session):
            path = Route(
                endpoint=endpoint,
                sender=session.cso,
                receiver=session.csp,
                correlation_id=correlation_id,
            )
            try:
                gateway_of(endpoint.protocol).push(
                    path, kind=ObjectPush.Kind.SESSION, subject_id=session.pk
                )
                continue
            except NotReached as failure:
                if failure.kind == "REFUSED":
                    raise
                if failure.kind == "UNABLE":
                    continue
        pushes.want(ObjectPush.Kind.SESSION, session.pk, [endpoint], now=now)


def _is_owed(endpoint: RoamingEndpoint, session: ServiceSession) -> bool:
    """An older state is still on its way: this one goes after it, not before it."""
    owed = ObjectPush.objects.filter(
        endpoint=endpoint,
        kind=ObjectPush.Kind.SESSION,
        subject_id=session.pk,
        given_up_at__isnull=True,
        sent_generation__lt=F("generation"),
    )
    return owed.exists()
