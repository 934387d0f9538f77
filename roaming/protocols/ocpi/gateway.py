"""OCPI as a way to reach parties: the methods of ``gateways.PartyGateway``, one file per module."""

from collections.abc import Callable
from uuid import UUID

from partners.models import RoamingEndpoint
from roaming.gateways import Route, Unable
from roaming.models import ObjectPush
from roaming.protocols.ocpi.outgoing import cdrs, hubclientinfo, locations, tariffs, versions

# What pushes the newest state of an object, by its kind.
_PUSHES: dict[str, Callable[[Route, UUID], None]] = {
    ObjectPush.Kind.EVSE: locations.push_evse,
    ObjectPush.Kind.LOCATION: locations.push,
    ObjectPush.Kind.PRESENCE: hubclientinfo.push,
    ObjectPush.Kind.TARIFF: tariffs.push,
}


class OcpiGateway(Unable):
    """Calls of the hub to partners' systems, in the version of each connection."""

    def push(self, route: Route, *, kind: str, subject_id: UUID) -> None:
        push = _PUSHES.get(kind)
        if push is None:
            super().push(route, kind=kind, subject_id=subject_id)
        else:
            push(route, subject_id)

    def deliver_record(self, route: Route, *, record_id: UUID) -> str:
        return cdrs.deliver(route, record_id=record_id)

    def ping(self, endpoint: RoamingEndpoint) -> None:
        versions.ping(endpoint)
