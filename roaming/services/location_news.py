"""Who is told that a location changed: the connected systems of those who may see it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from partners.models import Party, RoamingEndpoint
from roaming import queries_locations
from roaming.models import Location, ObjectPush


def tell_of_locations(ids: Sequence[UUID], cso: Party, *, now: datetime) -> None:
    """Want each of the locations pushed; in the transaction that changed them."""
    if not ids:
        return
    endpoints = queries_locations.endpoints_to_tell(cso, module="locations", now=now)
    for id_ in ids if endpoints else ():
        want(ObjectPush.Kind.LOCATION, id_, endpoints, now)


def tell_of_evse(evse_id: UUID, cso: Party, place: Location, *, now: datetime) -> None:
    """Want one EVSE pushed, where its location is told of at all."""
    if not place.is_published or place.removed_at is not None:
        return
    endpoints = queries_locations.endpoints_to_tell(cso, module="locations", now=now)
    if endpoints:
        want(ObjectPush.Kind.EVSE, evse_id, endpoints, now)


def want(kind: str, subject_id: UUID, endpoints: Sequence[RoamingEndpoint], now: datetime) -> None:
    """Owe the newest state of one object to each of the endpoints."""
