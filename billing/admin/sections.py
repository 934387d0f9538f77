"""What billing adds to the page of a record: where it was cleared, and the next step."""

from collections.abc import Iterator

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.models import ClearedSdr, Document
from partners.admin.story import Facts, Note, link
from roaming.models import Sdr, SdrState

# What is in no window, whatever still comes.
_OUT = (SdrState.State.REJECTED, SdrState.State.WITHDRAWN, SdrState.State.SUPERSEDED)


def cleared_section(sdr: Sdr) -> Iterator[object]:
    """Tell where ``sdr`` was cleared; a record that was not says so."""
    if sdr.seller_id is None or sdr.rejected_at_intake:
        return
    rows = ClearedSdr.objects.filter(seller=sdr.seller_id, pk=sdr.pk)
    cleared = rows.select_related("window__group").first()
    if cleared is None:
        if SdrState.objects.filter(sender=sdr.sender_id, pk=sdr.pk, state__in=_OUT).exists():
            yield Note("Not cleared, and it never will be: see its state.", title="Clearing")
            return
        yield Note(
            "Not cleared. An accepted record is cleared within the hour; any other waits for its"
            " acceptance.",
            title="Clearing",
        )
        return
    settlement = cleared.window.settlement
    statements = (
        Document.objects.filter(
            settlement=settlement, partner__in=(cleared.seller_partner_id, cleared.buyer_partner_id)
        ).defer("content")
        if settlement
        else ()
    )
    yield Facts(
        "Clearing",
        [
            ("Cleared row", link(cleared, "figures, rate and rounding")),
            ("Window", link(cleared.window, name_of(cleared.window))),
            ("Claim", amount(cleared.claim_minor, cleared.currency)),
            ("Commission", amount(cleared.commission_minor, cleared.currency)),
            ("Payout", amount(cleared.payout_minor, cleared.currency)),
            ("Cleared", cleared.cleared_at),
            ("Settlement", link(settlement, "positions") if settlement else "window is open"),
            *[(document.get_kind_display(), link(document)) for document in statements],
        ],
    )
