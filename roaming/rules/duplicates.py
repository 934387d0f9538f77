"""Rules on the same thing told twice. The database's unique keys hold the same line."""

from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.record import InboundSdr


def id_is_not_taken_by_other_content(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V401. The live record stays as it is."""
    if not facts.conflicts_with:
        return None
    return Found(f"{sdr.sdr_id} is a live record with other content")


def session_is_not_billed_twice(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V402. A credit or replacement names its original and may share the session."""
    if not facts.session_holder or sdr.credits_sdr_id or sdr.replaces_sdr_id:
        return None
    return Found(f"session {sdr.service_session_id} is claimed by record {facts.session_holder}")
