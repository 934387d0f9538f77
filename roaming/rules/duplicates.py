"""Rules on the same thing told twice. The database's unique keys hold the same line."""

from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.record import InboundSdr
from roaming.rules.time import seconds


def id_is_not_taken_by_other_content(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V401. The live record stays as it is."""
    if not facts.conflicts_with:
        return None
    return Found(f"{sdr.sdr_id} is a live record with other content")


def session_is_not_billed_twice(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V402. A credit may share its original's session; a replacement takes it over from there.

    A replacement whose original is not here waits for it (V601), and is asked again when it comes.
    """
    if not facts.session_holder or sdr.credits_sdr_id:
        return None
    if sdr.replaces_sdr_id and (
        facts.original is None or facts.session_holder == sdr.replaces_sdr_id
    ):
        return None
    return Found(f"session {sdr.service_session_id} is claimed by record {facts.session_holder}")


def session_is_not_told_twice(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V403. Same EVSE, contract, start and energy under another id."""
    other = facts.neighbours.fuzzy_duplicate if facts.neighbours else ""
    if not other or _answers(sdr, other):
        return None
    return Found(f"record {other} tells of the same EVSE, contract, start and energy")


def evse_serves_one_at_a_time(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V404."""
    other = facts.neighbours.overlaps_on_evse if facts.neighbours else ""
    if not other or facts.neighbours is None or _answers(sdr, other):
        return None
    overlap_s = seconds(facts.neighbours.overlap)
    if overlap_s <= limits["overlap_s"]:
        return None
    text = f"record {other} was charging at the same EVSE for {overlap_s} s of it"
    return Found(text, None, f"{overlap_s} s", f"{limits['overlap_s']} s")


def contract_is_at_one_place(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V405. A cloned card charges in two towns at once, or at too many EVSEs."""
    around = facts.neighbours
    if around is None or sdr.credits_sdr_id or sdr.replaces_sdr_id:
        return None
    if around.speed_kmh is not None and around.speed_kmh > limits["fastest_kmh"]:
        text = f"from record {around.far_session} at {around.speed_kmh:.0f} km/h"
        return Found(text, None, f"{around.speed_kmh:.0f} km/h", f"{limits['fastest_kmh']} km/h")
    if around.parallel_of_contract > limits["parallel_sessions"]:
        count = around.parallel_of_contract
        text = f"the contract has {count} sessions at a time"
        return Found(text, None, f"{count}", f"{limits['parallel_sessions']}")
    return None


def _answers(sdr: InboundSdr, other: str) -> bool:
    """A credit tells its original's session again, and so does a replacement."""
    return bool(sdr.credits_sdr_id) or other == sdr.replaces_sdr_id
