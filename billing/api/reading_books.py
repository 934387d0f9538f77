"""What a partner's system reads of the books."""

from datetime import date, datetime
from typing import Literal

import msgspec

PriceBasis = Literal["EXCL_TAX", "INCL_TAX"]
Standing = Literal["ACCEPTED", "DISPUTED", "OPEN", "HELD", "CORRECTION"]


class PositionRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the partner gets (+) or pays (−) in a currency, over all windows."""

    currency: str
    position_minor: int
    disputed_minor: int


class Positions(msgspec.Struct, frozen=True, kw_only=True):
    """One line per currency in which something was posted."""

    as_of: datetime
    results: list[PositionRow]


class OpenItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """What of one window is owed and not paid on one account."""

    account: str
    currency: str
    open_minor: int
    group: str | None
    supply_starts_at: datetime | None
    supply_ends_at: datetime | None


class OpenItems(msgspec.Struct, frozen=True, kw_only=True):
    """By currency, account and window; what is level is left out."""

    as_of: datetime
    results: list[OpenItemRow]


class AccrualRow(msgspec.Struct, frozen=True, kw_only=True):
    """Records of one supply month with one counterparty that are not settled yet."""

    supply_month: str
    direction: Literal["SOLD", "BOUGHT"]
    counterparty: str | None
    currency: str
    price_basis: PriceBasis | None
    standing: Standing
    sdrs: int
    claim_minor: int


class Accruals(msgspec.Struct, frozen=True, kw_only=True):
    """By supply month, direction and counterparty; claims before commission and fees."""

    as_of: datetime
    results: list[AccrualRow]


class AgeingRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the partner pays or gets in a currency, by how long it is past due."""

    currency: str
    side: Literal["PAYS", "GETS"]
    items: int
    not_due_minor: int
    to_30_minor: int
    to_60_minor: int
    to_90_minor: int
    over_90_minor: int
    total_minor: int


class Ageing(msgspec.Struct, frozen=True, kw_only=True):
    """One line per currency and side with something open."""

    today: date
    results: list[AgeingRow]
