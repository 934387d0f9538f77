"""Stored sessions in our words, with their drivers opened, for whoever may read them."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from django.db.models import F, QuerySet

from partners.models import Party
from roaming.messages.authorizations import ShownCredential
from roaming.messages.sessions import SessionFacts
from roaming.models import ServiceSession, SessionAlias
from roaming.services import drivers

# What a CSO tells of a session and is stored beside its ids, its sides and its driver.
COLUMNS = (
    "state authorization_method authorization_reference location_id evse_uid connector_id"
    " started_at ended_at energy_kwh currency total_excl_tax total_incl_tax updated_at document"
    " document_format"
).split()


def find(session_id: str, *, cso: Party) -> ServiceSession | None:
    """The CSO's session under the CSO's own id."""
    return named(cso, session_id).select_related("cso", "csp").first()


def named(cso: Party, session_id: str) -> QuerySet[ServiceSession]:
    """The CSO's session of this id, if there is one; case does not count."""
    aliases = SessionAlias.objects.filter(party=cso, alias__iexact=session_id)
    return ServiceSession.objects.filter(pk__in=aliases.values("session"), cso=cso)


def facts_of(session: ServiceSession) -> SessionFacts:
    """A session in our words, with its driver opened; an erased one is missing."""
    return facts_of_many([session])[0]


def facts_of_many(sessions: Sequence[ServiceSession]) -> list[SessionFacts]:
    """Several sessions with their drivers and their CSOs' ids, in two queries."""
    opened = drivers.open_many({session.identity_hash for session in sessions})
    own = SessionAlias.objects.filter(session__in=sessions, party=F("session__cso"))
    ids: dict[UUID, str] = dict(own.values_list("session", "alias"))
    facts = []
    for session in sessions:
        driver = opened.get(session.identity_hash)
        stored = {name: getattr(session, name) for name in COLUMNS}
        facts.append(
            SessionFacts(
                session_id=ids.get(session.pk, str(session.pk)),
                csp_code=session.csp.code if session.csp else "",
                driver=_of_kind(driver.shown, session.kind) if driver else None,
                driver_document=driver.document if driver else {},
                **stored,
            )
        )
    return facts


def _of_kind(shown: ShownCredential, kind: str) -> ShownCredential:
    """What was sealed with a list says no kind; the session does."""
    return msgspec.structs.replace(shown, kind=kind) if kind else shown
