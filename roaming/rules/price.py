"""Rules on the claim as stated; no rule changes an amount."""

from decimal import Decimal

from clearinghouse.money import is_currency
from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.record import InboundSdr

SUM_TOLERANCE = Decimal("0.01")


def currency_is_known(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V013, the part that needs no agreement: an ISO 4217 code."""
    if not sdr.currency or is_currency(sdr.currency):
        return None
    return Found(f"{sdr.currency!r} is no ISO 4217 currency")


def items_add_up(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V503."""
    if not sdr.items:
        return None
    items_amount = sum((item.amount for item in sdr.items), Decimal(0))
    if abs(items_amount - (sdr.total_amount or 0)) <= SUM_TOLERANCE:
        return None
    return Found(f"the items come to {items_amount}, the total says {sdr.total_amount}")


def total_is_not_negative(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V504. Only a credit takes money back, and it names the record it credits."""
    if sdr.credits_sdr_id or sdr.total_amount is None or sdr.total_amount >= 0:
        return None
    return Found(f"total {sdr.total_amount} on a record that is no credit")


def items_are_not_negative(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V504 for a part: a discount or a residue that somebody should look at."""
    if sdr.credits_sdr_id:
        return None
    for item in sdr.items:
        if item.amount < 0:
            return Found(f"{item.kind} {item.amount} on a record that is no credit")
    return None
