"""Service sessions while they run: taken from their CSO, kept in order, told to their CSP.

The leading id is ours; what each side calls the session is an alias. What its CSO tells replaces
what it told before, unless it is older or the session is over. Nothing here bills: the record does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Q

from clearinghouse.retry import KeyTaken, in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Party
from roaming.intake.normal import normal_evse_id
from roaming.messages.sessions import SessionFacts
from roaming.models import (
    LocationEvse,
    RemoteRequest,
    ServiceSession,
    SessionAlias,
    SessionMove,
)
from roaming.rules.rating.stored import content_sha256
from roaming.rules.session_states import Known, Told, Verdict, judge
from roaming.services import drivers, reservations, session_sides
from roaming.services.drivers import KnownDriver
from roaming.services.session_facts import COLUMNS, facts_of, named

# How long after an authorization its session may begin.
AWAITED_FOR = timedelta(hours=4)
_LONGEST = {"session_id": 250, "location_id": 100, "evse_uid": 100, "connector_id": 60}
_LARGEST = Decimal(10) ** 12
_STEP = Decimal("0.000001")


class SessionRefused(Exception):
    """Nothing was written; ``code`` is stable."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class SessionUnknown(Exception):
    """The CSO has no such session."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a session that was told, and the session as it stands now."""

    session: ServiceSession
    verdict: Verdict
    is_new: bool = False

    @property
    def is_written(self) -> bool:
        return self.verdict is Verdict.WRITE


def take(told: SessionFacts, *, cso: Party, actor: str, now: datetime) -> Taken:
    """Create the CSO's session, or replace what is stored of it.

    :raises SessionRefused: UNKNOWN_CSP, NO_AGREEMENT, CSP_DIFFERS, ENDS_BEFORE_START or
        FIELD_TOO_LARGE; nothing was written.
    """
    _check(told)
    return in_transaction(
        lambda: _take(told, _locked(cso, told.session_id), cso=cso, actor=actor, now=now),
        also_retry=KeyTaken,
    )


def change(
    session_id: str,
    merge: Callable[[SessionFacts], SessionFacts],
    *,
    cso: Party,
    actor: str,
    now: datetime,
) -> Taken:
    """Change a session: ``merge`` makes the new facts of the stored ones, under a lock.

    :raises SessionUnknown: the CSO has none of this id.
    :raises SessionRefused: as ``take``.
    """

    def work() -> Taken:
        session = _locked(cso, session_id)
        if session is None:
            raise SessionUnknown(session_id)
        told = merge(facts_of(session))
        _check(told)
        return _take(told, session, cso=cso, actor=actor, now=now)

    return in_transaction(work, also_retry=KeyTaken)


def of_csp(told: SessionFacts, csp_code: str) -> SessionFacts:
    """The same session with its CSP named."""
    return msgspec.structs.replace(told, csp_code=csp_code)


def _check(told: SessionFacts) -> None:
    for name, most in _LONGEST.items():
        if len(getattr(told, name)) > most:
            raise SessionRefused("FIELD_TOO_LARGE", f"{name} has more than {most} characters.")
    if not told.session_id:
        raise SessionRefused("FIELD_TOO_LARGE", "session_id is empty.")
    for name in ("energy_kwh", "total_excl_tax", "total_incl_tax"):
        figure = getattr(told, name)
        if figure is not None and not (figure.is_finite() and abs(figure) < _LARGEST):
            raise SessionRefused("FIELD_TOO_LARGE", f"{name} is too large.")
    if told.started_at and told.ended_at and told.ended_at < told.started_at:
        raise SessionRefused("ENDS_BEFORE_START", "The session ends before it starts.")


def _locked(cso: Party, session_id: str) -> ServiceSession | None:
    return named(cso, session_id).select_for_update().first()


def _take(
    told: SessionFacts, session: ServiceSession | None, *, cso: Party, actor: str, now: datetime
) -> Taken:
    csp = _csp(told, session, cso, now)
    is_new = session is None
    driver = drivers.known_as(told.driver, csp.pk if csp else None)
    if session is None:
        session = _awaited(told, driver, cso, csp, now) or ServiceSession(
            id=uuid7_at(now), cso=cso, csp=csp, environment=cso.environment, state="", version=0
        )
        _name(session, cso, csp, told, now=now)
    verdict = judge(
        _known(session), Told(told.state, told.updated_at, _content(told, driver.contract_hash))
    )
    if verdict is Verdict.WRITE:
        driver = drivers.seal(
            told.driver, told.driver_document, csp_id=csp.pk if csp else None, now=now
        )
        _write(session, told, driver, csp, actor=actor, now=now)
    return Taken(session, verdict, is_new)


def _known(session: ServiceSession) -> Known | None:
    if not session.state:
        return None
    if session.state == ServiceSession.State.AUTHORIZED:
        return Known(session.state, None, "")
    told = {name: getattr(session, name) for name in COLUMNS}
    facts = SessionFacts(session_id="", **told)
    return Known(session.state, session.updated_at, _content(facts, session.contract_hash))


def _content(told: SessionFacts, contract_hash: str) -> str:
    """What a repeat is known by: all that is stored, but for how its id is spelt."""
    fields: dict[str, Any] = {name: _plain(getattr(told, name)) for name in COLUMNS}
    return content_sha256(fields | {"contract_hash": contract_hash})


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.quantize(_STEP).normalize():f}"
    return value.isoformat() if isinstance(value, datetime) else value


def _csp(
    told: SessionFacts, session: ServiceSession | None, cso: Party, now: datetime
) -> Party | None:
    """The CSP that the CSO names; else the stored one, that of its authorization or its driver."""
    stored = session.csp if session else None
    if told.csp_code:
        csp = session_sides.csp_by_code(told.csp_code, environment=cso.environment)
        if csp is None:
            raise SessionRefused("UNKNOWN_CSP", f"{told.csp_code} is no CSP that is known here.")
        if stored is not None and stored != csp:
            raise SessionRefused("CSP_DIFFERS", f"This session is of a driver of {stored.code}.")
    else:
        csp = stored or _csp_of_reference(told, cso)
        if csp is None and told.driver is not None:
            csp = session_sides.csp_of_driver(told.driver, cso, now=now)
    # A session that began under an agreement is told to its end.
    if csp is not None and csp != stored and not session_sides.have_agreed(cso, csp, now=now):
        raise SessionRefused("NO_AGREEMENT", f"{cso.code} and {csp.code} have no agreement.")
    return csp


def _csp_of_reference(told: SessionFacts, cso: Party) -> Party | None:
    if not told.authorization_reference:
        return None
    allowed = ServiceSession.objects.filter(
        cso=cso,
        state=ServiceSession.State.AUTHORIZED,
        authorization_reference=told.authorization_reference,
    )
    csps = {row.csp for row in allowed.select_related("csp")[:2]}
    return csps.pop() if len(csps) == 1 else None


def _awaited(
    told: SessionFacts, driver: KnownDriver, cso: Party, csp: Party | None, now: datetime
) -> ServiceSession | None:
    """The session that an authorization opened: of its reference, else of this driver here."""
    if csp is None:
        return None
    waiting = (
        ServiceSession.objects.select_for_update()
        .filter(cso=cso, csp=csp, state=ServiceSession.State.AUTHORIZED)
        .order_by("-id")
    )
    if told.authorization_reference:
        found = waiting.filter(authorization_reference=told.authorization_reference).first()
        if found is not None:
            return found
    if not driver.contract_hash:
        return None
    here = Q(evse_uid__in=["", told.evse_uid], location_id__in=["", told.location_id])
    lately = Q(received_at__gte=now - AWAITED_FOR)
    return waiting.filter(here, lately, contract_hash=driver.contract_hash).first()


def _name(
    session: ServiceSession, cso: Party, csp: Party | None, told: SessionFacts, *, now: datetime
) -> None:
    """Give the session its CSO's id and its CSP's reference; a new one is stored first."""
    if session._state.adding:
        session.updated_at, session.received_at = told.updated_at, now
        session.state, session.document = told.state, {}
        session.save(force_insert=True)
        session.state = ""
    try:
        with transaction.atomic():
            SessionAlias.objects.create(session=session, party=cso, alias=told.session_id)
    except IntegrityError as error:
        raise KeyTaken("session_alias_means_one_session_of_a_party") from error
    if csp is not None and told.authorization_reference:
        # A reference that the CSP gave twice names the first of its sessions.
        SessionAlias.objects.bulk_create(
            [SessionAlias(session=session, party=csp, alias=told.authorization_reference)],
            ignore_conflicts=True,
        )


def _write(
    session: ServiceSession,
    told: SessionFacts,
    driver: KnownDriver,
    csp: Party | None,
    *,
    actor: str,
    now: datetime,
) -> None:
    before = session.state
    for name in COLUMNS:
        setattr(session, name, getattr(told, name))
    # What the CSO leaves out stays known from the authorization.
    session.csp = csp
    if driver.identity_hash:
        session.kind, session.pseudonym, session.contract_hash, session.identity_hash = driver
    session.evse_id = _evse_id(session)
    session.version += 1
    session.received_at = now
    session.save()
    SessionMove.objects.create(
        id=uuid7_at(now),
        session=session,
        version=session.version,
        state_before=before,
        state=session.state,
        energy_kwh=session.energy_kwh,
        actor=actor[:150],
        moved_at=now,
    )
    if before in ("", ServiceSession.State.AUTHORIZED):
        _link_requests(session)
    if session.state == ServiceSession.State.ACTIVE != before:
        reservations.use(session, now=now)


def _evse_id(session: ServiceSession) -> str:
    found = LocationEvse.objects.filter(
        cso=session.cso_id,
        evse_uid__iexact=session.evse_uid,
        location__location_id__iexact=session.location_id,
    )
    known = found.values_list("evse_id", flat=True).first()
    return known or normal_evse_id(session.evse_uid) or session.evse_id


def _link_requests(session: ServiceSession) -> None:
    """A remote start that stated the same reference has led to this session."""
    if session.csp_id and session.authorization_reference:
        RemoteRequest.objects.filter(
            kind=RemoteRequest.Kind.START,
            csp=session.csp_id,
            cso=session.cso_id,
            session__isnull=True,
            authorization_reference=session.authorization_reference,
        ).update(session=session)
