"""What is asked and answered over the native API: may somebody charge?"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from roaming.messages.authorizations import (
    AuthorizationDecision,
    AuthorizationQuestion,
    CertificateEvidence,
    CredentialKindWord,
    DecidedByWord,
    DecisionWord,
    OfflinePolicyWord,
    PublishedCredential,
    ShownCredential,
    WhereCharged,
)
from roaming.models import AuthorizationRequest
from roaming.rules.record import Code

Text = Annotated[str, msgspec.Meta(max_length=255)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^([0-9A-Fa-f]{64})?$")]


class AskedAuthorization(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """May this credential charge there?"""

    cso_id: Code
    kind: CredentialKindWord
    uid: Text = ""
    uid_sha256: Sha256 = ""
    contract_id: Text = ""
    csp_id: Code = ""
    location_id: Annotated[str, msgspec.Meta(max_length=100)] = ""
    evse_uid: Annotated[str, msgspec.Meta(max_length=100)] = ""
    evse_id: Annotated[str, msgspec.Meta(max_length=60)] = ""
    connector_id: Annotated[str, msgspec.Meta(max_length=60)] = ""
    is_stop: bool = False
    certificate: CertificateEvidence | None = None
    correlation_id: Annotated[str, msgspec.Meta(max_length=64)] = ""


class AuthorizationAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided."""

    request_id: UUID
    decision: DecisionWord
    decided_by: DecidedByWord
    reason: str
    reference: str
    session_id: UUID | None
    csp_id: str
    asked_at: datetime
    answered_at: datetime
    is_repeated: bool = False


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One decision, as each of its two sides may read it. Nobody's credential is told."""

    request_id: UUID
    cso_id: str
    csp_id: str
    kind: str
    pseudonym: str
    location_id: str
    evse_id: str
    is_stop: bool
    decision: DecisionWord
    decided_by: DecidedByWord
    reason: str
    reference: str
    session_id: UUID | None
    asked_at: datetime
    answered_at: datetime


class AuthorizationPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    results: list[DecisionRow]
    next: str | None


class ListedCredential(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A credential as its CSP publishes it."""

    kind: CredentialKindWord
    uid: Text = ""
    uid_sha256: Sha256 = ""
    contract_id: Text = ""
    is_valid: bool
    offline_policy: OfflinePolicyWord
    updated_at: datetime
    group_id: Text = ""
    ends_at: datetime | None = None
    personal: dict[str, Any] = {}


class CredentialResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one credential, in the order that was sent."""

    entry_id: UUID
    outcome: Literal["created", "updated", "unchanged", "stale"]


class WhitelistAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``ended``: entries that a whole list lacked."""

    received: int
    ended: int
    last_sequence: int
    results: list[CredentialResult]


class CredentialChange(msgspec.Struct, frozen=True, kw_only=True):
    """The newest state of a credential that changed."""

    entry_id: UUID
    sequence: int
    kind: str
    uid: str
    uid_sha256: str
    contract_id: str
    is_valid: bool
    offline_policy: str
    group_id: str
    ends_at: datetime | None
    updated_at: datetime


class WhitelistPage(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of one CSP's list, in their order."""

    results: list[CredentialChange]
    last_sequence: int
    next: str | None


def question_of(asked: AskedAuthorization, *, now: datetime) -> AuthorizationQuestion:
    """The question in the domain's words."""
    where = WhereCharged(
        location_id=asked.location_id,
        evse_uids=(asked.evse_uid,) if asked.evse_uid else (),
        connector_ids=(asked.connector_id,) if asked.connector_id else (),
        evse_id=asked.evse_id,
    )
    return AuthorizationQuestion(
        shown=ShownCredential(
            kind=asked.kind,
            uid=asked.uid,
            uid_sha256=asked.uid_sha256,
            contract_id=asked.contract_id,
        ),
        where=where,
        is_stop=asked.is_stop,
        asked_at=now,
        correlation_id=asked.correlation_id,
        certificate=asked.certificate,
    )


def answered(decision: AuthorizationDecision) -> AuthorizationAnswered:
    return AuthorizationAnswered(
        request_id=decision.request_id,
        decision=decision.decision,
        decided_by=decision.decided_by,
        reason=decision.reason,
        reference=decision.reference,
        session_id=decision.session_id,
        csp_id=decision.csp_code,
        asked_at=decision.asked_at,
        answered_at=decision.answered_at,
        is_repeated=decision.is_repeated,
    )


def row_of(request: AuthorizationRequest) -> DecisionRow:
    return DecisionRow(
        request_id=request.pk,
        cso_id=request.cso.code,
        csp_id=request.csp.code if request.csp else "",
        kind=request.kind,
        pseudonym=request.pseudonym,
        location_id=request.location_id,
        evse_id=request.evse_id,
        is_stop=request.is_stop,
        decision=request.decision,  # type: ignore[arg-type]
        decided_by=request.decided_by,  # type: ignore[arg-type]
        reason=request.reason,
        reference=request.reference,
        session_id=request.session_id,
        asked_at=request.asked_at,
        answered_at=request.answered_at,
    )


def credential_of(listed: ListedCredential) -> PublishedCredential:
    return PublishedCredential(
        shown=ShownCredential(
            kind=listed.kind,
            uid=listed.uid,
            uid_sha256=listed.uid_sha256,
            contract_id=listed.contract_id,
        ),
        is_valid=listed.is_valid,
        offline_policy=listed.offline_policy,
        group_id=listed.group_id,
        ends_at=listed.ends_at,
        updated_at=listed.updated_at,
        personal=listed.personal,
    )
