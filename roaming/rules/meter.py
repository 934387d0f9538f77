"""Rules on the meter's readings and on the periods of a session. Tolerances are kWh and seconds."""

from decimal import Decimal
from itertools import pairwise

from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.record import InboundSdr
from roaming.rules.time import seconds


def meter_agrees_with_the_energy(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V205. A meter that was exchanged in between tells nothing."""
    start, end = sdr.meter_start_kwh, sdr.meter_end_kwh
    if start is None or end is None or sdr.energy_kwh is None or _was_exchanged(facts):
        return None
    apart_kwh = abs(end - start - abs(sdr.energy_kwh))
    if end < start or apart_kwh <= limits["meter_tolerance_kwh"]:
        return None
    text = f"the meter counted {end - start} kWh, the record says {sdr.energy_kwh}"
    return Found(text, None, f"{apart_kwh} kWh", f"{limits['meter_tolerance_kwh']} kWh")


def meter_runs_forward(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V206. Unless the registry tells of an exchange."""
    start, end = sdr.meter_start_kwh, sdr.meter_end_kwh
    if start is None or end is None or end >= start or _was_exchanged(facts):
        return None
    return Found(f"the meter went from {start} to {end} kWh", None, f"{end} kWh", f"{start} kWh")


def readings_run_forward(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V207, the signed readings."""
    readings = facts.signed.readings_kwh if facts.signed else ()
    for earlier, later in pairwise(readings):
        if later < earlier:
            text = f"a signed reading of {later} kWh follows {earlier} kWh"
            return Found(text, None, f"{later} kWh", f"{earlier} kWh")
    return None


def periods_run_forward(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V207, the charging periods: in order, inside the session, none that takes energy back."""
    if sdr.started_at is None or sdr.ended_at is None:
        return None
    earliest = sdr.started_at
    for period in sdr.charging_periods:
        if not earliest <= period.started_at <= sdr.ended_at:
            text = f"a period begins {period.started_at.isoformat()}, out of order or the session"
            return Found(text)
        if period.energy_kwh < 0 and not sdr.credits_sdr_id:
            return Found(f"a period of {period.energy_kwh} kWh")
        earliest = period.started_at
    return None


def meter_follows_the_session_before(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V208. Steps back and gaps are noted; energy counted before altogether is held."""
    before = facts.neighbours.previous_meter_end_kwh if facts.neighbours else None
    start, end = sdr.meter_start_kwh, sdr.meter_end_kwh
    if before is None or start is None or end is None or sdr.credits_sdr_id:
        return None
    if sdr.replaces_sdr_id or _was_exchanged(facts):
        return None
    text = f"the meter stood at {before} kWh after the session before, now at {start}"
    if start < before:
        return Found(text, "HOLD" if end <= before else None, f"{start} kWh", f"{before} kWh")
    if start - before > limits["largest_gap_kwh"]:
        return Found(text, None, f"{start - before} kWh", f"{limits['largest_gap_kwh']} kWh")
    return None


def periods_add_up_to_the_energy(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V210."""
    if not sdr.charging_periods or sdr.energy_kwh is None:
        return None
    energy_kwh = abs(sdr.energy_kwh)
    counted_kwh = sum((abs(period.energy_kwh) for period in sdr.charging_periods), Decimal(0))
    most_kwh = max(limits["sum_tolerance_kwh"], energy_kwh * limits["sum_tolerance_percent"] / 100)
    if abs(counted_kwh - energy_kwh) <= most_kwh:
        return None
    text = f"the periods come to {counted_kwh} kWh, the record says {sdr.energy_kwh}"
    return Found(text, None, f"{abs(counted_kwh - energy_kwh)} kWh", f"{most_kwh:.3f} kWh")


def periods_add_up_to_the_time(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V211. Periods without durations tell nothing about it."""
    if sdr.started_at is None or sdr.ended_at is None:
        return None
    counted_s = sum(period.duration_s for period in sdr.charging_periods)
    apart_s = abs(counted_s - seconds(sdr.ended_at - sdr.started_at))
    if not counted_s or apart_s <= limits["time_tolerance_s"]:
        return None
    text = f"the periods come to {counted_s} s, {apart_s} s from the session's time"
    return Found(text, None, f"{apart_s} s", f"{limits['time_tolerance_s']} s")


def parking_fits_the_session(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V211. Nobody parks for longer than the session took."""
    if sdr.started_at is None or sdr.ended_at is None:
        return None
    for item in sdr.items:
        if item.kind != "PARKING" or not item.quantity:
            continue
        parked_s = abs(item.quantity) * 3600
        session_s = seconds(sdr.ended_at - sdr.started_at)
        if parked_s > session_s + limits["time_tolerance_s"]:
            text = f"{item.quantity} h of parking in a session of {session_s} s"
            return Found(text, "REJECT", f"{parked_s:.0f} s", f"{session_s} s")
    return None


def _was_exchanged(facts: Facts) -> bool:
    return facts.meter_key is not None and facts.meter_key.was_exchanged_in_session
