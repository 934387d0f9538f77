"""Who is told that a location or a tariff changed: the systems of those who may see it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from partners.models import Party
from roaming.models import Location, ObjectPush, Tariff
from roaming.services import pushes
from roaming.services.location_rows import run


def tell_of_locations(ids: Sequence[UUID], cso: Party, *, now: datetime) -> None:
    """Want each of the locations pushed; in the transaction that changed them."""
    if ids and (endpoints := endpoints_to_tell(cso, module="locations", now=now)):
        _want(ObjectPush.Kind.LOCATION, ids, endpoints, now)


def tell_of_evse(evse_id: UUID, cso: Party, place: Location, *, now: datetime) -> None:
    """Want one EVSE pushed, where its location is told of at all."""
    if not place.is_published or place.removed_at is not None:
        return
    if endpoints := endpoints_to_tell(cso, module="locations", now=now):
        _want(ObjectPush.Kind.EVSE, [evse_id], endpoints, now)


def tell_of_tariff(tariff: Tariff, *, now: datetime) -> None:
    """Want it pushed to those for whom it is."""
    audience = tariff.audience.values_list("buyer", flat=True)
    endpoints = endpoints_to_tell(tariff.seller, module="tariffs", now=now, buyers=list(audience))
    if endpoints:
        _want(ObjectPush.Kind.TARIFF, [tariff.pk], endpoints, now)


def endpoints_to_tell(
    cso: Party, *, module: str, now: datetime, buyers: Collection[UUID] = ()
) -> list[UUID]:
    """Connected systems that take ``module`` and serve a buyer of the CSO; of ``buyers`` alone."""
    parameters = {
        "cso_id": cso.pk,
        "environment": cso.environment,
        "module": module,
        "now": now,
        "buyers": list(buyers),
    }
    return [id_ for (id_,) in run("endpoints_to_tell", parameters)]


def _want(kind: str, subject_ids: Sequence[UUID], endpoints: Sequence[UUID], now: datetime) -> None:
    """Owe the newest state of each object to each of the endpoints."""
    pushes.want_all(kind, subject_ids, endpoints, now=now)
