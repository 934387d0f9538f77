"""A partner to talk to: a fake CSO or CSP over real HTTP, well-behaved or not."""

import secrets
from types import TracebackType
from typing import Self

from roaming.protocols.ocpi.simulator import desk, registration
from roaming.protocols.ocpi.simulator.cso import CsoVerbs
from roaming.protocols.ocpi.simulator.csp import CspVerbs
from roaming.protocols.ocpi.simulator.exchanges import Call
from roaming.protocols.ocpi.simulator.options import Options
from roaming.protocols.ocpi.simulator.server import Server


class FakePartner(CsoVerbs, CspVerbs):
    """``with FakePartner("cso") as cso: cso.register(versions_url, token_a); cso.push_location()``.

    Needs no Django and no database; everything said and heard is kept in memory.

    :param role: ``cso``, ``csp`` or ``both``
    :param version: of the connection; ``options.versions`` may offer more
    :param party: as ``NL*AAA``
    :param bind: host and port; port 0 is any free one
    :param behaviour: one of :class:`Behaviour`, outside of the handshake
    """

    def __init__(
        self,
        role: str = "cso",
        version: str = "2.2.1",
        *,
        party: str = "",
        bind: str = "127.0.0.1:0",
        behaviour: str = "well",
        options: Options | None = None,
    ) -> None:
        super().__init__(role, version, party, options or Options())
        self._server = Server(bind, lambda request: desk.answer(self, request), self.conduct)
        self.behave(behaviour)

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """For good; ``go_offline`` is for a while."""
        self.go_offline()
        self.caller.close()

    def come_back(self) -> None:
        """Listen, on the same port as before."""
        self._server.start()
        self.base_url = self.options.public_url.rstrip("/") or self._server.url

    def go_offline(self) -> None:
        """Stop listening; connections that are open end."""
        self._server.stop()

    def issue_registration_token(self) -> str:
        """A TOKEN_A with which a peer may register here."""
        token = secrets.token_hex(24)
        self.connection.registration.add(token)
        return token

    def register(self, versions_url: str, token: str) -> None:
        """Register at a peer with its TOKEN_A.

        :raises RegistrationFailed: it refused, or could not be talked to.
        """
        registration.register(self, versions_url, token)

    def renew_registration(self) -> None:
        """New tokens for both sides.

        :raises RegistrationFailed: it refused, or could not be talked to.
        """
        registration.renew(self)

    def unregister(self) -> Call:
        return registration.leave(self)
