"""Remote requests and reservations as their two sides read them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from roaming.models import RemoteRequest, Reservation


class RemoteRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a CSP asked of a CSO. ``answer`` comes at once, ``outcome`` from the station later."""

    id: UUID
    kind: str
    csp_id: str
    cso_id: str
    session: UUID | None
    reservation: UUID | None
    location_id: str
    evse_uid: str
    connector_id: str
    pseudonym: str
    authorization_reference: str
    asked_at: datetime
    deadline_at: datetime
    answer: str
    answered_at: datetime | None
    outcome: str
    outcome_at: datetime | None
    messages: list[dict[str, str]]
    profile: dict[str, Any]


class RemoteDetail(RemoteRow, frozen=True, kw_only=True):
    """``failure`` says why the CSO could not be asked, or how it refused; empty otherwise."""

    failure: str = ""


class RemotePage(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. ``next`` is the address of the next page, null on the last one."""

    results: list[RemoteRow]
    next: str | None


class ReservationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A place kept for a driver. ``reservation_id`` is its CSP's."""

    id: UUID
    reservation_id: str
    csp_id: str
    cso_id: str
    location_id: str
    evse_uid: str
    pseudonym: str
    state: str
    expires_at: datetime
    created_at: datetime
    changed_at: datetime


class ReservationPage(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. ``next`` is the address of the next page, null on the last one."""

    results: list[ReservationRow]
    next: str | None


def row_of(request: RemoteRequest) -> RemoteRow:
    return RemoteRow(**_fields(request))


def detail_of(request: RemoteRequest, *, failure: str = "") -> RemoteDetail:
    return RemoteDetail(**_fields(request), failure=failure)


def reservation_row(kept: Reservation) -> ReservationRow:
    return ReservationRow(
        id=kept.pk,
        reservation_id=kept.reservation_id,
        csp_id=kept.csp.code,
        cso_id=kept.cso.code,
        location_id=kept.location_id,
        evse_uid=kept.evse_uid,
        pseudonym=kept.pseudonym,
        state=kept.state,
        expires_at=kept.expires_at,
        created_at=kept.created_at,
        changed_at=kept.changed_at,
    )


def _fields(request: RemoteRequest) -> dict[str, Any]:
    return {
        "id": request.pk,
        "kind": request.kind,
        "csp_id": request.csp.code,
        "cso_id": request.cso.code,
        "session": request.session_id,
        "reservation": request.reservation_id,
        "location_id": request.location_id,
        "evse_uid": request.evse_uid,
        "connector_id": request.connector_id,
        "pseudonym": request.pseudonym,
        "authorization_reference": request.authorization_reference,
        "asked_at": request.asked_at,
        "deadline_at": request.deadline_at,
        "answer": request.answer,
        "answered_at": request.answered_at,
        "outcome": request.outcome,
        "outcome_at": request.outcome_at,
        "messages": request.messages,
        "profile": request.profile,
    }
