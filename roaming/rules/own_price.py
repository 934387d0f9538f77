"""Rules that compare the claim with the clearing house's own price. No price, no word.

A credit repeats a claim that was checked when it came, so its sign does not count.
"""

from decimal import Decimal

from roaming.rules.facts import PriceFact
from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.rating.figures import plain_text_of
from roaming.rules.record import InboundSdr


def tariff_is_valid(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V501."""
    if facts.price is None or facts.price.tariff_is_valid:
        return None
    unknown = f"tariff {sdr.tariff_id!r} is unknown or was not valid at session start"
    return Found(facts.price.unrated_reason or unknown)


def claim_is_the_own_price(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V502. A cent on a small claim and half a percent on a large one are rounding.

    Where our price counts, the difference changes nothing and is only noted.
    """
    price = facts.price
    own, claim = _both(sdr, facts)
    if price is None or own is None or claim is None:
        return None
    allowed = allowed_difference(price, own, limits)
    apart = abs(claim - own)
    if apart <= allowed:
        return None
    text = f"claimed {plain_text_of(claim)}, rated {plain_text_of(own)} {sdr.currency}"
    return Found(text, "WARN" if price.is_binding else None, str(apart), f"{allowed:.2f}")


def allowed_difference(price: PriceFact, own: Decimal, limits: Limits) -> Decimal:
    """What claim and price may lie apart: the agreement's tolerances before the rule's limits."""
    amount, percent = price.tolerance_amount, price.tolerance_percent
    amount = limits["price_tolerance"] if amount is None else amount
    percent = limits["price_tolerance_percent"] if percent is None else percent
    return max(amount, abs(own) * percent / 100)


def claim_fits_a_free_tariff(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V505. Nothing for something is noted; something for nothing is refused."""
    own, claim = _both(sdr, facts)
    if facts.price is None or claim is None:
        return None
    if facts.price.is_free and claim:
        return Found(f"claimed {claim} on a free tariff", "REJECT", str(claim), "0")
    if not claim and own:
        return Found(f"claimed nothing where the tariff says {own}", None, "0", str(own))
    return None


def price_is_near_the_tariff(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V506, in any currency: three times the tariff's price of a kWh."""
    per_kwh = facts.price.price_per_kwh if facts.price else None
    _, claim = _both(sdr, facts)
    if not per_kwh or not sdr.energy_kwh or claim is None:
        return None
    most = per_kwh * limits["tariff_factor"]
    claimed = claim / abs(sdr.energy_kwh)
    if claimed <= most:
        return None
    text = f"{claimed:.2f} per kWh where the tariff says {per_kwh}"
    return Found(text, None, f"{claimed:.2f}", f"{most:.2f}")


def blocking_fee_is_agreed(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V507."""
    price = facts.price
    if price is None or not price.blocking_fee:
        return None
    if price.blocking_in_grace:
        return Found(f"a blocking fee of {price.blocking_fee} in the grace time or at night")
    cap = price.blocking_fee_cap
    if cap is None or price.blocking_fee <= cap:
        return None
    text = f"a blocking fee of {price.blocking_fee}, capped at {cap}"
    return Found(text, None, str(price.blocking_fee), str(cap))


def claim_is_without_tax(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V508. The claim is our price with tax on top: the sender meant the other basis."""
    own, claim = _both(sdr, facts)
    rate = facts.price.vat_rate if facts.price else None
    if not own or not rate or claim is None:
        return None
    taxed = own * (1 + rate)
    tolerance = limits["tax_tolerance"]
    if abs(claim - taxed) > tolerance or abs(claim - own) <= tolerance:
        return None
    return Found(f"claimed {claim} is {own} with {rate:.0%} tax", None, str(claim), str(own))


def vat_rate_is_valid(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V509."""
    if facts.vat is None:
        return None
    for kind, told in sorted(facts.vat.told.items()):
        right = facts.vat.of_country[kind]
        if wrong := sorted(told - {right}):
            return Found(
                f"the tariff has {_percent(wrong[0])} VAT on {kind.lower()},"
                f" {facts.vat.country} had {_percent(right)} on {facts.vat.day}",
                None,
                _percent(wrong[0]),
                _percent(right),
            )
    return None


def tariff_has_the_currency(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V510."""
    currency = facts.price.tariff_currency if facts.price else ""
    if not currency or not sdr.currency or currency == sdr.currency:
        return None
    text = f"claimed in {sdr.currency} by a tariff in {currency}"
    return Found(text, None, sdr.currency, currency)


def exposure_is_free(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V703. A credit lowers what is owed and never waits for it."""
    if facts.price is None or not facts.price.exposure_reached or sdr.credits_sdr_id:
        return None
    return Found(f"{sdr.csp_id} has reached its exposure limit")


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f} %"


def _both(sdr: InboundSdr, facts: Facts) -> tuple[Decimal | None, Decimal | None]:
    """Our price and the claim, both without sign."""
    own = facts.price.amount if facts.price else None
    claim = abs(sdr.total_amount) if sdr.total_amount is not None else None
    return own, claim
