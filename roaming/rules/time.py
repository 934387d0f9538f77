"""Rules on when. All instants are aware; ages count from the service end to the receipt."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from roaming.rules.findings import Facts, Found, Limits, Severity
from roaming.rules.record import InboundSdr


def seconds(of: timedelta) -> int:
    """Whole seconds, exactly: floats have no place beside Decimals."""
    return of.days * 86_400 + of.seconds


def end_is_not_before_start(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V101."""
    if sdr.started_at is None or sdr.ended_at is None or sdr.ended_at >= sdr.started_at:
        return None
    return Found(f"ended {sdr.ended_at.isoformat()}, started {sdr.started_at.isoformat()}")


def zero_duration_has_no_energy(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V102."""
    if sdr.started_at is None or sdr.started_at != sdr.ended_at or not sdr.energy_kwh:
        return None
    return Found(f"{sdr.energy_kwh} kWh in no time", measured="0 s")


def end_is_not_in_the_future(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V103. Clocks may differ by 5 minutes; up to 15 the record is only noted."""
    if sdr.ended_at is None or sdr.ended_at <= facts.received_at:
        return None
    ahead = sdr.ended_at - facts.received_at
    clock_s, future_s = limits["clock_tolerance_s"], limits["future_s"]
    if ahead <= timedelta(seconds=int(clock_s)):
        return None
    is_far = ahead > timedelta(seconds=int(future_s))
    return Found(
        f"ended {sdr.ended_at.isoformat()}, received {facts.received_at.isoformat()}",
        None if is_far else "WARN",
        f"{seconds(ahead)} s",
        f"{future_s if is_far else clock_s} s",
    )


def start_is_after_commissioning(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V104. The agreement's own start is V004."""
    if facts.evse is None or facts.evse.starts_at is None or sdr.started_at is None:
        return None
    if sdr.started_at >= facts.evse.starts_at:
        return None
    return Found(
        "started before the EVSE was commissioned",
        measured=sdr.started_at.isoformat(),
        limit=facts.evse.starts_at.isoformat(),
    )


def date_is_no_default(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V105. 0001, 1970 and 2000-01-01 are what clocks say that were never set."""
    first_year = limits["first_year"]
    for instant in (sdr.started_at, sdr.ended_at):
        if instant is not None and instant.year < first_year:
            return Found(
                f"{instant.isoformat()} is a clock that was never set",
                measured=str(instant.year),
                limit=str(first_year),
            )
    return None


def offset_is_the_locations(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V106. UTC is always right; another offset is that of the place."""
    if facts.evse is None or not facts.evse.time_zone:
        return None
    zone = _zone(facts.evse.time_zone)
    for instant in (sdr.started_at, sdr.ended_at):
        if zone is None or instant is None or instant.tzinfo is UTC or not instant.utcoffset():
            continue
        there = instant.astimezone(zone)
        if there.utcoffset() != instant.utcoffset():
            return Found(
                f"{instant.isoformat()} where the clocks said {there.isoformat()}",
                measured=instant.strftime("%z"),
                limit=there.strftime("%z"),
            )
    return None


def duration_is_plausible(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V107. A lost stop bills for days. Where the current is not told, AC's limit counts."""
    if sdr.started_at is None or sdr.ended_at is None:
        return None
    duration_s = seconds(sdr.ended_at - sdr.started_at)
    dc_hours = limits["longest_dc_hours"]
    if duration_s <= min(dc_hours, limits["longest_ac_hours"]) * 3600:
        return None
    current = sdr.current_type or (facts.evse.current_type if facts.evse else "")
    is_dc = current[:2].upper() == "DC"
    longest_hours = dc_hours if is_dc else limits["longest_ac_hours"]
    if duration_s <= longest_hours * 3600:
        return None
    severity: Severity | None = None
    if duration_s > limits["longest_days"] * 86_400:
        severity, longest_hours = "REJECT", limits["longest_days"] * 24
    hours = f"{duration_s / 3600:.1f} h"
    return Found(f"the session lasted {hours}", severity, hours, f"{longest_hours} h")


def duration_is_not_tiny(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V108. Under a minute is noted; so is a charge for a failed start: it should cost nothing."""
    if sdr.started_at is None or sdr.ended_at is None:
        return None
    lasted_s = seconds(sdr.ended_at - sdr.started_at)
    failed_s = limits["failed_start_s"]
    if lasted_s <= 0 or lasted_s >= failed_s:
        return None
    shortest_s = limits["shortest_s"]
    if lasted_s < shortest_s:
        return Found(f"the session lasted {lasted_s} s", None, f"{lasted_s} s", f"{shortest_s} s")
    if not sdr.total_amount or sdr.energy_kwh is None:
        return None
    if abs(sdr.energy_kwh) >= limits["failed_start_kwh"]:
        return None
    text = f"{sdr.energy_kwh} kWh in {lasted_s} s: a failed start should cost nothing"
    return Found(text, None, f"{lasted_s} s", f"{failed_s} s")


def charging_is_inside_the_session(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V109."""
    if sdr.started_at is None or sdr.ended_at is None:
        return None
    begin, end = sdr.charging_started_at, sdr.charging_ended_at
    if begin is not None and not sdr.started_at <= begin <= sdr.ended_at:
        return Found(f"charging began {begin.isoformat()}, outside the session")
    if end is not None and not (begin or sdr.started_at) <= end <= sdr.ended_at:
        return Found(f"charging ended {end.isoformat()}, outside the session")
    return None


def record_is_not_too_old(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V110. The agreement says after how many days a record is late, and when it is too late.

    What takes the place of a record in dispute has the dispute's own deadlines.
    """
    if sdr.ended_at is None or facts.terms is None:
        return None
    if facts.original is not None and facts.original.state == "DISPUTED":
        return None
    age = facts.received_at - sdr.ended_at
    limit, late = facts.terms.refuse_after_days, facts.terms.warn_after_days
    days = f"{age.days} days"
    if limit is not None and age > timedelta(days=limit):
        text = f"received {days} after the end; the agreement takes {limit}"
        return Found(text, None, days, f"{limit} days")
    if late is not None and age > timedelta(days=late):
        text = f"received {days} after the end; on time is {late}"
        return Found(text, "WARN", days, f"{late} days")
    return None


def session_has_ended(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V111. A record is sent once its session is over."""
    if sdr.ended_at is not None:
        return None
    return Found("no end: the session was still running, or its stop was lost")


def clock_agrees_with_the_authorization(
    sdr: InboundSdr, facts: Facts, limits: Limits
) -> Found | None:
    """V112. The station's start against the instant at which the session was authorized."""
    trace = facts.authorization
    if trace is None or trace.authorized_at is None or sdr.started_at is None:
        return None
    drift_s = seconds(abs(sdr.started_at - trace.authorized_at))
    noted_s, far_s = limits["drift_s"], limits["far_drift_s"]
    if drift_s <= noted_s:
        return None
    is_far = drift_s > far_s
    return Found(
        f"started {drift_s} s from the authorization",
        "HOLD" if is_far else None,
        f"{drift_s} s",
        f"{far_s if is_far else noted_s} s",
    )


def clock_of_the_evse_is_steady(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V112. The median of an EVSE's last sessions tells a wrong clock from one late card."""
    drift_s = facts.neighbours.median_drift_s if facts.neighbours else None
    if drift_s is None or abs(drift_s) <= limits["median_drift_s"]:
        return None
    return Found(
        f"the EVSE's clock is {drift_s} s off in the median",
        measured=f"{drift_s} s",
        limit=f"{limits['median_drift_s']} s",
    )


def local_time_is_unambiguous(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V113. Where no offset is told, an hour of each autumn is two."""
    for local in facts.local_times or ():
        if _is_twice(local):
            return Found(f"{local:%Y-%m-%d %H:%M} local time happened twice")
    return None


def _is_twice(local: datetime) -> bool:
    first, second = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    return first is not None and second is not None and first > second


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
