"""What is exported of the stations: published locations as they stand, and prices for anybody."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery

from partners.models import Party
from roaming.models import Location, LocationEvse, Tariff, TariffAudience, TariffVersion

CHUNK = 500


def exported_locations(
    *, environment: str, csos: Collection[UUID] = (), country: str = ""
) -> QuerySet[Location]:
    """Published ones that are still told, with the EVSEs that are; in the order of receipt."""
    there = LocationEvse.objects.exclude(status=LocationEvse.Status.REMOVED).order_by("id")
    found = Location.objects.filter(
        environment=environment, is_published=True, removed_at__isnull=True
    )
    if csos:
        found = found.filter(cso__in=list(csos))
    if country:
        found = found.filter(country_code=country)
    return found.select_related("cso").prefetch_related(Prefetch("evses", there)).order_by("id")


def in_chunks(locations: QuerySet[Location]) -> Iterator[list[Location]]:
    """Page by page of the ids: no cursor is held open, and no more than a page is in memory."""
    last = None
    while True:
        rest = locations.filter(id__gt=last) if last else locations
        page = list(rest[:CHUNK])
        if not page:
            return
        yield page
        last = page[-1].pk


def open_tariffs(
    names: Iterable[tuple[Party, str]], *, now: datetime
) -> dict[tuple[UUID, str], TariffVersion]:
    """The versions valid at ``now`` that are for everyone, by seller and id in lower case.

    ``names``: whose tariffs are named. One query.
    """
    wanted: dict[UUID, set[str]] = defaultdict(set)
    for seller, tariff_id in names:
        wanted[seller.pk].add(tariff_id)
    every = {tariff_id for ids in wanted.values() for tariff_id in ids}
    valid = TariffVersion.objects.filter(tariff=OuterRef("pk"), valid_from_at__lte=now)
    offered = Tariff.objects.filter(
        ~Exists(TariffAudience.objects.filter(tariff=OuterRef("pk"))),
        seller__in=list(wanted),
        tariff_id__in=every,
        withdrawn_at__isnull=True,
    ).annotate(valid=Subquery(valid.order_by("-valid_from_at", "-version").values("pk")[:1]))
    versions = TariffVersion.objects.filter(pk__in=offered.values("valid"))
    return {
        (one.tariff.seller_id, one.tariff.tariff_id.casefold()): one
        for one in versions.select_related("tariff")
    }
