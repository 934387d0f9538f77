"""What a partner's system reads of the books."""

from datetime import datetime

import msgspec


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
