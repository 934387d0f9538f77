"""Our words at the wall: the record as it comes in, and the answer that goes out."""

from decimal import Decimal
from typing import Literal, TypeVar

import msgspec

from roaming.rules.record import InboundItem, InboundPeriod, InboundSdr

__all__ = [
    "InboundItem",
    "InboundPeriod",
    "InboundSdr",
    "OutcomeFinding",
    "OutcomeWord",
    "SdrOutcome",
    "plain",
]

T = TypeVar("T")
OutcomeWord = Literal["accepted", "held", "rejected", "duplicate", "conflict"]


class SdrOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record: the answer every door gives.

    ``outcome``: accepted (passed intake), held, rejected, duplicate (the same record again),
    conflict (the same id with other content; the live record is unchanged).
    """

    index: int
    sdr_id: str
    outcome: OutcomeWord
    codes: list[str]
    record_id: str
    attempt: int
    findings: list["OutcomeFinding"]
    state: str = ""
    is_new: bool = True


class OutcomeFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding as told to the sender: what is wrong, where, and what to do."""

    code: str
    severity: Literal["REJECT", "HOLD", "WARN"]
    field: str
    message: str
    remedy: str


def plain(value: T) -> T | Decimal:
    """18.400000 as the column holds it is told as 18.4; 100 stays 100."""
    if not isinstance(value, Decimal):
        return value
    return Decimal(f"{value.normalize():f}") if value else Decimal(0)
