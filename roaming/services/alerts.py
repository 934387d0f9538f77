"""Alerts: raised once per kind and subject, told to the partner, acknowledged by a person."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from partners.models import Partner, Party, PartyOwnership, User
from partners.queries import in_period
from partners.services import audit
from roaming.models import Alert, Delivery


class NotToAcknowledge(Exception):
    """The alert is closed, was acknowledged, or no reason was given."""


def raise_alert(alert: Alert, *, tell: Collection[UUID] = ()) -> bool:
    """Write the alert unless the same one is open; owe its news to the parties ``tell``.

    Whoever calls publishes the deliveries after commit, else the clock does within a minute.
    """
    with transaction.atomic():
        Alert.objects.bulk_create([alert], ignore_conflicts=True)
        if not Alert.objects.filter(pk=alert.pk).exists():
            return False
        Delivery.objects.bulk_create(
            Delivery(
                receiver_id=party,
                kind=Delivery.Kind.ALERT,
                subject_id=alert.pk,
                created_at=alert.opened_at,
            )
            for party in sorted(tell)
        )
        return True


def keep(kind: str, causes: Mapping[str, tuple[Party, str]], *, now: datetime) -> "Kept":
    """One open alert of ``kind`` for each cause: by subject its party, and the text as of now.

    A new one is told to the party; an open one's text is kept up to date; what is no cause any more
    is closed. The same again changes nothing.
    """
    told: set[UUID] = set()
    for subject, (party, text) in causes.items():
        alert = Alert(
            kind=kind,
            environment=party.environment,
            subject=subject,
            party=party,
            text=text,
            opened_at=now,
        )
        if raise_alert(alert, tell=[party.pk]):
            told.add(party.pk)
            continue
        open_one = Alert.objects.filter(kind=kind, subject=subject, closed_at__isnull=True)
        open_one.exclude(text=text).update(text=text)
    is_open = Alert.objects.filter(kind=kind, closed_at__isnull=True)
    gone = list(is_open.exclude(subject__in=causes).values_list("subject", flat=True))
    return Kept(told, close(kind, gone, now=now))


class Kept(NamedTuple):
    """The parties that hear of a new alert, and how many alerts were closed."""

    told: set[UUID]
    closed: int


def close(kind: str, subjects: Iterable[str], *, now: datetime) -> int:
    """The cause is gone: close the open alerts of ``kind`` about ``subjects``."""
    still_open = Alert.objects.filter(kind=kind, subject__in=list(subjects), closed_at__isnull=True)
    return still_open.update(closed_at=now)


def acknowledge(alert_id: UUID | str, *, reason: str, user: User, now: datetime) -> Alert:
    """A person has seen it and says what is done about it; the alert stays open.

    :raises NotToAcknowledge: closed, acknowledged before, or without a reason.
    """
    reason = reason.strip()[:500]
    if not reason:
        raise NotToAcknowledge("say what is done about it")
    with transaction.atomic():
        alert = _open_one(alert_id)
        if alert.acknowledged_at is not None:
            raise NotToAcknowledge(f"{alert.acknowledged_by} has acknowledged it already")
        alert.acknowledged_at, alert.acknowledged_by = now, user
        alert.acknowledged_reason = reason
        alert.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_reason"])
        audit.record("alert.acknowledged", alert, actor=str(user), at=now, reason=reason)
    return alert


def close_by_hand(alert_id: UUID | str, *, reason: str, user: User, now: datetime) -> Alert:
    """A person closes what no job will close, e.g. a gap in numbers that were never used.

    :raises NotToAcknowledge: closed already, or without a reason.
    """
    reason = reason.strip()[:500]
    if not reason:
        raise NotToAcknowledge("say why it can be closed")
    with transaction.atomic():
        alert = _open_one(alert_id)
        alert.closed_at = now
        alert.save(update_fields=["closed_at"])
        audit.record("alert.closed", alert, actor=str(user), at=now, reason=reason)
    return alert


def sellers_of(partner: Partner, *, environment: str, now: datetime) -> set[UUID]:
    """The CSO parties that the partner owns at ``now``."""
    owned = PartyOwnership.objects.filter(
        in_period(now),
        partner=partner,
        party__role=Party.Role.CSO,
        party__environment=environment,
    )
    return {ownership.party_id for ownership in owned}


def readable(*, party_ids: Collection[UUID], environment: str) -> QuerySet[Alert]:
    """Alerts that these parties were told of, newest first; nobody else's."""
    told = Delivery.objects.filter(receiver__in=list(party_ids), kind=Delivery.Kind.ALERT)
    ours = Alert.objects.filter(environment=environment, pk__in=told.values("subject_id"))
    return ours.order_by("-id")


def _open_one(alert_id: UUID | str) -> Alert:
    alert = Alert.objects.select_for_update().filter(pk=alert_id).first()
    if alert is None or alert.closed_at is not None:
        raise NotToAcknowledge("the alert is closed already")
    return alert
