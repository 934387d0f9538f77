"""What a partner knows of its one peer: tokens both ways and the peer's endpoints."""

import base64
import binascii
import secrets
from dataclasses import dataclass, field

from roaming.protocols.ocpi.simulator.exact import Document


@dataclass
class Connection:
    """``inbound`` opens our doors, ``outbound`` the peer's; ``registration`` only the handshake.

    After a rotation the older inbound token works until the new one has been used.
    """

    version: str
    registration: set[str] = field(default_factory=set)
    inbound: list[str] = field(default_factory=list)
    outbound: str = ""
    versions_url: str = ""
    endpoints: dict[tuple[str, str], str] = field(default_factory=dict)
    peer: Document = field(default_factory=dict)

    @property
    def registered(self) -> bool:
        return bool(self.outbound and self.endpoints)

    def issue(self) -> str:
        token = secrets.token_hex(24)
        self.inbound.append(token)
        return token

    def forget(self) -> None:
        self.inbound.clear()
        self.outbound = self.versions_url = ""
        self.endpoints, self.peer = {}, {}

    def who(self, authorization: str) -> str:
        """``active``, ``registration`` or nothing, for a raw or Base64 token."""
        scheme, _, said = authorization.partition(" ")
        if scheme.lower() != "token":
            return ""
        for token in (said.strip(), decoded(said.strip())):
            if token in self.inbound:
                self._retire_older(token)
                return "active"
            if token in self.registration:
                return "registration"
        return ""

    def _retire_older(self, token: str) -> None:
        if token == self.inbound[-1]:
            del self.inbound[:-1]


def encoded(token: str) -> str:
    return base64.b64encode(token.encode()).decode()


def decoded(said: str) -> str:
    """The token within Base64, or nothing; some peers encode a line feed at its end."""
    try:
        return base64.b64decode(said, validate=True).decode().rstrip("\r\n")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
