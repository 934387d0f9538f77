"""Rules on records that answer an earlier one.

Nothing pairs a credit or a replacement with its original yet, so neither may move money: without
this, naming any id would be a way round V402 (one session, one bill) and V504 (no negative bill).
"""

from roaming.rules.findings import Facts, Found, Limits
from roaming.rules.record import InboundSdr


def original_is_paired(sdr: InboundSdr, facts: Facts, limits: Limits) -> Found | None:
    """V601. What names an original waits until it is paired with it."""
    if sdr.credits_sdr_id:
        return Found(f"a credit of {sdr.credits_sdr_id}, which it is not paired with yet")
    if sdr.replaces_sdr_id:
        return Found(f"a replacement of {sdr.replaces_sdr_id}, which it is not paired with yet")
    return None
