"""Facts that registries, neighbours and signed data supply to the rules. All optional."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseFact:
    """The registry's entry of the EVSE at session start.

    ``owner_code``: the CSO that holds it then, which need not be the seller. ``is_out_of_order``:
    reported so for the whole session.
    """

    owner_code: str
    country_code: str = ""
    time_zone: str = ""
    current_type: str = ""
    connector_types: tuple[str, ...] = ()
    max_power_kw: Decimal | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_out_of_order: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterKeyFact:
    """The registered meter and key of the EVSE at session start."""

    meter_id: str
    public_key: str
    was_exchanged_in_session: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFact:
    """What the CSP's list says about the contract. ``is_known`` false: the list lacks it."""

    is_known: bool
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    blocked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationFact:
    """The trace of an authorization; ``is_known`` false: the parties keep them, none fits."""

    is_known: bool
    is_granted: bool = False
    csp_code: str = ""
    authorized_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFact:
    """The verdict over the record's signed meter data, the worst of its values."""

    verdict: str
    reason: str = ""
    energy_kwh: Decimal | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    time_status: str = ""
    meter_status: str = ""
    error_flags: str = ""
    meter_id: str = ""
    has_begin: bool = True
    has_end: bool = True
    pagination_gap: bool = False
    readings_kwh: tuple[Decimal, ...] = ()
    identification: str = ""
    key_is_registered: bool | None = None
    reused_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Live records around this one, found set-based for a whole chunk. "" means none."""

    fuzzy_duplicate: str = ""
    overlaps_on_evse: str = ""
    overlap: timedelta = timedelta(0)
    parallel_of_contract: int = 0
    speed_kmh: Decimal | None = None
    far_session: str = ""
    previous_meter_end_kwh: Decimal | None = None
    previous_ended_at: datetime | None = None
    same_energy_in_a_row: int = 0
    median_drift_s: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalFact:
    """The record that a credit or replacement names, as it stands now."""

    record_id: str
    state: str
    csp_code: str
    currency: str
    claim_amount: Decimal | None
    energy_kwh: Decimal | None
    accepted_at: datetime | None = None
    is_credited: bool = False
    is_replaced: bool = False
    is_credit: bool = False
    session_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderDay:
    """How the sender's records of today fared so far, and its usual day."""

    received: int
    rejected: int
    usual: Decimal | None = None
    deviation: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VatFact:
    """VAT rates that a tariff tells, beside those of the country of charging on the day of its end.

    Fractions by kind of supply: ELECTRICITY or PARKING. ``of_country`` has every kind of ``told``.
    """

    country: str
    day: date
    told: Mapping[str, frozenset[Decimal]]
    of_country: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFact:
    """The clearing house's own price; ``None`` where neither side has told a tariff.

    Amounts are in the record's currency and on the agreement's price basis. ``tariff_is_valid``
    false: ``unrated_reason`` says why there is no price. ``tolerance_amount`` and
    ``tolerance_percent`` are the agreement's own. ``is_binding``: our price counts, not the claim.
    """

    tariff_is_valid: bool
    unrated_reason: str = ""
    is_binding: bool = False
    tolerance_amount: Decimal | None = None
    tolerance_percent: Decimal | None = None
    tariff_currency: str = ""
    amount: Decimal | None = None
    is_free: bool = False
    vat_rate: Decimal | None = None
    blocking_fee: Decimal | None = None
    blocking_fee_cap: Decimal | None = None
    blocking_in_grace: bool = False
    price_per_kwh: Decimal | None = None
    exposure_reached: bool = False
