"""From what was taxed, adjusted, carried and exchanged to one position per partner.

The slow, readable twin of ``sql/net_positions.sql``. Money is integer minor units of one currency.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from billing.rules.netting import PartnerPosition


class TaxedSum(NamedTuple):
    """What a supplier supplied to a customer; ``is_service``: a fee of the clearing house."""

    supplier: UUID
    customer: UUID
    net_minor: int
    vat_minor: int
    is_service: bool


def positions_of_settlement(
    supplies: Iterable[TaxedSum],
    *,
    house: UUID,
    others: Iterable[UUID] = (),
    adjusted: Iterable[tuple[UUID, int]] = (),
    carried: Mapping[UUID, int] | None = None,
    exchanged: Mapping[UUID, int] | None = None,
) -> list[PartnerPosition]:
    """Sorted by partner; Σ net = 0 where Σ carried = 0 and Σ exchanged = 0.

    ``others`` have a position even where nothing moves: whoever has a record in the window. What a
    partner is given by an adjustment, the house stands in for.
    """
    figures: dict[UUID, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_FIGURES, 0))
    for partner in (house, *others):
        _ = figures[partner]
    for supplier, customer, net, vat, is_service in supplies:
        figures[supplier]["receivable_minor"] += net
        figures[supplier]["vat_minor"] += vat
        figures[customer]["fees_minor" if is_service else "payable_minor"] += net
        if is_service:
            figures[customer]["fee_vat_minor"] += vat
        else:
            figures[customer]["vat_minor"] -= vat
    for partner, amount in adjusted:
        figures[partner]["adjustments_minor"] += amount
        figures[house]["adjustments_minor"] -= amount
    for partner, amount in (carried or {}).items():
        figures[partner]["carried_minor"] += amount
    for partner, amount in (exchanged or {}).items():
        figures[partner]["exchanged_minor"] += amount
    return sorted(PartnerPosition(partner, **sums) for partner, sums in figures.items())


_FIGURES = PartnerPosition._fields[1:]


def carried_on(
    positions: Iterable[PartnerPosition],
    *,
    house: UUID,
    minimum_minor: int,
    carriers: Collection[UUID],
) -> dict[UUID, int]:
    """What waits for the next window: a net below the least payment; the house stands in. Σ = 0.

    Only of ``carriers``: who is not netted with all together has no single payment to save.
    """
    small = {
        row.partner: row.net_minor
        if abs(row.net_minor) < minimum_minor and row.partner in carriers
        else 0
        for row in positions
        if row.partner != house
    }
    return {**small, house: -sum(small.values())}


def exchanged_on(
    positions: Iterable[PartnerPosition],
    *,
    house: UUID,
    carried: Mapping[UUID, int],
    exchangers: Collection[UUID],
) -> dict[UUID, int]:
    """What is settled in another currency instead: all that is due, or nothing. Σ = 0.

    All of it where everybody to whom or by whom something is due is one of ``exchangers``: what
    one gets is what others pay, so where one stays, none can go. The house goes along.
    """
    due = {row.partner: row.net_minor - carried.get(row.partner, 0) for row in positions}
    moving = {partner for partner, minor in due.items() if minor and partner != house}
    if not moving or moving - set(exchangers):
        return dict.fromkeys(due, 0)
    return due
