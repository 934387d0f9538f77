"""Which component takes a record: of those with one code, the most specific.

In this order, the first that tells two apart decides:

1. one that names a partner and a counterparty, before one that names only one of them,
   before one that names neither;
2. one that names the partner, before one that names the counterparty alone;
3. one that names a direction, before one for any;
4. one that found its partner in the seller, before one that found it in the buyer.

Two that are still equal are a mistake in the price list, and are refused rather than guessed at.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from billing.rules.fees.terms import FeeComponent, Scope

Rank = tuple[int, int, int, int]


class AmbiguousFees(ValueError):
    """Two components of one code fit a record equally well."""


def chosen(
    components: Iterable[FeeComponent], *, seller: UUID, buyer: UUID, on: date
) -> list[FeeComponent]:
    """The component of each code that takes a record of this pair and day, sorted by code.

    :raises AmbiguousFees: see the class.
    """
    by_code: dict[str, list[tuple[Rank, FeeComponent]]] = {}
    for component in components:
        rank = _rank(component.scope, seller, buyer) if component.holds_on(on) else None
        if rank is not None:
            by_code.setdefault(component.code, []).append((rank, component))
    return [_most_specific(code, by_code[code], on) for code in sorted(by_code)]


def chosen_for_member(
    components: Iterable[FeeComponent], *, partner: UUID, on: date
) -> list[FeeComponent]:
    """The same for a fee without a record: only the partner tells two components apart.

    :raises AmbiguousFees: see the class.
    """
    by_code: dict[str, list[tuple[Rank, FeeComponent]]] = {}
    for component in components:
        named = component.scope.partner
        if component.holds_on(on) and named in (None, partner):
            rank = (int(named is not None), 0, 0, 0)
            by_code.setdefault(component.code, []).append((rank, component))
    return [_most_specific(code, by_code[code], on) for code in sorted(by_code)]


def _rank(scope: Scope, seller: UUID, buyer: UUID) -> Rank | None:
    """How specific a scope is to a record; None if it does not take it."""
    sides = (("AS_SELLER", seller, buyer, 1), ("AS_BUYER", buyer, seller, 0))
    ranks = [
        (
            (scope.partner is not None) + (scope.counterparty is not None),
            int(scope.partner is not None),
            int(scope.direction != "ANY"),
            as_seller,
        )
        for direction, partner, counterparty, as_seller in sides
        if scope.direction in ("ANY", direction)
        and scope.partner in (None, partner)
        and scope.counterparty in (None, counterparty)
    ]
    return max(ranks, default=None)


def _most_specific(code: str, ranked: list[tuple[Rank, FeeComponent]], on: date) -> FeeComponent:
    best = max(rank for rank, _component in ranked)
    found = [component for rank, component in ranked if rank == best]
    if len(found) > 1:
        raise AmbiguousFees(
            f"{code}: {len(found)} components fit equally well on {on}. End one, or narrow it."
        )
    return found[0]
