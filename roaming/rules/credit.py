"""Rules on records that answer an earlier one.

Naming an id must be no way round V402 (one session, one bill) and V504 (no negative bill): what
answers a record waits until that record is here, and must fit it.
"""

from datetime import timedelta

from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.identity import is_same_party
from roaming.rules.record import InboundSdr


def original_is_here(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V601."""
    named = sdr.credits_sdr_id or sdr.replaces_sdr_id
    if not named or facts.original is not None:
        return None
    kind = "credit" if sdr.credits_sdr_id else "replacement"
    return Found(f"a {kind} of {named}, which it is not paired with yet")


def credit_mirrors_its_original(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V602. The whole amount with its sign turned; the energy may keep its sign or turn it.

    What asks for nothing any more, because it was superseded or withdrawn, has nothing to give
    back. (A credited one is V603.)
    """
    original = facts.original
    if original is None or not sdr.credits_sdr_id:
        return None
    if original.state in ("WITHDRAWN", "SUPERSEDED") and not original.is_credited:
        return Found(f"credits {sdr.credits_sdr_id}, which is {original.state.lower()}")
    if not is_same_party(sdr.csp_id, original.csp_code):
        return Found(f"credits {sdr.csp_id} for a record of another CSP")
    if sdr.currency and sdr.currency != original.currency:
        text = f"credits {sdr.currency} for a record in {original.currency}"
        return Found(text, None, sdr.currency, original.currency)
    amount = -(original.claim_amount or 0)
    if (sdr.total_amount or 0) != amount:
        text = f"credits {sdr.total_amount}, the original asks for {original.claim_amount}"
        return Found(text, None, str(sdr.total_amount), str(amount))
    if sdr.energy_kwh is None or original.energy_kwh is None:
        return None
    if abs(sdr.energy_kwh) != abs(original.energy_kwh):
        text = f"credits {sdr.energy_kwh} kWh of {original.energy_kwh}"
        return Found(text, None, f"{sdr.energy_kwh} kWh", f"{original.energy_kwh} kWh")
    return None


def original_is_credited_once(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V603. A credit is final: neither twice, nor taken back by another, nor replaced."""
    if facts.original is None:
        return None
    if facts.original.is_credit:
        return Found(f"{sdr.credits_sdr_id or sdr.replaces_sdr_id} is a credit itself")
    if sdr.credits_sdr_id and facts.original.is_credited:
        return Found(f"{sdr.credits_sdr_id} is credited already")
    return None


def credit_is_in_time(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V604. Later than that the CSP has to agree."""
    if facts.original is None or not sdr.credits_sdr_id or facts.original.accepted_at is None:
        return None
    age = facts.received_at - facts.original.accepted_at
    days = limits["credit_days"]
    if age <= timedelta(days=int(days)):
        return None
    text = f"the original was accepted {age.days} days ago"
    return Found(text, None, f"{age.days} days", f"{days} days")


def replaced_is_credited(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V605. Until acceptance a replacement supersedes its original; then it needs a credit."""
    original = facts.original
    if original is None or not sdr.replaces_sdr_id or sdr.credits_sdr_id:
        return None
    if original.state != "ACCEPTED" or original.is_credited:
        return None
    return Found(f"{sdr.replaces_sdr_id} is accepted and not credited: credit it first")
