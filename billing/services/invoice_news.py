"""Both sides of an invoice are told of it: document.issued."""

from collections.abc import Iterable
from datetime import datetime

from billing.models import Invoice
from partners.queries import owned_parties
from roaming.models import Delivery
from roaming.services.deliveries import owe_each


def tell_both_sides(invoices: Iterable[Invoice], *, now: datetime) -> None:
    """Owe the news of each invoice to every party that its seller or buyer owns there."""
    told = list(invoices)
    sides = {partner for one in told for partner in (one.seller_id, one.buyer_id)}
    parties = owned_parties(sides, at=now)
    owe_each(
        Delivery.Kind.INVOICE,
        [
            (party, one.pk)
            for one in told
            for partner in (one.seller_id, one.buyer_id)
            for party in parties.get((partner, one.environment), ())
        ],
        now=now,
    )
