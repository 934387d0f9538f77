"""What a partner may come to owe against its limit, and what follows (finance.md 4.8).

Minor units. The limit is the cap agreed plus what the partner has paid in; without a cap there is
no limit. Above 80 % it is warned; at 100 % clearing of its purchases waits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from clearinghouse.money import to_minor_units

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


class Bought(NamedTuple):
    """What a buyer owes a seller for a record in a window that is not issued yet."""

    seller: UUID
    buyer: UUID
    owed_minor: int


def exposure_of(
    partner: UUID,
    *,
    bought: Iterable[Bought],
    unpaid_nets_minor: Iterable[int],
    waiting: Iterable[Decimal],
    received: Iterable[Decimal],
    currency: str,
    is_ccp: bool,
) -> Parts:
    """Add up what a partner may come to owe; the readable twin of ``sql/exposures.sql``.

    ``unpaid_nets_minor``: what it gets (+) or pays (−) by issued settlements not settled yet.
    ``waiting``: claims against it accepted or delivered, not cleared. ``received``: those held or
    in validation, which weigh half. Under CCP what it sold is taken off what it bought.
    """
    cleared = 0
    for one in bought:
        if one.seller == one.buyer:
            continue
        if one.buyer == partner:
            cleared += one.owed_minor
        elif is_ccp and one.seller == partner:
            cleared -= one.owed_minor
    return Parts(
        cleared_minor=max(0, cleared),
        unpaid_minor=sum(max(0, -net) for net in unpaid_nets_minor),
        waiting_minor=max(0, to_minor_units(sum(waiting, Decimal(0)), currency=currency)),
        received_minor=max(0, to_minor_units(sum(received, Decimal(0)) / 2, currency=currency)),
    )


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
