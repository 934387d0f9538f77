"""Credentials and the question whether somebody may charge, in our words."""

from datetime import datetime
from typing import Any, Literal

import msgspec

CredentialKindWord = Literal["RFID", "APP", "USER_NAME", "CERTIFICATE", "AD_HOC", "OTHER"]
OfflinePolicyWord = Literal["ALWAYS", "ALLOWED", "ALLOWED_OFFLINE", "NEVER"]
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


class AuthorizationQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """May this credential charge there? ``is_stop``: the same user wants to end."""

    shown: ShownCredential
    where: WhereCharged | None = None
    is_stop: bool = False
    asked_at: datetime
    correlation_id: str = ""


class AuthorizationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The CSP's answer. ``document`` is what else it said, in the words of ``document_format``."""

    decision: DecisionWord
    reference: str = ""
    reason: str = ""
    where: WhereCharged | None = None
    valid_until_at: datetime | None = None
    contract_id: str = ""
    document: dict[str, Any] = {}
    document_format: str = ""
