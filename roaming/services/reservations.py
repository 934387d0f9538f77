"""Places kept for drivers: asked for, kept, given up, taken away, used or never used.

A reservation's id is its CSP's own, so two CSPs may use the same one.
"""

from datetime import datetime

from django.db import connection
from django.db.models import F, Max, Q

from clearinghouse import locks
from clearinghouse.uuid7 import uuid7_at
from partners.models import Party
from roaming.messages.sessions import RemoteAsk
from roaming.models import Reservation, ServiceSession

_State = Reservation.State
OPEN = (_State.ASKED, _State.RESERVED)


def asked_for(
    asked: RemoteAsk, *, csp: Party, cso: Party, pseudonym: str, now: datetime
) -> Reservation:
    """The place that a request asks for: a new one, or the same one changed; in a transaction."""
    locks.take(connection, locks.Lock.RESERVATIONS, cso.pk)
    reservation, is_new = Reservation.objects.select_for_update().get_or_create(
        csp=csp,
        reservation_id=asked.reservation_id,
        defaults={
            "id": uuid7_at(now),
            "cso": cso,
            "environment": csp.environment,
            "location_id": asked.location_id,
            "evse_uid": asked.evse_uid,
            "pseudonym": pseudonym,
            "number": _next_number(cso),
            "state": _State.ASKED,
            "expires_at": asked.expires_at or now,
            "created_at": now,
            "changed_at": now,
        },
    )
    if not is_new and reservation.cso_id == cso.pk:
        # What was kept stays kept until the CSO says otherwise of the change.
        if reservation.state not in OPEN:
            reservation.state = _State.ASKED
        reservation.location_id, reservation.evse_uid = asked.location_id, asked.evse_uid
        reservation.expires_at, reservation.changed_at = asked.expires_at or now, now
        reservation.save()
    return reservation


def _next_number(cso: Party) -> int:
    newest = Reservation.objects.filter(cso=cso).aggregate(newest=Max("number"))["newest"]
    return (newest or 0) + 1


def set_state(reservation: Reservation, state: str, *, now: datetime) -> None:
    """What was used, or has run out, stays so."""
    Reservation.objects.filter(pk=reservation.pk).exclude(
        state__in=[_State.USED, _State.EXPIRED]
    ).update(state=state, changed_at=now)


def refuse_unanswered(reservation: Reservation, *, now: datetime) -> None:
    """Nobody was asked, or said no: a place that was only asked for is not kept."""
    Reservation.objects.filter(pk=reservation.pk, state=_State.ASKED).update(
        state=_State.REFUSED, changed_at=now
    )


def use(session: ServiceSession, *, now: datetime) -> None:
    """The driver charges where a place was kept: it is used."""
    if not (session.csp_id and session.pseudonym):
        return
    Reservation.objects.filter(
        Q(evse_uid="") | Q(evse_uid__iexact=session.evse_uid),
        csp=session.csp_id,
        cso=session.cso_id,
        location_id__iexact=session.location_id,
        pseudonym=session.pseudonym,
        state__in=OPEN,
    ).update(state=_State.USED, changed_at=now)


def expire(*, now: datetime) -> int:
    """What was kept until now and never used; run by the clock. How many."""
    due = Reservation.objects.filter(state__in=OPEN, expires_at__lte=now)
    return due.update(state=_State.EXPIRED, changed_at=F("expires_at"))
