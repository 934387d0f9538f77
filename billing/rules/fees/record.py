"""The fee of one record: quantity × rate, bounded, and shared between the two sides.

Exact until it is rounded, halves away from zero: per record, or when the window is summed.
"""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple
from uuid import UUID

from billing.rules.fees.facts import FeeRecord
from billing.rules.fees.terms import REVERSED_BY_CREDIT, FeeComponent, WrongTerms

# Wide enough that no sum of a month is ever rounded before it is rounded to minor units.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


class Share(NamedTuple):
    """What one side pays of one record's fee, in minor units; ``payee`` None is the house."""

    payer: UUID
    payee: UUID | None
    amount: Decimal


def quantity_of(component: FeeComponent, record: FeeRecord) -> Decimal:
    """How much of the record is charged: SDRs, minor units or kWh; below 0 is given back.

    A credit takes back what follows the trade, and all that benefits the buyer. The fee for
    handling a record stays, unless the house was at fault; a correction does not pay it twice.
    """
    if component.kind == "LATE_SDR" and not record.is_late:
        return Decimal(0)
    if record.is_credit and not _is_given_back(component, record):
        return Decimal(0)
    if component.kind == "BP_OF_AMOUNT":
        return Decimal(record.amount_minor)
    if component.kind == "PER_KWH":
        return record.energy_kwh
    if record.is_correction:
        return Decimal(0)
    return Decimal(-1 if record.is_credit else 1)


def fee_of_record(component: FeeComponent, record: FeeRecord) -> list[Share]:
    """Who pays what for one record: nobody, one side, or both in the order CSO, CSP.

    With rounding PER_SDR the amounts are whole, and the shares add up to the rounded fee. A record
    sold to oneself reduces no price.

    :raises WrongTerms: the component has tiers; its fee is one of the month and not of a record.
    """
    if component.has_tiers:
        raise WrongTerms(f"{component.code} has tiers: ask for the fees of the window.")
    if not is_charged(component, record):
        return []
    quantity = quantity_of(component, record)
    fee = EXACT.multiply(EXACT.multiply(quantity, component.rate), component.factor)
    fee = bounded(component, fee, is_given_back=record.is_credit)
    if component.rounding == "PER_SDR":
        fee = rounded(fee)
    return _shares(component, record, fee)


def is_charged(component: FeeComponent, record: FeeRecord) -> bool:
    """Does the component say anything of the record?"""
    is_own_price = component.beneficiary == "BUYER" and record.seller == record.buyer
    if is_own_price:
        return False
    # The least fee is due of a record of 0.00 too, so a quantity of 0 is told from none at all.
    counts = component.kind in REVERSED_BY_CREDIT
    return counts or quantity_of(component, record) != 0


def payers(component: FeeComponent, record: FeeRecord) -> list[tuple[UUID, UUID | None, Decimal]]:
    """Payer, payee and fraction of the fee, in the order CSO, CSP."""
    payee = record.buyer if component.beneficiary == "BUYER" else None
    of_cso = Decimal(component.payer == "CSO")
    if component.cso_share is not None:
        of_cso = component.cso_share
    shares = ((record.seller, of_cso), (record.buyer, 1 - of_cso))
    return [(payer, payee, share) for payer, share in shares if share]


def bounded(component: FeeComponent, fee: Decimal, *, is_given_back: bool) -> Decimal:
    """Keep the fee between least and most; what is given back between their opposites."""
    size = abs(fee)
    if component.min_minor is not None:
        size = max(size, Decimal(component.min_minor))
    if component.max_minor is not None:
        size = min(size, Decimal(component.max_minor))
    return -size if is_given_back or fee < 0 else size


def rounded(amount: Decimal) -> Decimal:
    """To whole minor units, halves away from zero."""
    return amount.quantize(Decimal(1), context=EXACT)


def _is_given_back(component: FeeComponent, record: FeeRecord) -> bool:
    return (
        component.kind in REVERSED_BY_CREDIT
        or component.beneficiary == "BUYER"
        or record.is_house_fault
    )


def _shares(component: FeeComponent, record: FeeRecord, fee: Decimal) -> list[Share]:
    found: list[Share] = []
    left = fee
    sides = payers(component, record)
    for index, (payer, payee, share) in enumerate(sides, start=1):
        part = EXACT.multiply(fee, share)
        if component.rounding == "PER_SDR":
            part = rounded(part)
        # What rounding leaves falls on the last side, so that nothing is charged twice or not.
        part = left if index == len(sides) else part
        left -= part
        found.append(Share(payer, payee, part))
    return found
