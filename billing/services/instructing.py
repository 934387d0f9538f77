"""Who is told to pay whom: together where all have signed the netting clause, else each with each.

A central counterparty stands between everybody; the clause is about setting off what one owes one
against what another owes, so it needs none there.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from billing.models import ClearingWindow, Instruction, Settlement
from billing.queries import positions_of
from billing.rules.instructions import instructions
from billing.rules.multilateral import Obligation, netted_by_clause
from clearinghouse.uuid7 import uuid7_at
from partners.models import ParticipationContract, SettlementGroup
from partners.queries import clearing_house


def instruct(settlement: Settlement, *, now: datetime) -> None:
    """Write the instructions of a settlement; they settle what is due of its positions exactly.

    There are none where all of it is settled in another currency.
    """
    if settlement.exchanges.exists():
        return
    if settlement.window.group.model == SettlementGroup.Model.CCP:
        payments = list(_with_the_house(settlement))
    else:
        payments = _among_partners(settlement)
    Instruction.objects.bulk_create(
        Instruction(
            id=uuid7_at(now),
            settlement=settlement,
            place=place,
            payer_id=payer,
            payee_id=payee,
            currency=settlement.currency,
            amount_minor=amount,
        )
        for place, (payer, payee, amount) in enumerate(payments, start=1)
    )


def netted_together(settlement: Settlement) -> set[UUID]:
    """Partners whose contract carries the netting clause at the end of the supply period.

    Nobody in a bilateral group; whoever has no such contract is netted with each other by itself.
    """
    window = settlement.window
    if window.group.netting == SettlementGroup.Netting.BILATERAL:
        return set()
    contracts = contracts_of(window).filter(has_netting_clause=True)
    return set(contracts.values_list("partner", flat=True))


def contracts_of(window: ClearingWindow) -> QuerySet[ParticipationContract]:
    """Contracts that join the group and are in force at the last instant of the supply period."""
    ends_at = window.supply_ends_at
    return ParticipationContract.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gte=ends_at),
        groups=window.group,
        starts_at__lt=ends_at,
    )


def _with_the_house(settlement: Settlement) -> Iterator[tuple[UUID, UUID, int]]:
    house = clearing_house().pk
    for row in sorted(positions_of(settlement), key=lambda row: row.partner_id):
        if row.due_minor and row.partner_id != house:
            sides = (house, row.partner_id) if row.due_minor > 0 else (row.partner_id, house)
            yield *sides, abs(row.due_minor)


def _among_partners(settlement: Settlement) -> list[tuple[UUID, UUID, int]]:
    netted = netted_by_clause(
        obligations_of(settlement),
        with_clause=netted_together(settlement),
        house=clearing_house().pk,
    )
    pairs = [(one.debtor, one.creditor, one.amount_minor) for one in netted.pairs]
    return [*instructions(netted.positions), *pairs]


def obligations_of(settlement: Settlement) -> Iterator[Obligation]:
    """Who owes whom what, tax included: supplies, adjustments, what was and is carried, exchanged.

    Each partner's sum is what is due of its position. Adjustments, carried and exchanged amounts
    are with the house, which stands in for them.
    """
    house = clearing_house().pk
    for supply in settlement.supplies.all():
        gross = supply.net_minor + supply.vat_minor
        yield Obligation(supply.customer_id, supply.supplier_id, gross)
    for row in settlement.positions.exclude(partner=house):
        came = row.adjustments_minor + row.carried_minor + row.exchanged_minor
        with_house = came - row.carried_on_minor - row.exchanged_on_minor
        if with_house:
            yield Obligation(house, row.partner_id, with_house)
