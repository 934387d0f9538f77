"""The handshake: what a partner's system offers, and which tokens are shown from now on.

Its versions and details are fetched with the token it gave before anything is stored, so a failed
handshake leaves everything as it was.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from partners.models import EndpointInterface, EndpointToken, RoamingEndpoint
from partners.services import endpoints
from partners.services.endpoints import Offered, Overtaken, Terms
from roaming.gateways import NotReached, Route
from roaming.protocols.ocpi import faults
from roaming.protocols.ocpi.faults import Fault
from roaming.protocols.ocpi.outgoing.calling import Request, send
from roaming.services import arrivals

_SIDES = set(EndpointInterface.Side.values)
_LONGEST_URL = 255
# All modules of all versions from both sides are fewer; a partner's list may be of any length.
_MOST_OFFERED = 200


@dataclass(frozen=True, slots=True)
class Told:
    """The credentials object that a partner's system sent, as far as we use it."""

    secret: str
    versions_url: str


def read_credentials(tree: Any) -> Told:
    """:raises Fault: 2001, a field is missing or is none"""
    if not isinstance(tree, dict):
        raise Fault(faults.INVALID, "Send a credentials object.")
    secret, url = tree.get("token"), tree.get("url")
    if not isinstance(secret, str) or not _is_secret(secret):
        raise Fault(faults.INVALID, "token: 1 to 64 printable characters of ASCII.")
    if not isinstance(url, str) or len(url) > _LONGEST_URL or not may_call(url):
        raise Fault(faults.INVALID, "url: the absolute address of your versions endpoint.")
    return Told(secret.strip(), url)


def _is_secret(text: str) -> bool:
    """It travels in a header. Blanks alone would be none, and show the one agreed before."""
    is_header = text.isascii() and text.isprintable()
    return is_header and 1 <= len(text) <= 64 and bool(text.strip())


def explore(endpoint: RoamingEndpoint, told: Told, *, version: str, correlation_id: str) -> Terms:
    """Fetch what the partner's system offers in ``version``.

    :raises Fault: 3001 it cannot be used, 3002 it lacks the version, 3003 modules are missing
    """
    listed = _fetch(endpoint, told.versions_url, told.secret, correlation_id)
    details_url = next((one.get("url") for one in _dicts(listed) if _is(one, version)), None)
    if not isinstance(details_url, str) or not may_call(details_url):
        raise Fault(
            faults.UNSUPPORTED_VERSION, f"{told.versions_url} does not list version {version}."
        )
    details = _fetch(endpoint, details_url, told.secret, correlation_id)
    interfaces = offered_in(details, version=version)
    missing = _missing(endpoint, interfaces)
    if missing:
        raise Fault(faults.NO_ENDPOINTS, f"{details_url} lacks {', '.join(missing)}.")
    return Terms(
        secret=told.secret,
        versions_url=told.versions_url,
        version=version,
        interfaces=tuple(interfaces),
    )


def offered_in(details: Any, *, version: str) -> list[Offered]:
    """The modules that version details list; what makes no sense among them is left out."""
    listed = details.get("endpoints") if isinstance(details, dict) else None
    found = {
        (one.module, one.side): one
        for entry in _dicts(listed)
        for one in _offered(entry, version=version)
    }
    return list(found.values())[:_MOST_OFFERED]


def _offered(entry: dict[str, Any], *, version: str) -> list[Offered]:
    module, url = entry.get("identifier"), entry.get("url")
    if not isinstance(module, str) or not isinstance(url, str) or len(url) > _LONGEST_URL:
        return []
    if not may_call(url):
        return []
    side = str(entry.get("role", "")).upper()
    if version != "2.1.1":
        return [Offered(module[:60], side, url)] if side in _SIDES else []
    # The one URL serves to be pulled and to be pushed to, whichever its party does.
    return [Offered(module[:60], one, url) for one in sorted(_SIDES)]


def renew(endpoint: RoamingEndpoint, terms: Terms, *, shown: EndpointToken, now: datetime) -> str:
    """Store what was agreed; the token that the partner's system shows from now on.

    :raises Fault: the connection was suspended, or the token ``shown`` ended, in the meantime
    """
    try:
        return endpoints.register(endpoint, terms, shown=shown, now=now)
    except Overtaken as late:
        raise Fault(faults.CLIENT_ERROR, str(late), http=403) from late


def connect(
    endpoint: RoamingEndpoint,
    *,
    versions_url: str,
    registration_token: str,
    own: Any,
    version: str,
    now: datetime,
) -> RoamingEndpoint:
    """Register at a partner's system with the token it gave us: we are the one who asks.

    ``own(token)`` makes our credentials object. The token that we offer is in use from the answer
    on; where no answer comes, it ends.

    :raises Fault: as ``explore``
    :raises NotReached: its system refused the registration
    """
    terms = explore(
        endpoint, Told(registration_token, versions_url), version=version, correlation_id=""
    )
    url = next((one.url for one in terms.interfaces if one.module == "credentials"), None)
    if url is None:
        raise Fault(faults.NO_ENDPOINTS, "Its version details list no credentials.")
    token = endpoints.issue_active_token(endpoint, now=now)
    try:
        told = _offer(endpoint, url, own(token), secret=registration_token)
    except (Fault, NotReached):
        endpoints.withdraw_token(token, now=now)
        raise
    settled = Terms(
        secret=told.secret,
        versions_url=told.versions_url,
        version=version,
        interfaces=terms.interfaces,
    )
    try:
        endpoints.settle(endpoint, settled, now=now)
    except Overtaken as late:
        endpoints.withdraw_token(token, now=now)
        raise Fault(faults.CLIENT_ERROR, str(late)) from late
    arrivals.arrive(endpoint, now=now)
    endpoint.refresh_from_db()
    return endpoint


def _offer(endpoint: RoamingEndpoint, url: str, own: Any, *, secret: str) -> Told:
    """Our credentials for its own."""
    request = Request(
        verb="POST", url=url, module="credentials", body=own, is_routed=False, secret=secret
    )
    return read_credentials(send(_route(endpoint), request).data)


def _missing(endpoint: RoamingEndpoint, interfaces: list[Offered]) -> list[str]:
    """What staff said this partner's system must offer: ``quirks["requires"]``."""
    there = {f"{one.module} {one.side}" for one in interfaces}
    wanted = endpoint.quirks.get("requires", [])
    return [one for one in wanted if one not in there]


def _fetch(endpoint: RoamingEndpoint, url: str, secret: str, correlation_id: str) -> Any:
    request = Request(verb="GET", url=url, module="versions", is_routed=False, secret=secret)
    try:
        return send(_route(endpoint, correlation_id), request).data
    except NotReached as error:
        raise Fault(faults.CANNOT_USE_API, f"{url}: {error}") from error


def _route(endpoint: RoamingEndpoint, correlation_id: str = "") -> Route:
    """Between our system and its: no party is meant."""
    return Route(endpoint=endpoint, sender=None, receiver=None, correlation_id=correlation_id)


def may_call(url: str) -> bool:
    """Is it an absolute http address at all? Where it may lead is the guard's to say."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as half a bracket of an IPv6 address
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _dicts(listed: Any) -> list[dict[str, Any]]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _is(entry: dict[str, Any], version: str) -> bool:
    return str(entry.get("version", "")).strip() == version
