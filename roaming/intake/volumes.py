"""How much a buyer took of a seller in a month: what a volume discount is reached by.

The month before the session counts, so that the order in which records come in changes nothing.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery, Sum

from roaming.models import Sdr, SdrState

_COUNTED = ("RATED", "DELIVERED", "DISPUTED", "ACCEPTED")
Wanted = tuple[UUID, UUID, str, str]


def month_before(instant: datetime, zone: str) -> str:
    """ "2027-02" for any instant in March 2027 on the zone's calendar."""
    first = instant.astimezone(ZoneInfo(zone or "UTC")).date().replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def month_span(month: str, zone: str) -> tuple[datetime, datetime]:
    """[first instant, first instant of the next month) on the zone's calendar."""
    year, number = map(int, month.split("-"))
    tz = ZoneInfo(zone or "UTC")
    following = (year + number // 12, number % 12 + 1)
    return datetime(year, number, 1, tzinfo=tz), datetime(*following, 1, tzinfo=tz)


def volumes_of(wanted: Collection[Wanted]) -> Mapping[tuple[UUID, UUID, str], Decimal]:
    """kWh by seller, buyer and month; a query for each of the few (pair, month)."""
    found = {}
    for seller_id, buyer_id, month, zone in sorted(wanted, key=str):
        starts_at, ends_at = month_span(month, zone)
        energy = Sdr.objects.filter(sender=OuterRef("sender"), id=OuterRef("id"))
        total = (
            SdrState.objects.filter(
                seller=seller_id,
                buyer=buyer_id,
                state__in=_COUNTED,
                ended_at__gte=starts_at,
                ended_at__lt=ends_at,
            )
            .annotate(energy_kwh=Subquery(energy.values("energy_kwh")[:1]))
            .aggregate(total=Sum("energy_kwh"))["total"]
        )
        found[seller_id, buyer_id, month] = total or Decimal(0)
    return found
