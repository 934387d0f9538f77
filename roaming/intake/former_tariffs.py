"""By which tariff a station was priced for a buyer before a new tariff was published.

A new tariff id is no new station: until the notice has run, what was priced by another tariff
before is priced by that one where the new one may cost more (docs/decisions/0019).
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import OuterRef, Subquery

from roaming.models import Sdr, SdrRating
from roaming.queries_tariffs import Version

# Seller, buyer, EVSE in its normal form.
Place = tuple[UUID, UUID, str]
Formers = Mapping[tuple[UUID, Place], str]


def former_tariffs(waiting: Iterable[tuple[Version, Place]]) -> Formers:
    """By version and place, the id of the tariff that priced the place's last session before.

    Only sessions that ended before the version was published count, whenever their records came,
    and only other tariffs than its own. One query for each of the few versions.
    """
    places: dict[Version, set[Place]] = {}
    for version, place in waiting:
        places.setdefault(version, set()).add(place)
    found: dict[tuple[UUID, Place], str] = {}
    for version, wanted in places.items():
        ratings = SdrRating.objects.filter(record_id=OuterRef("id")).exclude(
            tariff_version__tariff__tariff_id__iexact=version.tariff_id
        )
        tariff = ratings.order_by("-rating_version").values("tariff_version__tariff__tariff_id")
        rows = (
            Sdr.objects.filter(
                seller__in={place[0] for place in wanted},
                buyer__in={place[1] for place in wanted},
                evse_id__in={place[2] for place in wanted},
                ended_at__lt=version.published_at,
            )
            .annotate(tariff=Subquery(tariff[:1]))
            .filter(tariff__isnull=False)
            .order_by("seller", "buyer", "evse_id", "-ended_at", "-id")
            .distinct("seller", "buyer", "evse_id")
        )
        for seller, buyer, evse_id, name in rows.values_list(
            "seller", "buyer", "evse_id", "tariff"
        ):
            if (place := (seller, buyer, evse_id)) in wanted:
                found[version.id, place] = name
    return found
