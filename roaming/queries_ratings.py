"""Our own prices of records."""

from collections.abc import Collection
from uuid import UUID

from roaming.models import SdrRating


def newest_ratings(record_ids: Collection[UUID]) -> dict[UUID, SdrRating]:
    """The newest rating of each record that has one, with its tariff; by one query."""
    rows = SdrRating.objects.filter(record_id__in=list(record_ids))
    joined = rows.select_related("tariff_version__tariff").order_by("rating_version")
    return {row.record_id: row for row in joined}
