"""Service sessions as their two sides read them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from roaming.messages import plain
from roaming.messages.authorizations import ShownCredential
from roaming.models import ServiceSession
from roaming.services.session_facts import facts_of_many


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A service session. ``id`` is ours; ``session_id`` its CSO's; the driver is for its CSP."""

    id: UUID
    session_id: str
    cso_id: str
    csp_id: str
    state: str
    version: int
    driver: ShownCredential | None
    pseudonym: str
    authorization_method: str
    authorization_reference: str
    location_id: str
    evse_uid: str
    evse_id: str
    connector_id: str
    started_at: datetime | None
    ended_at: datetime | None
    energy_kwh: Decimal | None
    currency: str
    total_excl_tax: Decimal | None
    total_incl_tax: Decimal | None
    updated_at: datetime
    received_at: datetime


class SessionMoveRow(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a session."""

    version: int
    from_state: str
    to_state: str
    energy_kwh: Decimal | None
    at: datetime


class SessionAliasRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one side calls the session."""

    party: str
    alias: str


class SessionDetail(SessionRow, frozen=True, kw_only=True):
    """With its changes, its other names, and what its CSO told in words of its own."""

    moves: list[SessionMoveRow]
    aliases: list[SessionAliasRow]
    document: dict[str, Any]
    document_format: str


class SessionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. ``next`` is the address of the next page, null on the last one."""

    results: list[SessionRow]
    next: str | None


def rows_of(sessions: Sequence[ServiceSession], reads: Collection[UUID]) -> list[SessionRow]:
    """``reads``: the reader's parties; the driver is shown where the CSP is one of them."""
    return [SessionRow(**fields) for fields in _fields(sessions, reads)]


def detail_of(session: ServiceSession, reads: Collection[UUID]) -> SessionDetail:
    (fields,) = _fields([session], reads)
    moves = [
        SessionMoveRow(
            version=move.version,
            from_state=move.state_before,
            to_state=move.state,
            energy_kwh=plain(move.energy_kwh),
            at=move.moved_at,
        )
        for move in session.moves.order_by("version")
    ]
    aliases = [
        SessionAliasRow(party=one.party.code, alias=one.alias)
        for one in session.aliases.select_related("party").order_by("id")
    ]
    return SessionDetail(
        **fields,
        moves=moves,
        aliases=aliases,
        document=session.document,
        document_format=session.document_format,
    )


def _fields(sessions: Sequence[ServiceSession], reads: Collection[UUID]) -> list[dict[str, Any]]:
    told = []
    for session, facts in zip(sessions, facts_of_many(sessions), strict=True):
        told.append(
            {
                "id": session.pk,
                "session_id": facts.session_id,
                "cso_id": session.cso.code,
                "csp_id": facts.csp_code,
                "state": session.state,
                "version": session.version,
                "driver": facts.driver if session.csp_id in reads else None,
                "pseudonym": session.pseudonym,
                "authorization_method": session.authorization_method,
                "authorization_reference": session.authorization_reference,
                "location_id": session.location_id,
                "evse_uid": session.evse_uid,
                "evse_id": session.evse_id,
                "connector_id": session.connector_id,
                "started_at": session.started_at,
                "ended_at": session.ended_at,
                "energy_kwh": plain(session.energy_kwh),
                "currency": session.currency,
                "total_excl_tax": plain(session.total_excl_tax),
                "total_incl_tax": plain(session.total_incl_tax),
                "updated_at": session.updated_at,
                "received_at": session.received_at,
            }
        )
    return told
