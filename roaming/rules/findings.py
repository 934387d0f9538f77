"""The words in which rules speak: findings, facts, and the registry's entry."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias, TypedDict

from roaming.rules.facts import (
    AuthorizationFact,
    CredentialFact,
    EvseFact,
    MeterKeyFact,
    Neighbours,
    OriginalFact,
    PriceFact,
    SenderDay,
    SignedFact,
    VatFact,
)
from roaming.rules.record import InboundSdr

Severity: TypeAlias = Literal["REJECT", "HOLD", "WARN"]
Fact: TypeAlias = Literal[
    "agreement",
    "buyer",
    "contract_id",
    "contract_csp",
    "energy",
    "max_power",
    "period",
    "evse",
    "evse_entry",
    "evse_registry",
    "meter_key",
    "meter_key_registry",
    "credential",
    "credential_registry",
    "authorization",
    "authorization_registry",
    "signed",
    "neighbours",
    "periods",
    "meter",
    "price",
    "vat",
    "sender_day",
    "location_country",
    "original",
    "euro",
    "local_time",
]
Limits: TypeAlias = Mapping[str, Decimal]


class Override(TypedDict, total=False):
    """Another word on one rule: another severity, other limits, and why."""

    severity: Severity
    limits: dict[str, str]
    reason: str


class Found(NamedTuple):
    """A rule's word: what is wrong. ``severity`` only where it differs from the rule's own.

    ``measured`` and ``limit`` are the two figures that were compared, as text with their unit.
    """

    message: str
    severity: Severity | None = None
    measured: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an agreement version says that rules need. Days are after the service end.

    ``overrides`` are those that count: the partner's, the agreement's own, its dated ones, in
    order of strength, already merged.
    """

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
    overrides: Mapping[str, "Override"] = dataclasses.field(default_factory=dict)
    meter_key_registry: str = "IF_PRESENT"
    credential_registry: str = "IF_PRESENT"
    authorization_registry: str = "IF_PRESENT"
    acceptance_days: int = 10
    # The calendar of the settlement group, on which its books close.
    is_weekly: bool = False
    time_zone: str = ""
    price_basis: str = "EXCL_TAX"
    rating: str = "CLAIM"
    price_tolerances: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tariff_extras: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the tables know about one record. Missing knowledge is ``None``, never a guess.

    ``local_times``: start and end as the clocks of a named zone told them, without an offset;
    None where the record told offsets. ``contract_csp``: the party here whose provider id the
    contract carries, the buyer where both are one partner's; None where none is here.
    ``energy_decimals``: how finely the protocol tells kWh. ``…_service_ends_at``: of a side that
    leaves or left, the first instant that is not served any more.
    """

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
    evse: EvseFact | None = None
    meter_key: MeterKeyFact | None = None
    credential: CredentialFact | None = None
    authorization: AuthorizationFact | None = None
    signed: SignedFact | None = None
    neighbours: Neighbours | None = None
    original: OriginalFact | None = None
    sender_day: SenderDay | None = None
    price: PriceFact | None = None
    vat: VatFact | None = None
    batch_gap: str = ""
    local_times: tuple[datetime, ...] | None = None
    contract_csp: str | None = None
    energy_decimals: int = 3
    seller_service_ends_at: datetime | None = None
    buyer_service_ends_at: datetime | None = None


Check: TypeAlias = Callable[[InboundSdr, Facts, Limits], Found | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One public V-code: a pure check, what it costs a record, and how to mend it.

    ``limits`` are its thresholds by name, units last; an override may change them. ``is_fixed``:
    the tables themselves insist on it (two sides, one agreement, an end, one live record per
    session), so no agreement can soften it. ``needs`` names the facts without which the rule is
    NOT_APPLICABLE: stored and shown, never a silent pass and never a hold. ``heals``: master data
    that arrives later may cure it, so a held record is validated again.
    """

    code: str
    severity: Severity
    field: str
    title: str
    remedy: str
    check: Check
    needs: tuple[Fact, ...] = ()
    limit: str = ""
    limits: Mapping[str, Decimal] = dataclasses.field(default_factory=dict)
    is_fixed: bool = False
    heals: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule with the severity that counts after the agreement's overrides."""

    code: str
    severity: Severity
    field: str
    message: str
    override_reason: str = ""
    measured: str = ""
    limit: str = ""
