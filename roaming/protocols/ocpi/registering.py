"""We register at a partner's system, with the token that it gave us (OCPI 2.2.1 §7.1.1)."""

from datetime import datetime
from typing import Any

from partners.models import RoamingEndpoint
from roaming.gateways import NotReached
from roaming.messages.registrations import Registration
from roaming.protocols.ocpi import handshake, own_credentials
from roaming.protocols.ocpi.faults import Fault
from roaming.protocols.ocpi.identity import VERSIONS


def register(endpoint: RoamingEndpoint, wanted: Registration, *, now: datetime) -> None:
    """Shake hands in the version that was chosen.

    :raises NotReached: ``UNABLE`` we do not speak that version, ``REFUSED`` with OCPI's status
        code, 3002 or 3003 where its system cannot be used as it is; else as calls raise it
    """
    if wanted.version not in VERSIONS:
        raise NotReached("UNABLE", f"we speak OCPI {', '.join(VERSIONS)}")

    def own(token: str) -> dict[str, Any]:
        return own_credentials.credentials(
            endpoint, token=token, version=wanted.version, versions_url=wanted.own_url, now=now
        )

    # Which form of token its system is shown depends on the version that is spoken from now on.
    endpoint.protocol_version = wanted.version
    try:
        handshake.connect(
            endpoint,
            versions_url=wanted.versions_url,
            registration_token=wanted.token,
            own=own,
            version=wanted.version,
            now=now,
        )
    except Fault as fault:
        # That it could not be asked at all is told as such.
        cause = fault.__cause__
        kind = cause.kind if isinstance(cause, NotReached) else "REFUSED"
        raise NotReached(kind, fault.message, status_code=fault.status_code) from fault
