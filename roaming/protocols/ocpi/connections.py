"""Which connection a request comes over: its token, its approved parties.

OCPI authenticates systems, not parties; whom a system may speak for is what staff approved, never
what it says of itself.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.http import HttpRequest

from partners.models import EndpointToken, Party, RoamingEndpoint
from partners.services.endpoints import checksum
from roaming.protocols.ocpi.faults import CLIENT_ERROR, Fault, NotAuthorized
from roaming.protocols.ocpi.identity import PROTOCOL
from roaming.services import presence

# A new token was shown for the first time: the old one is good for answers still under way.
GRACE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Connection:
    """One partner's system in one environment, as it showed itself."""

    endpoint: RoamingEndpoint
    token: EndpointToken
    shown: str
    parties: tuple[Party, ...]

    @property
    def is_registering(self) -> bool:
        return self.token.purpose == EndpointToken.Purpose.REGISTRATION


def connection_of(request: HttpRequest, *, now: datetime) -> Connection:
    """The connection that the request's token belongs to.

    :raises NotAuthorized: none was shown, or none that is in use
    :raises Fault: the connection was suspended
    """
    shown = list(_shown(request.headers.get("Authorization", "")))
    tokens = {
        token.token_sha256: token
        for token in EndpointToken.objects.select_related("endpoint").filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=now),
            token_sha256__in=map(checksum, shown),
            endpoint__protocol=PROTOCOL,
        )
    }
    for text in shown:
        if (token := tokens.get(checksum(text))) is not None:
            break
    else:
        raise NotAuthorized()
    if token.endpoint.state == RoamingEndpoint.State.SUSPENDED:
        raise Fault(CLIENT_ERROR, "This connection is suspended: ask our staff.", http=403)
    _note_use(token, now=now)
    presence.heard_from(token.endpoint, now)
    return Connection(
        endpoint=token.endpoint,
        token=token,
        shown=text,
        parties=tuple(token.endpoint.parties.order_by("country_code", "party_id", "role")),
    )


def _shown(header: str) -> Iterator[str]:
    """The token as it stands, then as Base64 (2.2 and later); some add a line's end to it."""
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "token" or not token:
        return
    yield token
    try:
        decoded = base64.b64decode(token, validate=True).decode().rstrip("\r\n")
    except (binascii.Error, UnicodeDecodeError):
        return
    if decoded:
        yield decoded


def _note_use(token: EndpointToken, *, now: datetime) -> None:
    """The first use of a new token ends the ones before it, after a grace: no lock-out."""
    if token.first_used_at is not None or token.purpose != EndpointToken.Purpose.ACTIVE:
        return
    first = EndpointToken.objects.filter(pk=token.pk, first_used_at__isnull=True)
    if first.update(first_used_at=now):
        EndpointToken.objects.filter(
            endpoint=token.endpoint_id,
            purpose=EndpointToken.Purpose.ACTIVE,
            created_at__lt=token.created_at,
            ends_at__isnull=True,
        ).update(ends_at=now + GRACE)
