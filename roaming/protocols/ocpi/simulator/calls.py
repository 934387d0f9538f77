"""Requests of a partner to its peer."""

import ssl
import time
import uuid
from dataclasses import dataclass, field
from functools import cache

import httpx

from roaming.protocols.ocpi.simulator import exact
from roaming.protocols.ocpi.simulator.conduct import Behaviour, Conduct, HungUp
from roaming.protocols.ocpi.simulator.connection import Connection, encoded
from roaming.protocols.ocpi.simulator.exchanges import OUT, Call, Exchanges
from roaming.protocols.ocpi.simulator.options import Options, Speaker

UNROUTED = ("versions", "credentials", "hubclientinfo")


@dataclass(frozen=True)
class Asked:
    """One request in OCPI's words.

    ``to`` is ``NL*HUB`` or empty (open routing); ``headers`` come on top, an empty one is left out;
    ``raw`` is sent instead of ``body``.
    """

    method: str
    url: str
    module: str
    body: object = None
    speaker: Speaker | None = None
    to: str = ""
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


class Caller:
    """Sends and records; a call that fails on the wire has status 0 and its ``trouble``."""

    def __init__(
        self, options: Options, connection: Connection, exchanges: Exchanges, conduct: Conduct
    ) -> None:
        self._options = options
        self._connection = connection
        self._exchanges = exchanges
        self._conduct = conduct
        # Reading the certificates takes longer than all the rest: once for all partners.
        self._client = httpx.Client(
            timeout=options.timeout_s, trust_env=False, verify=_certificates()
        )

    def close(self) -> None:
        self._client.close()

    def send(self, asked: Asked) -> Call:
        """The answer; in the duplicate mode the second of two.

        :raises ValueError: the guard forbids the address
        """
        if self._options.guard:
            self._options.guard(asked.url)
        headers = self._headers(asked)
        call = self._once(asked, headers)
        if self._conduct.at(asked.module) is Behaviour.DUPLICATE:
            return self._once(asked, headers)
        return call

    def _once(self, asked: Asked, headers: dict[str, str]) -> Call:
        raw = asked.raw
        if raw is None:
            raw = b"" if asked.body is None else exact.write(asked.body)
        lowered = {name.lower(): value for name, value in headers.items()}
        call = Call(OUT, asked.method, asked.url, asked.module, lowered, raw)
        self._exchanges.begin(call)
        if raw:
            headers = headers | {"Content-Type": "application/json"}
        content = self._conduct.content(asked.module, raw) if raw else None
        if content is not None and not isinstance(content, bytes):
            headers["Content-Length"] = str(len(raw))
        began = time.monotonic()
        try:
            answer = self._client.request(asked.method, asked.url, content=content, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, HungUp) as error:
            call.trouble = f"{type(error).__name__}: {error}"
        else:
            call.status, call.answer_raw = answer.status_code, answer.content
            call.answer_headers = {name.lower(): value for name, value in answer.headers.items()}
        call.seconds = time.monotonic() - began
        self._exchanges.end(call)
        return call

    def _headers(self, asked: Asked) -> dict[str, str]:
        headers = {"Authorization": self._authorization(asked.token or self._connection.outbound)}
        if self._connection.version != "2.1.1":
            headers["X-Request-ID"] = str(uuid.uuid4())
            headers["X-Correlation-ID"] = str(uuid.uuid4())
            if asked.module not in UNROUTED:
                headers |= self._routing(asked)
        return {name: value for name, value in (headers | asked.headers).items() if value}

    def _authorization(self, token: str) -> str:
        as_base64 = self._options.base64
        if as_base64 is None:
            as_base64 = self._connection.version != "2.1.1"
        return f"Token {encoded(token) if as_base64 else token}"

    def _routing(self, asked: Asked) -> dict[str, str]:
        headers = {}
        if asked.speaker:
            headers["OCPI-from-country-code"] = asked.speaker.country_code
            headers["OCPI-from-party-id"] = asked.speaker.party_id
        if asked.to:
            country_code, _, party_id = asked.to.partition("*")
            headers["OCPI-to-country-code"] = country_code
            headers["OCPI-to-party-id"] = party_id
        return headers
