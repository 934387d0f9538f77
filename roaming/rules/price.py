"""Rules on the claim as stated; no rule changes an amount."""

from decimal import Decimal

from clearinghouse.money import is_currency
from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.record import InboundSdr


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
    apart = abs(items_amount - (sdr.total_amount or 0))
    if apart <= limits["sum_tolerance"]:
        return None
    text = f"the items come to {items_amount}, the total says {sdr.total_amount}"
    return Found(text, None, str(apart), str(limits["sum_tolerance"]))


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


def price_is_plausible(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V506. The limits are euro; records in other currencies are not measured by them."""
    if not sdr.total_amount or sdr.credits_sdr_id:
        return None
    largest = limits["largest_total_eur"]
    if sdr.total_amount > largest:
        text = f"{sdr.total_amount} EUR for one session"
        return Found(text, None, f"{sdr.total_amount} EUR", f"{largest} EUR")
    highest = limits["price_per_kwh_eur"]
    if not sdr.energy_kwh or sdr.energy_kwh < 0 or sdr.total_amount <= highest * sdr.energy_kwh:
        return None
    per_kwh = f"{sdr.total_amount / sdr.energy_kwh:.2f} EUR/kWh"
    text = f"{sdr.total_amount} EUR for {sdr.energy_kwh} kWh is {per_kwh}"
    return Found(text, None, per_kwh, f"{highest} EUR/kWh")
