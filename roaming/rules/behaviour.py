"""Rules on how a sender or an EVSE behaves. They note; a person looks."""

from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.record import InboundSdr


def sender_is_as_usual(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V701. Many refused, or far more records than on its usual day."""
    day = facts.sender_day
    if day is None or day.received < limits["fewest_records"]:
        return None
    most_percent = limits["rejected_percent"]
    if day.rejected * 100 > most_percent * day.received:
        share = f"{day.rejected * 100 / day.received:.1f} %"
        text = f"{day.rejected} of {day.received} records of today were refused"
        return Found(text, None, share, f"{most_percent} %")
    if day.usual is None or day.deviation is None:
        return None
    most = day.usual + limits["sigmas"] * day.deviation
    if day.received <= most:
        return None
    text = f"{day.received} records today, usual are {day.usual:.0f}"
    return Found(text, None, str(day.received), f"{most:.0f}")


def files_have_no_gap(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V704. A repeated sequence is refused at the door, before there is a record."""
    return Found(facts.batch_gap) if facts.batch_gap else None


def gap_in_words(first: int, last: int) -> str:
    """What V704 says of the batches [first, last], which the sender numbered and did not send."""
    missing = f"batch {first}" if first == last else f"each of the batches {first} to {last}"
    return f"{missing} before this one has not come"


def energy_varies(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V705. The same figure five times on one EVSE is a default, not a meter."""
    if facts.neighbours is None or not sdr.energy_kwh or sdr.credits_sdr_id:
        return None
    in_a_row = facts.neighbours.same_energy_in_a_row
    most = limits["same_in_a_row"]
    if in_a_row < most:
        return None
    text = f"{sdr.energy_kwh} kWh {in_a_row} times in a row at this EVSE"
    return Found(text, None, str(in_a_row), str(most))
