"""With whom a reader's parties roam, and how: agreements in force, whatever their mode."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from partners.models import RoamingAgreement
from roaming.queries_locations import agreements_in_force


def agreements_of(
    parties: Collection[UUID], *, environment: str, now: datetime
) -> QuerySet[RoamingAgreement]:
    """In the order of their ids. What others agreed among themselves is in nobody's directory."""
    mine = list(parties)
    return (
        agreements_in_force(now)
        .filter(Q(seller__in=mine) | Q(buyer__in=mine), environment=environment)
        .select_related("seller__presence", "buyer__presence")
        .prefetch_related("seller__endpoints", "buyer__endpoints")
        .order_by("id")
    )
