"""Who is paid how much from what has come in: never more than is final.

All creditors of a settlement are paid from one pot: what its debtors paid in and what covers them.
The clearing house's own fees are a claim on the pot as any other. Money is integer minor units.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from uuid import UUID

from billing.rules.default import pro_rata


class Shortfall(StrEnum):
    """What a settlement group does while not all that is owed has come in."""

    WAIT = "WAIT"
    PRO_RATA = "PRO_RATA"
    WATERFALL = "WATERFALL"


def payouts(
    due: Mapping[UUID, int],
    *,
    final_minor: int,
    policy: str,
    paid: Mapping[UUID, int] | None = None,
    last: Collection[UUID] = (),
) -> dict[UUID, int]:
    """What each creditor is paid now; who is paid nothing is left out.

    ``due`` is what each gets in all, ``paid`` what is on its way to it already, ``final_minor`` all
    that came in for them and can no longer be taken back. WAIT pays all or nobody; PRO_RATA shares
    what is there by what is still due, to the last unit; WATERFALL pays the smallest claims first,
    each whole, and ``last`` (the clearing house) only once all others are paid.

    :raises ValueError: an amount is below zero, more is paid than due, or the policy is unknown.
    """
    given = paid or {}
    _check(due, final_minor, given)
    left = {who: due[who] - given.get(who, 0) for who in sorted(due)}
    pot = max(0, final_minor - sum(given.values()))
    return {who: minor for who, minor in _ranked(left, pot, Shortfall(policy), last) if minor}


def _ranked(
    left: dict[UUID, int], pot: int, policy: Shortfall, last: Collection[UUID]
) -> list[tuple[UUID, int]]:
    if pot >= sum(left.values()):
        return list(left.items())
    if policy is Shortfall.WAIT:
        return []
    if policy is Shortfall.PRO_RATA:
        return list(pro_rata(pot, left).items())
    found: list[tuple[UUID, int]] = []
    for minor, who in sorted((minor, who) for who, minor in left.items() if who not in last):
        if minor > pot:
            return found
        found.append((who, minor))
        pot -= minor
    return found


def _check(due: Mapping[UUID, int], final_minor: int, paid: Mapping[UUID, int]) -> None:
    if final_minor < 0 or any(minor < 0 for minor in (*due.values(), *paid.values())):
        raise ValueError("Neither what is due, nor what is paid or final, is below zero.")
    over = [who for who, minor in paid.items() if minor > due.get(who, 0)]
    if over:
        raise ValueError(f"{over[0]} was paid more than it is due.")
