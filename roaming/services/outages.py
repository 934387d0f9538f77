"""A receiver that is away for long: staff and its own people are told, its clock goes on.

Its acceptance clock stands still for at most ``lifecycle.LONGEST_STANDSTILL_DAYS``: what is
owed to it lies ready to be pulled, and that counts as delivered (finance.md §1.1 no. 6).
"""

from datetime import datetime, timedelta

from django.db import transaction

from roaming.models import Alert, ReceiverOutage
from roaming.services import alerts, deliveries

TELL_AFTER = timedelta(hours=24)


def watch(*, now: datetime) -> dict[str, int]:
    """Open an alert for each receiver away for a day, close those of receivers that are back."""
    away = ReceiverOutage.objects.filter(ends_at__isnull=True, starts_at__lte=now - TELL_AFTER)
    outages = {str(one.pk): one for one in away.select_related("receiver")}
    with transaction.atomic():
        opened = [one for subject, one in outages.items() if _tell(subject, one, now=now)]
        back = Alert.objects.filter(kind=Alert.Kind.OUTAGE, closed_at__isnull=True)
        closed = back.exclude(subject__in=list(outages)).update(closed_at=now)
    deliveries.publish({one.receiver_id for one in opened})
    return {"away": len(opened), "back": closed}


def _tell(subject: str, outage: ReceiverOutage, *, now: datetime) -> bool:
    alert = Alert(
        kind=Alert.Kind.OUTAGE,
        subject=subject,
        environment=outage.receiver.environment,
        party=outage.receiver,
        text=f"The webhook of {outage.receiver.code} has not been reached since"
        f" {outage.starts_at:%Y-%m-%d %H:%M}Z. Its messages lie ready to be pulled; ten days of"
        " outage at most prolong the time to contest a record.",
        opened_at=now,
    )
    return alerts.raise_alert(alert, tell=[outage.receiver_id])
