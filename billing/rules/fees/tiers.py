"""What a quantity costs by tiers: each slice at its own rate, or all of it at the rate reached.

Graduated, the fee grows without a jump. By volume the whole quantity gets the rate of the tier it
has reached, so the fee jumps there; where the rate is lower, it falls.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from billing.rules.fees.record import EXACT
from billing.rules.fees.terms import Tier, TierMode


class Step(NamedTuple):
    """``quantity`` of the tier that begins at ``from_quantity``; ``amount`` in minor units."""

    from_quantity: Decimal
    quantity: Decimal
    rate: Decimal
    amount: Decimal


def steps(
    tiers: Sequence[Tier], mode: TierMode, quantity: Decimal, *, factor: Decimal
) -> tuple[Step, ...]:
    """Take a quantity apart by tiers; the steps' quantities add up to it.

    A quantity below zero costs the opposite of its size.
    """
    size = abs(quantity)
    sign = Decimal(-1 if quantity < 0 else 1)
    if mode == "VOLUME":
        reached = [tier for tier in tiers if tier.from_quantity <= size][-1]
        slices = [(reached, size)]
    else:
        ends = [*(tier.from_quantity for tier in tiers[1:]), size]
        slices = [
            (tier, min(end, size) - tier.from_quantity)
            for tier, end in zip(tiers, ends, strict=True)
            if tier.from_quantity < size
        ]
    return tuple(
        Step(tier.from_quantity, sign * part, tier.rate, _cost(sign * part, tier.rate, factor))
        for tier, part in slices
    )


def _cost(quantity: Decimal, rate: Decimal, factor: Decimal) -> Decimal:
    return EXACT.multiply(EXACT.multiply(quantity, rate), factor)
