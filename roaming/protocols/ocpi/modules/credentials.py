"""Credentials: register, renew, unregister (OCPI 2.2.1 §7). The URL's version is the one agreed."""

from typing import Any

from django.utils import timezone

from roaming.protocols.ocpi import faults, handshake
from roaming.protocols.ocpi.faults import Answer, Fault
from roaming.protocols.ocpi.http import Call, ModuleView
from roaming.protocols.ocpi.identity import VERSIONS
from roaming.protocols.ocpi.own_credentials import credentials, own_versions_url
from roaming.protocols.ocpi.registry import Module
from roaming.services import arrivals


class Credentials(ModuleView):
    """GET, POST, PUT, DELETE /ocpi/{version}/credentials."""

    for_registration = True
    is_routed = False

    def get(self, call: Call) -> Answer:
        """What the caller is to use towards us: the token is the one it just showed."""
        return Answer(_own(call, token=call.connection.shown))

    def post(self, call: Call) -> Answer:
        if not call.connection.is_registering:
            raise Fault(faults.CLIENT_ERROR, "Registered already: renew by PUT.", http=405)
        return self._agree(call, http=200)

    def put(self, call: Call) -> Answer:
        if call.connection.is_registering:
            raise Fault(faults.CLIENT_ERROR, "Not registered yet: register by POST.", http=405)
        return self._agree(call, http=200)

    def delete(self, call: Call) -> Answer:
        if call.connection.is_registering:
            raise Fault(faults.CLIENT_ERROR, "Not registered.", http=405)
        arrivals.leave(call.connection.endpoint, now=call.now)
        return Answer()

    def _agree(self, call: Call, *, http: int) -> Answer:
        told = handshake.read_credentials(call.tree())
        terms = handshake.explore(
            call.connection.endpoint,
            told,
            version=call.version,
            correlation_id=call.correlation_id,
        )
        now = timezone.now()  # its system had all the time it wanted
        token = handshake.renew(
            call.connection.endpoint, terms, shown=call.connection.token, now=now
        )
        arrivals.arrive(call.connection.endpoint, now=now)
        return Answer(_own(call, token=token), http=http)


def _own(call: Call, *, token: str) -> dict[str, Any]:
    return credentials(
        call.connection.endpoint,
        token=token,
        version=call.version,
        versions_url=own_versions_url(call.request),
        now=call.now,
    )


MODULE = Module(
    name="credentials",
    versions=VERSIONS,
    sides={"SENDER": "credentials"},
    routes=(("credentials", Credentials.as_view()),),
)
