"""Credentials and the question whether somebody may charge, in our words."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

CredentialKindWord = Literal["RFID", "APP", "USER_NAME", "CERTIFICATE", "AD_HOC", "OTHER"]
OfflinePolicyWord = Literal["ALWAYS", "ALLOWED", "ALLOWED_OFFLINE", "NEVER"]
CertificateStatusWord = Literal["GOOD", "REVOKED", "UNKNOWN"]
DecidedByWord = Literal["CSP", "WHITELIST", "POLICY"]
FailureWord = Literal["", "TIMED_OUT", "AWAY", "BROKEN", "UNABLE", "REFUSED"]
DecisionWord = Literal[
    "ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED", "UNKNOWN", "NOT_REACHED"
]


class ShownCredential(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody shows at a station. Personal: never logged, never stored in the clear.

    ``uid`` is the card's number, the user name, or of a CERTIFICATE the contract id (EMAID);
    ``uid_sha256`` stands in its place where its CSP published only that.
    """

    kind: CredentialKindWord
    uid: str = ""
    uid_sha256: str = ""
    contract_id: str = ""


class PublishedCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential as its CSP publishes it. ``personal`` is sealed as a whole."""

    shown: ShownCredential
    wire_kind: str = ""
    is_valid: bool
    offline_policy: OfflinePolicyWord
    group_id: str = ""
    ends_at: datetime | None = None
    updated_at: datetime
    personal: dict[str, Any] = {}
    document_format: str = ""


class WhereCharged(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody wants to charge; ``evse_uids`` empty: anywhere at the location."""

    location_id: str = ""
    evse_uids: tuple[str, ...] = ()
    connector_ids: tuple[str, ...] = ()
    evse_id: str = ""


class CertificateEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the CSO found of a contract certificate: its end, and whether it was revoked."""

    ends_at: datetime | None = None
    status: CertificateStatusWord = "UNKNOWN"


class AuthorizationQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """May this credential charge there? ``is_stop``: the same user wants to end."""

    shown: ShownCredential
    where: WhereCharged | None = None
    is_stop: bool = False
    asked_at: datetime
    correlation_id: str = ""
    certificate: CertificateEvidence | None = None


class AuthorizationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The CSP's answer. ``document`` is what else it said, in the words of ``document_format``.

    ``credential``: what it says of the credential along with its answer, if it does.
    """

    decision: DecisionWord
    reference: str = ""
    reason: str = ""
    where: WhereCharged | None = None
    valid_until_at: datetime | None = None
    contract_id: str = ""
    credential: PublishedCredential | None = None
    document: dict[str, Any] = {}
    document_format: str = ""


class AuthorizationDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a question. ``reference`` is what the CSO names in its session and record.

    ``failure`` says how the CSP was not reached; ``status_code`` is what its protocol then said.
    ``entry_id`` is the credential as its CSP published it, where it did; ``is_repeated``: the same
    question was answered before.
    """

    decision: DecisionWord
    decided_by: DecidedByWord
    reason: str = ""
    reference: str = ""
    csp_id: UUID | None = None
    csp_code: str = ""
    session_id: UUID | None = None
    request_id: UUID
    asked_at: datetime
    answered_at: datetime
    partner_ms: int | None = None
    failure: FailureWord = ""
    status_code: int | None = None
    entry_id: UUID | None = None
    answer: AuthorizationAnswer | None = None
    is_repeated: bool = False
