"""From obligations to positions: multilateral, bilateral, under novation, above a least payment.

An obligation is what one owes one other, VAT and fees included. Each way of netting changes how
many payments there are and never what anyone has in the end. Money is integer minor units of one
currency; a position is what one gets (+) or pays (−), and positions add up to zero.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

# Below it a position waits for the next window: a payment would cost more than it moves.
LEAST_PAYMENT_MINOR = 500


class Obligation(NamedTuple):
    """``debtor`` owes ``creditor``; an amount below zero is owed the other way (a credit)."""

    debtor: UUID
    creditor: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """What becomes of one position: carried_in + net = paid + carried_out."""

    partner: UUID
    carried_in_minor: int
    net_minor: int
    paid_minor: int
    carried_out_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Netted:
    """Positions of those with the netting clause, Σ = 0; and what is left between two others."""

    positions: dict[UUID, int]
    pairs: list[Obligation]


def positions_of(obligations: Iterable[Obligation]) -> dict[UUID, int]:
    """One position for each that owes or is owed, sorted by id; a flat one too. Σ = 0."""
    found: Counter[UUID] = Counter()
    for debtor, creditor, amount in obligations:
        found[debtor] -= amount
        found[creditor] += amount
    return dict(sorted(found.items()))


def bilateral(obligations: Iterable[Obligation]) -> list[Obligation]:
    """What remains between each two: at most one positive obligation, sorted.

    Oneself owes oneself nothing.
    """
    pairs: Counter[tuple[UUID, UUID]] = Counter()
    for debtor, creditor, amount in obligations:
        if debtor < creditor:
            pairs[debtor, creditor] += amount
        elif debtor > creditor:
            pairs[creditor, debtor] -= amount
    return sorted(
        Obligation(one, other, amount) if amount > 0 else Obligation(other, one, -amount)
        for (one, other), amount in pairs.items()
        if amount
    )


def netted_by_clause(
    obligations: Iterable[Obligation], *, with_clause: Collection[UUID], house: UUID
) -> Netted:
    """Net multilaterally what is owed among those who agreed to it, the rest between each two.

    The house has agreed with everybody who has the clause. A partner without it settles with each
    other, the house included, by itself.
    """
    agreed = {*with_clause, house}
    together: list[Obligation] = []
    apart: list[Obligation] = []
    for one in obligations:
        is_together = {one.debtor, one.creditor} <= agreed
        (together if is_together else apart).append(one)
    return Netted(positions=positions_of(together), pairs=bilateral(apart))


def novated(obligations: Iterable[Obligation], *, house: UUID) -> list[Obligation]:
    """Put the house between each two, as a central counterparty: debtor to house to creditor.

    What the house owes or is owed itself stays as it is. Nobody's position changes.
    """
    found: list[Obligation] = []
    for debtor, creditor, amount in obligations:
        if house in (debtor, creditor):
            found.append(Obligation(debtor, creditor, amount))
        else:
            found.append(Obligation(debtor, house, amount))
            found.append(Obligation(house, creditor, amount))
    return found


def with_least_payment(
    positions: Mapping[UUID, int],
    *,
    house: UUID,
    carried_in: Mapping[UUID, int] | None = None,
    least_minor: int = LEAST_PAYMENT_MINOR,
    leaving: Collection[UUID] = (),
) -> list[Payable]:
    """Carry positions smaller than the least payment to the next window, sorted by id.

    What was carried before counts. A position of exactly the least is paid; whoever is ``leaving``
    has no next window, and is paid to the cent. The house stands in meanwhile for what is carried:
    it is paid that much less or more now, and the opposite of all carried is carried for it. So
    both what is paid and what is carried adds up to zero.

    :raises ValueError: positions or carried amounts do not add up to zero.
    """
    before = carried_in or {}
    for name, figures in (("positions", positions), ("carried amounts", before)):
        if total := sum(figures.values()):
            raise ValueError(f"The {name} add up to {total} minor units and not to zero.")
    others = sorted({*positions, *before} - {house})
    found = [
        _payable(
            partner,
            before.get(partner, 0),
            positions.get(partner, 0),
            least_minor=0 if partner in leaving else least_minor,
        )
        for partner in others
    ]
    stand_in = Payable(
        partner=house,
        carried_in_minor=before.get(house, 0),
        net_minor=positions.get(house, 0),
        paid_minor=-sum(one.paid_minor for one in found),
        carried_out_minor=-sum(one.carried_out_minor for one in found),
    )
    return sorted([*found, stand_in], key=lambda one: one.partner)


def _payable(partner: UUID, carried_in: int, net: int, *, least_minor: int) -> Payable:
    due = carried_in + net
    paid = due if abs(due) >= least_minor else 0
    return Payable(
        partner=partner,
        carried_in_minor=carried_in,
        net_minor=net,
        paid_minor=paid,
        carried_out_minor=due - paid,
    )
