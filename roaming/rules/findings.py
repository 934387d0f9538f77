"""The words in which rules speak: findings, facts, and the registry's entry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias, TypedDict

from roaming.rules.record import InboundSdr

Severity: TypeAlias = Literal["REJECT", "HOLD", "WARN"]
Fact: TypeAlias = Literal[
    "agreement", "buyer", "contract_id", "energy", "max_power", "period", "evse"
]


class Override(TypedDict):
    """An agreement's word on one rule: another severity, and why."""

    severity: Severity
    reason: str


class Found(NamedTuple):
    """A rule's word: what is wrong. ``severity`` only where it differs from the rule's own."""

    message: str
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What an agreement version says that rules need. Days are after the service end."""

    agreement_id: str
    buyer_id: str
    mode: str
    currency: str
    acceptance: str
    starts_at: datetime
    ends_at: datetime | None
    evse_registry: str
    warn_after_days: int | None
    refuse_after_days: int | None
    overrides: Mapping[str, "Override"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the tables know about one record. Missing knowledge is ``None``, never a guess."""

    received_at: datetime
    seller_is_known: bool
    sender_may_act: bool
    seller_state: str
    buyer_is_known: bool
    buyer_state: str
    terms: Terms | None
    currencies_agreed: tuple[str, ...] = ()
    session_holder: str = ""
    conflicts_with: str = ""


Check: TypeAlias = Callable[[InboundSdr, Facts], Found | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One public V-code: a pure check, what it costs a record, and how to mend it.

    ``is_fixed``: the tables themselves insist on it (two sides, one agreement, an end, one live
    record per session), so no agreement can soften it. ``needs`` names the facts without which
    the rule is NOT_APPLICABLE: stored and shown, never a silent pass and never a hold.
    """

    code: str
    severity: Severity
    field: str
    title: str
    remedy: str
    check: Check
    needs: tuple[Fact, ...] = ()
    limit: str = ""
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule with the severity that counts after the agreement's overrides."""

    code: str
    severity: Severity
    field: str
    message: str
    override_reason: str = ""
