"""A small protocol for tests of the queues: JSON over HTTP through the real door for calls."""

from contextlib import contextmanager

from partners.models import RoamingEndpoint
from roaming import gateways
from roaming.gateways import NotReached
from roaming.models import ObjectPush
from roaming.services import outgoing
from tests.makers import NOON, partner_of
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import PartnerEnd

PLAIN = "PLAIN"


class PlainGateway:
    """PUTs objects, POSTs records, GETs a sign of life; any 2xx is well."""

    def push(self, route, *, kind, subject_id):
        if kind == ObjectPush.Kind.IDENTITY:
            raise NotReached("UNABLE", "no such module")
        if kind == ObjectPush.Kind.CREDENTIAL:
            raise ValueError("a mistake of ours")
        self._call(route.endpoint, "PUT", f"{kind}/{subject_id}")

    def deliver_record(self, route, *, record_id):
        reply = self._call(route.endpoint, "POST", f"records/{record_id}")
        return f"{route.endpoint.url}/kept/{record_id}" if reply.status == 201 else ""

    def ping(self, endpoint):
        self._call(endpoint, "GET", "versions")

    def _call(self, endpoint, verb, path):
        url = f"{endpoint.url}/{path}"
        timeout_s = endpoint.quirks.get("timeout_s", 5)
        reply = outgoing.call(endpoint, verb, url, module="plain", timeout_s=timeout_s)
        if reply.status >= 500:
            raise NotReached("BROKEN", f"HTTP {reply.status}")
        if reply.status >= 300:
            raise NotReached("REFUSED", f"HTTP {reply.status}", status_code=2000)
        return reply


@contextmanager
def speaking_plain():
    gateways.register(PLAIN, PlainGateway())
    try:
        yield
    finally:
        del gateways._gateways[PLAIN]


def connected(end: PartnerEnd, *parties, **changes) -> RoamingEndpoint:
    """A connection to the partner's end that serves ``parties``."""
    owner = {"owner": partner_of(parties[0])} if parties else {}
    values = owner | {
        "protocol": PLAIN,
        "url": end.url,
        "state": "CONNECTED",
        "registered_at": NOON,
    }
    endpoint = make(RoamingEndpoint, **values | changes)
    endpoint.parties.add(*parties)
    return endpoint
