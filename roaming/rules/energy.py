"""Rules on energy. kWh at the connector; power in kW; time in hours. A credit may negate it."""

from decimal import Decimal

from roaming.rules.findings import Facts, Found, Limits, Severity
from roaming.rules.record import InboundSdr
from roaming.rules.time import seconds


def energy_is_not_negative(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V201. A credit may negate the energy too."""
    if sdr.energy_kwh is None or sdr.energy_kwh >= 0 or sdr.credits_sdr_id:
        return None
    return Found(f"{sdr.energy_kwh} kWh", measured=f"{sdr.energy_kwh} kWh", limit="0 kWh")


def energy_fits_the_power(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V202. Energy beyond 1.05 × stated power × time + 0.2 kWh is held, beyond 1.5 × refused."""
    hours = _charging_hours(sdr)
    if hours is None or not sdr.energy_kwh or sdr.credits_sdr_id:
        return None
    power_kw = sdr.max_power_kw or (facts.evse.max_power_kw if facts.evse else None)
    if not power_kw:
        return None
    possible_kwh = power_kw * hours
    tolerance_kwh = limits["metering_tolerance_kwh"]
    most_kwh = possible_kwh * limits["power_factor"] + tolerance_kwh
    if sdr.energy_kwh <= most_kwh:
        return None
    text = f"{sdr.energy_kwh} kWh in {hours:.3f} h at {power_kw} kW"
    beyond = sdr.energy_kwh > possible_kwh * limits["refused_power_factor"] + tolerance_kwh
    return Found(text, "REJECT" if beyond else None, f"{sdr.energy_kwh} kWh", f"{most_kwh:.3f} kWh")


def energy_is_plausible(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V203. Above 1,000 kWh refused; above what a car takes held (trucks: by agreement)."""
    if sdr.energy_kwh is None:
        return None
    energy_kwh = abs(sdr.energy_kwh)
    large_kwh = limits["large_kwh"]
    if energy_kwh <= large_kwh and energy_kwh <= limits["largest_kwh"]:
        return None
    beyond = energy_kwh > limits["largest_kwh"]
    severity: Severity | None = None if beyond else "HOLD"
    limit_kwh = limits["largest_kwh"] if beyond else large_kwh
    text = f"{sdr.energy_kwh} kWh in one session"
    return Found(text, severity, f"{energy_kwh} kWh", f"{limit_kwh} kWh")


def some_energy_flowed(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V204. A long session without energy is noted; billing it is refused, beyond a residue."""
    if sdr.energy_kwh is None or sdr.energy_kwh:
        return None
    residue = limits["residue"]
    for item in sdr.items:
        if item.kind == "ENERGY" and item.amount > residue:
            text = f"{item.amount} {sdr.currency} for 0 kWh"
            return Found(text, "REJECT", f"{item.amount} {sdr.currency}", str(residue))
    if sdr.started_at is None or sdr.ended_at is None:
        return None
    lasted_s = seconds(sdr.ended_at - sdr.started_at)
    if lasted_s <= limits["empty_s"]:
        return None
    text = f"0 kWh in {lasted_s} s"
    return Found(text, None, f"{lasted_s} s", f"{limits['empty_s']} s")


def mean_power_is_plausible(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V209. More than 500 kW on average is no vehicle of today."""
    hours = _hours(sdr)
    if not hours or sdr.energy_kwh is None:
        return None
    largest_kw = limits["largest_kw"]
    energy_kwh = abs(sdr.energy_kwh)
    if energy_kwh <= largest_kw * hours + limits["metering_tolerance_kwh"]:
        return None
    text = f"{sdr.energy_kwh} kWh in {hours:.3f} h"
    return Found(text, None, f"{energy_kwh / hours:.1f} kW", f"{largest_kw} kW")


def energy_is_not_in_wh(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V212. A value above 1,000 whose thousandth is plausible was meant as Wh."""
    if sdr.energy_kwh is None:
        return None
    energy_kwh = abs(sdr.energy_kwh)
    least_kwh = limits["wh_from_kwh"]
    if energy_kwh <= least_kwh or energy_kwh / 1000 > limits["plausible_kwh"]:
        return None
    text = f"{sdr.energy_kwh} kWh reads like {sdr.energy_kwh / 1000} kWh given in Wh"
    return Found(text, None, f"{energy_kwh} kWh", f"{least_kwh} kWh")


def energy_is_not_too_fine(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V212. Meters are read to a watt-hour, OCPI tells a tenth of it; zeros are no precision."""
    if sdr.energy_kwh is None:
        return None
    exponent = sdr.energy_kwh.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -facts.energy_decimals:
        return None
    if sdr.energy_kwh == round(sdr.energy_kwh, facts.energy_decimals):
        return None
    text = f"{sdr.energy_kwh} kWh has more than {facts.energy_decimals} decimals"
    return Found(text, None, f"{-exponent} decimals", f"{facts.energy_decimals} decimals")


def _hours(sdr: InboundSdr) -> Decimal | None:
    if sdr.started_at is None or sdr.ended_at is None or sdr.ended_at < sdr.started_at:
        return None
    return Decimal(seconds(sdr.ended_at - sdr.started_at)) / 3600


def _charging_hours(sdr: InboundSdr) -> Decimal | None:
    """The time in which energy could flow: the charging part where it is told."""
    begin, end = sdr.charging_started_at, sdr.charging_ended_at
    if begin is None or end is None or end < begin:
        return _hours(sdr)
    return Decimal(seconds(end - begin)) / 3600
