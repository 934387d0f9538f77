"""A record's whole history as one table: original, credits, replacements, and what they sum to."""

from collections.abc import Iterable
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html

from partners.admin.story import Badge, Table
from roaming.admin.tones import STATE_TONES
from roaming.queries_chain import lines_of


def chain_table(record_id: UUID | None) -> Iterable[Table]:
    """The chain that the record is part of; nothing where it stands alone."""
    lines = lines_of(record_id) if record_id else []
    if len(lines) < 2:
        return
    rows = [
        (
            format_html(
                '<a class="ch-link" href="{}">{}</a>',
                reverse("admin:roaming_sdr_change", args=[line.record_id]),
                line.sdr_id or "without an id",
            ),
            line.role,
            Badge(line.state, STATE_TONES.get(line.state, "")),
            f"{line.claim_amount:,.2f}",
            f"{line.counted_amount:,.2f}",
        )
        for line in lines
    ]
    total = sum(line.counted_amount for line in lines)
    yield Table(
        "Corrections as one history",
        ("SDR", "What it is", "State", "Claim", f"Counts, {lines[0].currency}"),
        rows,
        frozenset({3, 4}),
        note=f"Together they ask for {total:,.2f} {lines[0].currency}; what was withdrawn,"
        " superseded or rejected asks for nothing.",
    )
