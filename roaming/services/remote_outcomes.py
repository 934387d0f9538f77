"""What became of a remote request: told by its CSO, kept once, and told to the asker.

An asker that named an address is told there at once; one of our own API gets a message, by its
webhook or by pull.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db import transaction

from clearinghouse.uuid7 import floor_of
from partners.models import Party
from roaming.gateways import NotReached, Route, gateway_of
from roaming.messages.sessions import RemoteAsk, RemoteOutcome
from roaming.models import Delivery, RemoteRequest
from roaming.rules.remote_outcomes import OutcomeVerdict, judge_outcome, reservation_after
from roaming.services import deliveries, reservations
from roaming.services.endpoints import endpoint_of
from roaming.services.remote import response_url_of
from roaming.services.session_facts import facts_of

_AT_ONCE = 500
_NOBODY_ANSWERS_SO_LATE = timedelta(minutes=2)
_LOOK_BACK = timedelta(days=1)


class OutcomeUnknown(Exception):
    """No request of this CSO waits at that address."""


@dataclass(frozen=True, slots=True)
class Outcome:
    request: RemoteRequest
    verdict: OutcomeVerdict


def outcome(
    callback_key: str, told: RemoteOutcome, *, csos: Iterable[Party], now: datetime
) -> Outcome:
    """Take what a CSO tells under the key of a request, and tell the asker.

    ``csos``: for whom the caller speaks; the request was put to one of them.

    A repeat is answered and not told again; what comes after the time-out still counts.

    :raises OutcomeUnknown: no such key, or another CSO's: both look the same.
    """
    key = hashlib.sha256(callback_key.encode()).hexdigest()
    return _take(told, csos=csos, now=now, callback_sha256=key)


def outcome_of(
    request_id: UUID, told: RemoteOutcome, *, csos: Iterable[Party], now: datetime
) -> Outcome:
    """The same by our id of the request, for a CSO that reads its requests here.

    :raises OutcomeUnknown: no such request of this CSO.
    """
    return _take(told, csos=csos, now=now, id=request_id)


def time_out(*, now: datetime) -> int:
    """Close what waited past its deadline and tell the askers; run by the clock. How many.

    What a killed process left without an answer was not reached, as far as its asker knows.
    """
    unanswered = RemoteRequest.objects.filter(
        id__gte=floor_of(now - _LOOK_BACK), asked_at__lt=now - _NOBODY_ANSWERS_SO_LATE, answer=""
    )
    unanswered.update(answer=RemoteRequest.Answer.NOT_REACHED, answered_at=now)
    waiting = RemoteRequest.objects.filter(answer="ACCEPTED", outcome="", deadline_at__lt=now)
    with transaction.atomic():
        late = waiting.select_for_update(of=("self",), skip_locked=True).order_by("deadline_at")
        due = list(late.select_related("csp", "cso", "session", "reservation")[:_AT_ONCE])
        for request in due:
            request.outcome, request.outcome_at = RemoteRequest.Outcome.TIMED_OUT, now
        RemoteRequest.objects.bulk_update(due, ["outcome", "outcome_at"])
        for request in due:
            _owe(request, now=now)
    for request in due:
        _tell(request, RemoteOutcome(outcome="TIMED_OUT"), now=now)
    return len(due)


def _take(told: RemoteOutcome, *, csos: Iterable[Party], now: datetime, **which: object) -> Outcome:
    with transaction.atomic():
        request = (
            RemoteRequest.objects.select_for_update(of=("self",))
            .select_related("csp", "cso", "session", "reservation")
            .filter(cso__in=list(csos), **which)
            .first()
        )
        if request is None:
            raise OutcomeUnknown("No request waits at this address.")
        verdict = judge_outcome(
            kind=request.kind, answer=request.answer, before=request.outcome, told=told.outcome
        )
        if verdict is OutcomeVerdict.TAKE:
            _store(request, told, now=now)
    if verdict is OutcomeVerdict.TAKE:
        _tell(request, told, now=now)
    return Outcome(request, verdict)


def _store(request: RemoteRequest, told: RemoteOutcome, *, now: datetime) -> None:
    request.answer = RemoteRequest.Answer.ACCEPTED
    request.outcome, request.outcome_at = told.outcome, now
    request.messages = [dict(message) for message in told.messages]
    if told.profile is not None:
        request.profile = msgspec.to_builtins(told.profile)
    request.save()
    _owe(request, now=now)
    state = reservation_after(kind=request.kind, outcome=told.outcome)
    if request.reservation is not None and state:
        reservations.set_state(request.reservation, state, now=now)


def _owe(request: RemoteRequest, *, now: datetime) -> None:
    """A message for an asker of our own API; a late outcome after a time-out is one more."""
    if request.encrypted_response_url is not None:
        return
    told = {"receiver": request.csp, "kind": Delivery.Kind.REMOTE, "subject_id": request.pk}
    version = Delivery.objects.filter(**told).count() + 1
    Delivery.objects.create(**told, subject_version=version, created_at=now)


def _tell(request: RemoteRequest, told: RemoteOutcome, *, now: datetime) -> None:
    """Once, outside of any transaction; where it cannot be told, the asker reads it."""
    url = response_url_of(request)
    if not url:
        deliveries.publish([request.csp_id])
        return
    try:
        endpoint = endpoint_of(request.csp)
        path = Route(
            endpoint=endpoint,
            sender=request.cso,
            receiver=request.csp,
            correlation_id=request.correlation_id,
        )
        gateway_of(endpoint.protocol).tell_outcome(path, _as_asked(request, url), told)
    except NotReached:
        return
    RemoteRequest.objects.filter(pk=request.pk).update(told_at=now)


def _as_asked(request: RemoteRequest, url: str) -> RemoteAsk:
    return RemoteAsk(
        kind=request.kind,  # type: ignore[arg-type]
        session_id=facts_of(request.session).session_id if request.session else "",
        reservation_id=request.reservation.reservation_id if request.reservation else "",
        response_url=url,
        correlation_id=request.correlation_id,
    )
