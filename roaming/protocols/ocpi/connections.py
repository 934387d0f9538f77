"""Which connection a request comes over: its token, its approved parties.

OCPI authenticates systems, not parties; whom a system may speak for is what staff approved, never
what it says of itself.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.http import HttpRequest

from clearinghouse.statements import run_bound
from partners.models import EndpointToken, Party, RoamingEndpoint
from partners.services.endpoints import checksum
from roaming.protocols.ocpi.faults import CLIENT_ERROR, Fault, NotAuthorized
from roaming.protocols.ocpi.identity import PROTOCOL
from roaming.services import presence

# A new token was shown for the first time: the old one is good for answers still under way.
GRACE = timedelta(minutes=10)
_SQL = Path(__file__).parent / "sql"
_CAPABILITIES, _QUIRKS = 8, 13
_Model = TypeVar("_Model", bound=Model)


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
    opened = _opened(shown, now=now) if shown else {}
    for text in shown:
        if (found := opened.get(checksum(text))) is not None:
            break
    else:
        raise NotAuthorized()
    token, parties = found
    if token.endpoint.state == RoamingEndpoint.State.SUSPENDED:
        raise Fault(CLIENT_ERROR, "This connection is suspended: ask our staff.", http=403)
    _note_use(token, now=now)
    presence.heard_from(token.endpoint, now)
    return Connection(
        endpoint=token.endpoint,
        token=token,
        shown=text,
        parties=parties,
    )


def _opened(
    shown: Iterable[str], *, now: datetime
) -> dict[str, tuple[EndpointToken, tuple[Party, ...]]]:
    """Tokens in use with their parties, by checksum: each request asks, so in one statement."""
    parameters = {"checksums": [checksum(one) for one in shown], "protocol": PROTOCOL, "now": now}
    found = {}
    for row in run_bound(_SQL / "connection_of_token.sql", parameters, is_prepared=True):
        of_token, of_endpoint, parties = row[:7], list(row[7:21]), row[21]
        of_endpoint[_CAPABILITIES] = json.loads(of_endpoint[_CAPABILITIES])
        of_endpoint[_QUIRKS] = json.loads(of_endpoint[_QUIRKS])
        token = _made(EndpointToken, of_token)
        token.endpoint = _made(RoamingEndpoint, of_endpoint)
        found[token.token_sha256] = (
            token,
            tuple(
                _made(Party, [UUID(values[0]), *values[1:]])
                for values in json.loads(parties or "[]")
            ),
        )
    return found


def _made(model: type[_Model], values: Sequence[Any]) -> _Model:
    """As it is stored; the statement names the columns in the order of the model."""
    return model.from_db(DEFAULT_DB_ALIAS, _columns(model), values)


@cache
def _columns(model: type[Model]) -> list[str]:
    return [one.attname for one in model._meta.concrete_fields]


def _shown(header: str) -> Iterator[str]:
    """The token as it stands, then as Base64 (2.2 and later); some add a line's end to it."""
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "token" or not token:
        return
    yield token
    try:
        decoded = base64.b64decode(token, validate=True).decode().rstrip("\r\n")
    except (binascii.Error, ValueError):  # not Base64, not ASCII, not UTF-8 in it
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
