"""One request to a partner's OCPI system: its address, our headers, and the envelope read.

A new request id for each hop, the correlation id kept; whose words come back unchanged are the
partner's own refusals (protocols.md §1.2.1, §1.5).
"""

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

from partners.models import EndpointInterface, RoamingEndpoint
from partners.services.endpoints import former_secret_of, secret_of
from roaming.gateways import NotReached, Route
from roaming.protocols.ocpi import routing
from roaming.protocols.ocpi.trees.exact import Unreadable, decode, encode
from roaming.services import outgoing
from roaming.services.outgoing.calling import TIMEOUT_S, Reply, Verdict

# What a partner says in a message may be long; what we pass on is not.
_LONGEST_MESSAGE = 500


class Request(NamedTuple):
    """``path`` is appended to the module's address part by part; ``url`` is called in its place.

    ``private`` are values that name a driver, for the record of the call. ``secret`` is shown in
    place of the one agreed; versions, credentials and hub client info are not ``is_routed``.
    """

    verb: str
    module: str
    side: str = ""
    path: tuple[str, ...] = ()
    url: str = ""
    query: Mapping[str, str] = {}
    body: Any = None
    private: tuple[str, ...] = ()
    subject: tuple[str, UUID] | None = None
    timeout_s: float = TIMEOUT_S
    attempts: int = 1
    secret: str = ""
    is_routed: bool = True


class Heard(NamedTuple):
    """What came back: ``data`` of the envelope (None: none), and the headers."""

    data: Any
    headers: Mapping[str, str]


def send(route: Route, request: Request) -> Heard:
    """Ask a partner's system.

    :raises NotReached: ``UNABLE`` it offers no such module, ``REFUSED`` in its own words with its
        status code, ``BROKEN`` no OCPI came back, and what ``outgoing.call`` raises
    """
    secret = request.secret or secret_of(route.endpoint)
    reply = _called(route, request, secret)
    if reply.status == 401 and not request.secret:
        # The answer that brought our new secret may have been lost: the former one, once.
        former = former_secret_of(route.endpoint)
        if former and former != secret:
            reply = _called(route, request, former)
    return Heard(_data(reply), reply.headers)


def _called(route: Route, request: Request, secret: str) -> Reply:
    request_id = str(uuid4())
    return outgoing.call(
        route.endpoint,
        request.verb,
        _url(route.endpoint, request),
        body=b"" if request.body is None else encode(request.body),
        headers=_headers(route, request, request_id, secret),
        module=request.module,
        timeout_s=request.timeout_s,
        attempts=request.attempts,
        request_id=request_id,
        correlation_id=route.correlation_id,
        private=request.private,
        subject=request.subject,
        verdict=_verdict,
    )


def _url(endpoint: RoamingEndpoint, request: Request) -> str:
    """Addresses are told with and without a slash at their end: one stands between the parts."""
    url = request.url or _module_url(endpoint, request.module, request.side)
    parts = [url.rstrip("/") if request.path else url]
    parts += [quote(part, safe="") for part in request.path]
    joined = "/".join(parts)
    if not request.query:
        return joined
    return f"{joined}{'&' if '?' in joined else '?'}{urlencode(request.query)}"


def _module_url(endpoint: RoamingEndpoint, module: str, side: str) -> str:
    offered = EndpointInterface.objects.filter(endpoint=endpoint, module=module, side=side)
    url = offered.values_list("url", flat=True).first()
    if url is None:
        raise NotReached("UNABLE", f"it offers no {module} as {side}")
    return url


def _headers(route: Route, request: Request, request_id: str, secret: str) -> dict[str, str]:
    endpoint = route.endpoint
    headers = {
        "Authorization": f"Token {shown(endpoint, secret)}",
        "Content-Type": "application/json",
        "X-Request-ID": request_id,
        "X-Correlation-ID": route.correlation_id or str(uuid4()),
    }
    if request.is_routed and endpoint.protocol_version != "2.1.1":
        headers |= routing.headers_between(route.sender, route.receiver)
    return headers


def shown(endpoint: RoamingEndpoint, secret: str) -> str:
    """Base64 since 2.2; a quirk of the connection may say otherwise."""
    usual = "RAW" if endpoint.protocol_version == "2.1.1" else "BASE64"
    if endpoint.quirks.get("auth", usual) == "RAW":
        return secret
    return base64.b64encode(secret.encode()).decode()


def one_of(endpoint: RoamingEndpoint, data: Any) -> Any:
    """The one object that an answer carries; some systems put it into a list (a quirk)."""
    if endpoint.quirks.get("answers") == "LISTS" and isinstance(data, list) and len(data) == 1:
        return data[0]
    return data


def _verdict(reply: Reply) -> Verdict:
    envelope = _envelope(reply)
    code = envelope.get("status_code") if envelope else None
    code = code if isinstance(code, int) and 0 < code < 10_000 else None
    is_well = 200 <= reply.status < 300 and code is not None and 1000 <= code < 2000
    return Verdict(is_success=is_well, status_code=code)


def _envelope(reply: Reply) -> dict[str, Any] | None:
    try:
        tree = decode(reply.body)
    except Unreadable:
        return None
    return tree if isinstance(tree, dict) else None


def _data(reply: Reply) -> Any:
    verdict, envelope = _verdict(reply), _envelope(reply)
    if verdict.is_success and envelope is not None:
        return envelope.get("data")
    if envelope is None or verdict.status_code is None or reply.status >= 500:
        raise NotReached("BROKEN", f"it answered HTTP {reply.status} without OCPI")
    told = str(envelope.get("status_message") or "it refused")[:_LONGEST_MESSAGE]
    if verdict.status_code < 2000:
        raise NotReached("BROKEN", f"it answered HTTP {reply.status}: {told}")
    raise NotReached("REFUSED", told, status_code=verdict.status_code)
