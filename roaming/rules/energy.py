"""Rules on energy. kWh at the connector; power in kW; time in hours."""

from decimal import Decimal

from roaming.rules.findings import Facts, Found, Limits, Severity
from roaming.rules.record import InboundSdr

LARGEST_KWH = Decimal(1000)
LARGE_KWH = Decimal(300)
LARGEST_MEAN_POWER_KW = Decimal(500)
POWER_TOLERANCE = Decimal("1.05")
METERING_TOLERANCE_KWH = Decimal("0.2")


def energy_is_not_negative(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V201."""
    if sdr.energy_kwh is None or sdr.energy_kwh >= 0:
        return None
    return Found(f"{sdr.energy_kwh} kWh")


def energy_fits_the_power(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V202. Energy beyond 1.05 × stated power × time + 0.2 kWh is held, beyond 1.5 × refused."""
    hours = _hours(sdr)
    if hours is None or not sdr.energy_kwh or not sdr.max_power_kw:
        return None
    possible_kwh = sdr.max_power_kw * hours
    if sdr.energy_kwh <= possible_kwh * POWER_TOLERANCE + METERING_TOLERANCE_KWH:
        return None
    text = f"{sdr.energy_kwh} kWh in {hours:.3f} h at {sdr.max_power_kw} kW"
    beyond = sdr.energy_kwh > possible_kwh * Decimal("1.5") + METERING_TOLERANCE_KWH
    return Found(text, "REJECT" if beyond else None)


def energy_is_plausible(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V203. Above 1,000 kWh refused; above 300 kWh (the largest vehicles) held."""
    if sdr.energy_kwh is None or sdr.energy_kwh <= LARGE_KWH:
        return None
    severity: Severity | None = None if sdr.energy_kwh > LARGEST_KWH else "HOLD"
    return Found(f"{sdr.energy_kwh} kWh in one session", severity)


def mean_power_is_plausible(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V209. More than 500 kW on average is no vehicle of today."""
    hours = _hours(sdr)
    if not hours or sdr.energy_kwh is None:
        return None
    if sdr.energy_kwh <= LARGEST_MEAN_POWER_KW * hours + METERING_TOLERANCE_KWH:
        return None
    return Found(f"{sdr.energy_kwh} kWh in {hours:.3f} h")


def energy_is_not_in_wh(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V212. A value above 1,000 whose thousandth is plausible was meant as Wh."""
    if sdr.energy_kwh is None or sdr.energy_kwh <= LARGEST_KWH:
        return None
    if sdr.energy_kwh / 1000 > LARGE_KWH:
        return None
    return Found(f"{sdr.energy_kwh} kWh reads like {sdr.energy_kwh / 1000} kWh given in Wh")


def _hours(sdr: InboundSdr) -> Decimal | None:
    if sdr.started_at is None or sdr.ended_at is None or sdr.ended_at < sdr.started_at:
        return None
    elapsed = sdr.ended_at - sdr.started_at
    return (Decimal(elapsed.days * 86_400 + elapsed.seconds)) / 3600
