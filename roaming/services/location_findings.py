"""What is wrong with the locations that CSOs tell: reported, never refused."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from roaming.services.location_rows import run

# A country is hardly wider; what lies further off has its coordinates swapped or mistyped.
TOO_FAR_DEGREES = 15


class DuplicateEvse(msgspec.Struct, frozen=True):
    """An EVSE id told ``told`` times; ``statuses``: how many different ones."""

    evse_id: str
    told: int
    csos: int
    statuses: int
    locations: list[str]


class DanglingTariff(msgspec.Struct, frozen=True):
    """A tariff that ``evses`` EVSEs name and that is not published."""

    cso: str
    tariff_id: str
    evses: int


class OddPlace(msgspec.Struct, frozen=True):
    """A location without coordinates, or with such as cannot be."""

    cso: str
    location_id: str
    country_code: str
    latitude: Any
    longitude: Any


class LocationFindings(msgspec.Struct, frozen=True, kw_only=True):
    """The first of each kind, and how many there are of it."""

    duplicate_evses: int
    dangling_tariffs: int
    odd_places: int
    first_duplicate_evses: list[DuplicateEvse]
    first_dangling_tariffs: list[DanglingTariff]
    first_odd_places: list[OddPlace]


def findings(*, environment: str, csos: Sequence[UUID] = (), limit: int = 20) -> LocationFindings:
    """Three looks over all locations, or those of ``csos``."""
    asked = {
        "environment": environment,
        "csos": list(csos),
        "limit": limit,
        "degrees": TOO_FAR_DEGREES,
    }
    duplicates = run("location_duplicates", asked)
    dangling = run("location_dangling_tariffs", asked)
    places = run("location_places", asked)
    return LocationFindings(
        duplicate_evses=_total(duplicates),
        dangling_tariffs=_total(dangling),
        odd_places=_total(places),
        first_duplicate_evses=[DuplicateEvse(*row[:-1]) for row in duplicates],
        first_dangling_tariffs=[DanglingTariff(*row[:-1]) for row in dangling],
        first_odd_places=[OddPlace(*row[:-1]) for row in places],
    )


def _total(rows: list[tuple[Any, ...]]) -> int:
    return rows[0][-1] if rows else 0
