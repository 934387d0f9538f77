"""Both sides of an invoice are told of it: document.issued."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from billing.models import Invoice
from partners.models import PartyOwnership
from partners.queries import in_period
from roaming.models import Delivery
from roaming.services.deliveries import owe_each


def tell_both_sides(invoices: Iterable[Invoice], *, now: datetime) -> None:
    """Owe the news of each invoice to every party that its seller or buyer owns there."""
    told = list(invoices)
    sides = {partner for one in told for partner in (one.seller_id, one.buyer_id)}
    parties: dict[tuple[UUID, str], list[UUID]] = defaultdict(list)
    owned = PartyOwnership.objects.filter(in_period(now), partner__in=sides)
    for row in owned.order_by("party").select_related("party"):
        parties[row.partner_id, row.party.environment].append(row.party_id)
    owe_each(
        Delivery.Kind.INVOICE,
        [
            (party, one.pk)
            for one in told
            for partner in (one.seller_id, one.buyer_id)
            for party in parties[partner, one.environment]
        ],
        now=now,
    )
