"""The record that rules speak about: what a sender may tell us about one service session.

Field names are the native API's JSON keys and the targets of a CSV profile. After
reference "SDR field union" of IEC 63119 (own profile); decimals travel as strings.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Id = Annotated[str, msgspec.Meta(max_length=100)]
Code = Annotated[str, msgspec.Meta(max_length=20)]
Long = Annotated[str, msgspec.Meta(max_length=255)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Count = Annotated[int, msgspec.Meta(ge=0, le=32767)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)]
ItemKind = Literal["ENERGY", "TIME", "PARKING", "RESERVATION", "FEE"]


class InboundItem(msgspec.Struct, frozen=True, kw_only=True):
    """One priced part of a session. ``quantity`` is kWh for ENERGY, hours for the timed kinds."""

    kind: ItemKind
    amount: Decimal
    quantity: Decimal | None = None
    unit_price: Decimal | None = None


class InboundPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A slice of the session with constant conditions."""

    started_at: Instant
    energy_kwh: Decimal = Decimal(0)
    duration_s: Seconds = 0


class InboundSdr(msgspec.Struct, frozen=True, kw_only=True):
    """A service detail record as its sender states it. ``None`` and "" mean: not stated."""

    sdr_id: Id = ""
    cso_id: Code = ""
    csp_id: Code = ""
    service_session_id: Id = ""
    split_no: Count = 0
    charging_session_id: Id = ""
    transaction_id: Id = ""
    evse_id: Long = ""
    contract_id: Long = ""
    credential_type: Code = ""
    credential_id: Long = ""
    authorization_method: Annotated[str, msgspec.Meta(max_length=30)] = ""
    authorization_reference: Id = ""
    tariff_id: Id = ""
    started_at: Instant | None = None
    ended_at: Instant | None = None
    charging_started_at: Instant | None = None
    charging_ended_at: Instant | None = None
    issued_at: Instant | None = None
    energy_kwh: Decimal | None = None
    meter_id: Id = ""
    meter_start_kwh: Decimal | None = None
    meter_end_kwh: Decimal | None = None
    signed_data: str = ""
    location_country: Annotated[str, msgspec.Meta(max_length=2)] = ""
    location_name: Name = ""
    location_city: Id = ""
    connector_type: Annotated[str, msgspec.Meta(max_length=40)] = ""
    current_type: Annotated[str, msgspec.Meta(max_length=10)] = ""
    max_power_kw: Decimal | None = None
    currency: Annotated[str, msgspec.Meta(max_length=3)] = ""
    total_amount: Decimal | None = None
    items: list[InboundItem] = msgspec.field(default_factory=list)
    charging_periods: list[InboundPeriod] = msgspec.field(default_factory=list)
    credits_sdr_id: Id = ""
    replaces_sdr_id: Id = ""
