"""Connections of partners' systems over OCPI, and requests as those systems make them."""

import base64
import json
import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from partners.models import EndpointToken, Mandate, Party, RoamingEndpoint
from partners.services.endpoints import checksum
from tests.makers import LONG_AGO, partner_of
from tests.roaming.over_http import wire


def let(party: Party, endpoint: RoamingEndpoint) -> None:
    """The party's owner lets the endpoint's act for it."""
    grantor = partner_of(party)
    if grantor != endpoint.owner:
        mandate = Mandate.objects.create(
            grantor=grantor, agent=endpoint.owner, verbs=["SUBMIT_SDR"], starts_at=LONG_AGO
        )
        mandate.parties.add(party)


def connection(
    *parties: Party, version: str = "2.2.1", registered: bool = True, **changes: Any
) -> tuple[RoamingEndpoint, str]:
    """An endpoint that speaks for ``parties``, and the token that its system shows."""
    now = timezone.now()
    values = {
        "owner": partner_of(parties[0]),
        "environment": parties[0].environment,
        "protocol": "OCPI",
        "protocol_version": version,
        "url": f"https://partner.example/{secrets.token_hex(4)}",
        "state": "CONNECTED" if registered else "PLANNED",
        "registered_at": now if registered else None,
    }
    endpoint = RoamingEndpoint.objects.create(**(values | changes))
    for party in parties[1:]:
        let(party, endpoint)
    endpoint.parties.set(parties)
    token = secrets.token_urlsafe(24)
    EndpointToken.objects.create(
        endpoint=endpoint,
        purpose="ACTIVE" if registered else "REGISTRATION",
        token_sha256=checksum(token),
        created_at=now,
        ends_at=None if registered else now + timedelta(days=7),
    )
    return endpoint, token


class System:
    """A partner's system over real HTTP: each verb returns the response, ``.ocpi`` its envelope."""

    def __init__(self, token: str, *, version: str = "2.2.1", as_code: str = "", to_code: str = ""):
        self.token, self.version = token, version
        self.as_code, self.to_code = as_code, to_code

    def headers(self, *, as_code: str | None = None, to_code: str | None = None) -> dict[str, str]:
        shown = self.token
        if self.version != "2.1.1":
            shown = base64.b64encode(self.token.encode()).decode()
        headers = {"Authorization": f"Token {shown}"}
        for code, word in (
            (self.as_code if as_code is None else as_code, "from"),
            (self.to_code if to_code is None else to_code, "to"),
        ):
            if code:
                country, _, party = code.partition("*")
                headers |= {f"OCPI-{word}-country-code": country, f"OCPI-{word}-party-id": party}
        return headers

    def send(self, verb: str, path: str, body: Any = None, **options: Any) -> Any:
        """``path`` below the version, or from the root with "/"; ``body`` as a tree or bytes."""
        extra = options.pop("headers", {})
        headers = self.headers(**options) | extra
        url = path if path.startswith("/") else f"/ocpi/{self.version}/{path}"
        raw = body if isinstance(body, bytes) else json.dumps(body, default=_number).encode()
        response: Any = wire().send(
            verb,
            url,
            b"" if body is None else raw,
            {"Content-Type": "application/json"} | headers,
        )
        response.ocpi = json.loads(response.content, parse_float=Decimal)
        return response

    def get(self, path: str, **options: Any) -> Any:
        return self.send("GET", path, **options)

    def put(self, path: str, body: Any, **options: Any) -> Any:
        return self.send("PUT", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> Any:
        return self.send("PATCH", path, body, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("POST", path, body, **options)

    def delete(self, path: str, **options: Any) -> Any:
        return self.send("DELETE", path, **options)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
