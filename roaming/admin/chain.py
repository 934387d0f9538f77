"""A record's whole history as one table: original, credits, replacements, and what they sum to."""

from collections.abc import Iterable
from uuid import UUID

from partners.admin.story import Badge, Table, link
from roaming.admin.tones import STATE_TONES
from roaming.models import Sdr, SdrState
from roaming.services import corrections


def chain_table(record_id: UUID | None) -> Iterable[Table]:
    """The chain that the record is part of; nothing where it stands alone."""
    chain = corrections.chain_of(record_id) if record_id else []
    if len(chain) < 2:
        return
    states = dict(SdrState.objects.filter(id__in=[s.id for s in chain]).values_list("id", "state"))
    counted = {sdr.id for sdr in chain if corrections.counts(states[sdr.id])}
    rows = [
        (
            link(sdr, sdr.sdr_id or "without an id"),
            _role(sdr),
            Badge(states[sdr.id], STATE_TONES.get(states[sdr.id], "")),
            f"{sdr.received_at:%Y-%m-%d %H:%M}",
            f"{sdr.claim_amount or 0:,.2f}",
            f"{sdr.claim_amount or 0:,.2f}" if sdr.id in counted else "—",
        )
        for sdr in chain
    ]
    total = sum((sdr.claim_amount or 0 for sdr in chain if sdr.id in counted), start=0)
    yield Table(
        "Corrections as one history",
        ("SDR", "What it is", "State", "Received (UTC)", "Claim", f"Counts, {chain[0].currency}"),
        rows,
        frozenset({4, 5}),
        note=f"Together they ask for {total:,.2f} {chain[0].currency}; what was withdrawn,"
        " superseded or rejected asks for nothing.",
    )


def _role(sdr: Sdr) -> str:
    if sdr.credits_sdr_id:
        return f"credit of {sdr.credits_sdr_id}"
    if sdr.replaces_sdr_id:
        return f"replaces {sdr.replaces_sdr_id}"
    return "part in dispute" if sdr.split_no else "original"
