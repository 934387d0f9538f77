"""Who is told to pay whom, so that every position is settled exactly (money flow INSTRUCTION_ONLY).

The largest debtor pays the largest creditor, until one of the two is done; then the next in line
takes its place. At n partners these are at most n − 1 payments. The list is the same whenever it
is made: of equal amounts the smaller id comes first.
"""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID


class Instruction(NamedTuple):
    """``payer`` pays ``payee`` a positive amount."""

    payer: UUID
    payee: UUID
    amount_minor: int


def instructions(positions: Mapping[UUID, int]) -> list[Instruction]:
    """The payments that settle the positions, in the order in which they were found.

    :raises ValueError: the positions do not add up to zero.
    """
    if total := sum(positions.values()):
        raise ValueError(f"The positions add up to {total} minor units and not to zero.")
    debtors = _largest_first({who: -net for who, net in positions.items() if net < 0})
    creditors = _largest_first({who: net for who, net in positions.items() if net > 0})
    found: list[Instruction] = []
    while debtors:
        (payer, owing), (payee, owed) = debtors[-1], creditors[-1]
        amount = min(owing, owed)
        found.append(Instruction(payer, payee, amount))
        _take(debtors, amount)
        _take(creditors, amount)
    return found


def _largest_first(amounts: dict[UUID, int]) -> list[tuple[UUID, int]]:
    """The first in line at the end of the list, where it is taken from."""
    return sorted(amounts.items(), key=lambda item: (-item[1], item[0]), reverse=True)


def _take(line: list[tuple[UUID, int]], amount: int) -> None:
    who, left = line.pop()
    if left > amount:
        line.append((who, left - amount))
