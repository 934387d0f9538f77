"""Locations as our own API tells them: each EVSE as it stands now."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from roaming.messages import plain
from roaming.models import Location, LocationEvse


class EvseTold(msgspec.Struct, frozen=True, kw_only=True):
    """One EVSE. UNKNOWN once ``status_until_at`` has passed."""

    evse_uid: str
    evse_id: str
    status: str
    status_at: datetime | None
    status_until_at: datetime | None
    current_type: str
    connector_types: list[str]
    max_power_kw: Decimal | None
    capabilities: list[str]
    tariff_ids: list[str]
    updated_at: datetime


class LocationTold(msgspec.Struct, frozen=True, kw_only=True):
    """One location with its EVSEs. ``id`` is ours, ``location_id`` its CSO's."""

    id: UUID
    cso: str
    location_id: str
    name: str
    address: str
    city: str
    postal_code: str
    country_code: str
    latitude: Decimal | None
    longitude: Decimal | None
    time_zone: str
    operator_name: str
    is_published: bool
    updated_at: datetime
    received_at: datetime
    removed_at: datetime | None
    evses: list[EvseTold]


class LocationPage(msgspec.Struct, frozen=True, kw_only=True):
    """In the order of receipt. ``next`` is the address of the next page, null on the last one."""

    results: list[LocationTold]
    next: str | None


def locations_told(places: Sequence[Location], *, now: datetime) -> list[LocationTold]:
    """In the same order, by one query more."""
    evses: dict[UUID, list[EvseTold]] = {}
    rows = LocationEvse.objects.filter(location__in=[place.pk for place in places])
    for row in rows.defer("document").order_by("id"):
        evses.setdefault(row.location_id, []).append(_evse_told(row, now))
    return [_told(place, evses.get(place.pk, [])) for place in places]


def status_at(evse: LocationEvse, now: datetime) -> str:
    """How it stands as far as that can be relied on."""
    if evse.status_until_at is not None and evse.status_until_at <= now:
        return LocationEvse.Status.UNKNOWN
    return evse.status


def _told(place: Location, evses: list[EvseTold]) -> LocationTold:
    return LocationTold(
        id=place.pk,
        cso=place.cso.code,
        location_id=place.location_id,
        name=place.name,
        address=place.address,
        city=place.city,
        postal_code=place.postal_code,
        country_code=place.country_code,
        latitude=plain(place.latitude),
        longitude=plain(place.longitude),
        time_zone=place.time_zone,
        operator_name=place.operator_name,
        is_published=place.is_published,
        updated_at=place.updated_at,
        received_at=place.received_at,
        removed_at=place.removed_at,
        evses=evses,
    )


def _evse_told(row: LocationEvse, now: datetime) -> EvseTold:
    return EvseTold(
        evse_uid=row.evse_uid,
        evse_id=row.evse_id,
        status=status_at(row, now),
        status_at=row.status_at,
        status_until_at=row.status_until_at,
        current_type=row.current_type,
        connector_types=row.connector_types,
        max_power_kw=plain(row.max_power_kw),
        capabilities=row.capabilities,
        tariff_ids=row.tariff_ids,
        updated_at=row.updated_at,
    )
