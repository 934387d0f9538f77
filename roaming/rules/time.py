"""Rules on when. All instants are aware; ages count from the service end to the receipt."""

from datetime import timedelta

from roaming.rules.findings import Facts, Found, Limits, Severity
from roaming.rules.record import InboundSdr

CLOCK_TOLERANCE = timedelta(minutes=5)
FUTURE_LIMIT = timedelta(minutes=15)


def end_is_not_before_start(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V101."""
    if sdr.started_at is None or sdr.ended_at is None or sdr.ended_at >= sdr.started_at:
        return None
    return Found(f"ended {sdr.ended_at.isoformat()}, started {sdr.started_at.isoformat()}")


def zero_duration_has_no_energy(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V102."""
    if sdr.started_at is None or sdr.started_at != sdr.ended_at or not sdr.energy_kwh:
        return None
    return Found(f"{sdr.energy_kwh} kWh in no time")


def end_is_not_in_the_future(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V103. Clocks may differ by 5 minutes; up to 15 the record is only noted."""
    if sdr.ended_at is None or sdr.ended_at <= facts.received_at + CLOCK_TOLERANCE:
        return None
    severity: Severity | None = None if sdr.ended_at > facts.received_at + FUTURE_LIMIT else "WARN"
    return Found(
        f"ended {sdr.ended_at.isoformat()}, received {facts.received_at.isoformat()}", severity
    )


def record_is_not_too_old(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V110. The agreement says after how many days a record is late, and when it is too late."""
    if sdr.ended_at is None or facts.terms is None:
        return None
    age = facts.received_at - sdr.ended_at
    limit, late = facts.terms.refuse_after_days, facts.terms.warn_after_days
    if limit is not None and age > timedelta(days=limit):
        return Found(f"received {age.days} days after the end; the agreement takes {limit}")
    if late is not None and age > timedelta(days=late):
        return Found(f"received {age.days} days after the end; on time is {late}", "WARN")
    return None


def session_has_ended(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V111. A record is sent once its session is over."""
    if sdr.ended_at is not None:
        return None
    return Found("no end: the session was still running, or its stop was lost")
