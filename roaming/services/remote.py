"""Remote start and stop, reservations, unlocking, charging profiles: asked of a CSO from afar.

Two stages: the CSO answers at once, and tells what became of it later, at an address of ours that
nobody can guess. Passed on at once or not at all: nothing is queued, nothing is tried again.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction

from clearinghouse.sealing import Sealer
from clearinghouse.uuid7 import uuid7_at
from partners.models import Party
from roaming.gateways import NotReached, Route, gateway_of
from roaming.messages.sessions import RemoteAnswer, RemoteAsk
from roaming.models import RemoteRequest
from roaming.services import reservations
from roaming.services.drivers import known_as
from roaming.services.endpoints import endpoint_of
from roaming.services.remote_routes import Target, route

ANSWER_WITHIN_S = 10.0
# How long we wait for an outcome whatever the CSO says.
_SHORTEST, _LONGEST = timedelta(seconds=5), timedelta(minutes=10)
_PURPOSE = "response-url"
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was stored, what the CSO answered, and why it could not be asked if so."""

    request: RemoteRequest
    answer: RemoteAnswer
    failure: NotReached | None = None


def ask(
    asked: RemoteAsk,
    *,
    csp: Party,
    cso: Party | None = None,
    clock: Clock,
) -> Asked:
    """Pass a request on to the CSO that it concerns, and give its answer.

    ``cso`` is whom the asker names, None: nobody. ``clock`` tells the time, before and after.

    :raises RemoteRefused: it is not passed on; nothing was stored.
    """
    now = clock()
    key = secrets.token_urlsafe(32)
    with transaction.atomic():
        target = route(asked, csp=csp, cso=cso, now=now)
        request = _store(asked, target, csp, key, now=now)
    failure = None
    try:
        passed_on = _passed_on(asked, target, request, key)
        answer = _put(passed_on, request, target)
    except NotReached as error:
        failure = error
        answer = RemoteAnswer(answer="NOT_REACHED")
    request = _answered(request.pk, answer, now=clock())
    return Asked(request, answer, failure)


def response_url_of(request: RemoteRequest) -> str:
    """Where the asker wants to be told the outcome; "": it will read it."""
    if request.encrypted_response_url is None:
        return ""
    return _sealer().open(bytes(request.encrypted_response_url)).decode()


def callback_hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _store(
    asked: RemoteAsk, target: Target, csp: Party, key: str, *, now: datetime
) -> RemoteRequest:
    pseudonym = known_as(asked.driver, csp.pk).pseudonym
    if target.session is not None:
        pseudonym = target.session.pseudonym
    reservation = target.reservation
    if asked.kind == RemoteRequest.Kind.RESERVE:
        reservation = reservations.asked_for(
            asked, csp=csp, cso=target.cso, pseudonym=pseudonym, now=now
        )
    sealed = _sealer().seal(asked.response_url.encode()) if asked.response_url else None
    return RemoteRequest.objects.create(
        id=uuid7_at(now),
        csp=csp,
        cso=target.cso,
        environment=csp.environment,
        kind=asked.kind,
        session=target.session,
        reservation=reservation,
        location_id=asked.location_id or (target.session.location_id if target.session else ""),
        evse_uid=asked.evse_uid or (target.session.evse_uid if target.session else ""),
        connector_id=asked.connector_id,
        pseudonym=pseudonym,
        authorization_reference=asked.authorization_reference,
        callback_sha256=callback_hash(key),
        encrypted_response_url=sealed,
        asked_at=now,
        deadline_at=now + _LONGEST,
        correlation_id=asked.correlation_id[:64],
    )


def _passed_on(asked: RemoteAsk, target: Target, request: RemoteRequest, key: str) -> RemoteAsk:
    """What the CSO is asked: in its own words for the session, with our key for the outcome."""
    changes: dict[str, Any] = {
        "request_id": str(request.pk),
        "callback_key": key,
        "response_url": "",
    }
    if request.reservation is not None:
        changes["reservation_number"] = request.reservation.number or 0
    if target.session is not None:
        own = target.session.aliases.filter(party=target.cso).first()
        changes["session_id"] = own.alias if own else str(target.session.pk)
    return msgspec.structs.replace(asked, **changes)


def _put(asked: RemoteAsk, request: RemoteRequest, target: Target) -> RemoteAnswer:
    endpoint = endpoint_of(target.cso)
    path = Route(
        endpoint=endpoint,
        sender=request.csp,
        receiver=target.cso,
        correlation_id=asked.correlation_id,
    )
    return gateway_of(endpoint.protocol).ask(path, asked, timeout_s=ANSWER_WITHIN_S)


def _answered(request_id: UUID, answer: RemoteAnswer, *, now: datetime) -> RemoteRequest:
    """Store the answer; an outcome that was faster stands, and proves that it was accepted."""
    with transaction.atomic():
        request = (
            RemoteRequest.objects.select_for_update(of=("self",))
            .select_related("csp", "cso", "session", "reservation")
            .get(pk=request_id)
        )
        if not request.outcome:
            request.answer = answer.answer
            request.messages = [dict(message) for message in answer.messages]
        wait = timedelta(seconds=answer.timeout_s)
        request.answered_at = now
        request.deadline_at = now + min(max(wait, _SHORTEST), _LONGEST)
        request.save()
        is_accepted = request.answer == RemoteRequest.Answer.ACCEPTED
        if request.reservation and not is_accepted and request.kind == RemoteRequest.Kind.RESERVE:
            reservations.refuse_unanswered(request.reservation, now=now)
    return request


def _sealer() -> Sealer:
    return Sealer(settings.PERSONAL_DATA_KEY, purpose=_PURPOSE)
