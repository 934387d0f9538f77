"""Tell staff of a CSO that sends much less than it usually does: it may not know itself."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q

from clearinghouse.uuid7 import floor_of
from partners.models.environment import Environment
from roaming.models import Alert, SdrState
from roaming.services import alerts, deliveries

LATELY = timedelta(hours=24)
USUALLY = timedelta(days=28)
# Fewer a day may well be none on the next one.
FEWEST_A_DAY = 10
# Below a tenth of the usual day.
QUIET_SHARE = 10


def watch(*, now: datetime) -> dict[str, int]:
    """Open an alert for each CSO that fell silent, close it for each that sends again.

    Its last 24 hours are compared with the mean day of the 28 days before them; by receipt, which
    the ids carry.
    """
    lately = floor_of(now - LATELY)
    counts = (
        SdrState.objects.filter(
            id__gte=floor_of(now - LATELY - USUALLY),
            seller__isnull=False,
            environment=Environment.LIVE,
        )
        .values_list("seller")
        .annotate(late=Count("id", filter=Q(id__gte=lately)), all=Count("id"))
    )
    silent = {
        seller: (late, (total - late) / USUALLY.days)
        for seller, late, total in counts
        if is_silent(late=late, before=total - late)
    }
    with transaction.atomic():
        opened = _open(silent, now=now)
        closed = _close(silent, now=now)
    deliveries.publish(opened)
    return {"opened": len(opened), "closed": closed}


def is_silent(*, late: int, before: int) -> bool:
    """Less than a tenth of a usual day, where the usual day has ten records or more."""
    return before >= FEWEST_A_DAY * USUALLY.days and late * QUIET_SHARE * USUALLY.days < before


def _open(silent: dict[UUID, tuple[int, float]], *, now: datetime) -> list[UUID]:
    """The CSO may not know itself that its export has stopped: it is told too."""
    is_open = set(_open_alerts().values_list("subject", flat=True))
    opened = []
    for seller, (late, usual) in sorted(silent.items()):
        alert = Alert(
            kind=Alert.Kind.SILENCE,
            subject=str(seller),
            party_id=seller,
            text=f"{late} records in 24 hours; usually {usual:.0f} a day",
            opened_at=now,
        )
        if str(seller) not in is_open and alerts.raise_alert(alert, tell=[seller]):
            opened.append(seller)
    return opened


def _close(silent: Iterable[UUID], *, now: datetime) -> int:
    """A CSO that sent nothing for 28 days has no usual volume any more: staff close its alert."""
    back = _open_alerts().exclude(subject__in=[str(seller) for seller in silent])
    lately = SdrState.objects.filter(id__gte=floor_of(now - LATELY)).values("seller")
    return back.filter(party__in=lately).update(closed_at=now)


def _open_alerts():
    return Alert.objects.filter(kind=Alert.Kind.SILENCE, closed_at__isnull=True)
