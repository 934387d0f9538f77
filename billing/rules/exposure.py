"""What a partner may come to owe against its limit, and what follows (finance.md 4.8).

Minor units. The limit is the cap agreed plus what the partner has paid in; without a cap there is
no limit. Above 80 % it is warned; at 100 % clearing of its purchases waits.
"""

from dataclasses import dataclass
from typing import Literal

WARNED_FROM = 80
BLOCKED_FROM = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of an exposure, each weighted and not below zero."""

    cleared_minor: int
    unpaid_minor: int
    waiting_minor: int
    received_minor: int

    @property
    def exposure_minor(self) -> int:
        return self.cleared_minor + self.unpaid_minor + self.waiting_minor + self.received_minor


def limit_of(cap_minor: int | None, *, prefund_minor: int, deposit_minor: int) -> int | None:
    """The cap and the cover; ``None``: nothing was agreed, nothing is limited."""
    return None if cap_minor is None else cap_minor + prefund_minor + deposit_minor


def level_of(exposure_minor: int, limit_minor: int | None) -> Literal["FREE", "WARNED", "BLOCKED"]:
    """Compare without division, so that a limit of zero blocks any debt and no debt is free."""
    if limit_minor is None or exposure_minor == 0:
        return "FREE"
    used = exposure_minor * 100
    if used >= limit_minor * BLOCKED_FROM:
        return "BLOCKED"
    return "WARNED" if used >= limit_minor * WARNED_FROM else "FREE"
