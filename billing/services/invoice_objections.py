"""The seller refuses a self-billed document: it loses its effect as an invoice (Art. 224).

Its records are free for another invoice; the settlement and the ledger stand as they are, since
what is owed does not change by who writes it down.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError

from billing.models import Invoice, InvoicedSdr, InvoiceObjection
from clearinghouse.retry import in_transaction
from partners.models import Partner

# Agreements on self-billing name a time; without one, that in which statements are objected to.
OBJECTION_PERIOD = timedelta(days=60)
_SELF_BILLED = (Invoice.TypeCode.SELF_BILLED, Invoice.TypeCode.SELF_BILLED_CREDIT)


class NotRefusable(Exception):
    """``code`` says why the document stands."""

    def __init__(self, code: str, detail: str):
        self.code = code
        super().__init__(detail)


def refuse_self_billed(
    invoice: Invoice, seller: Partner, *, reason: str, by: str, now: datetime
) -> InvoiceObjection:
    """Note the seller's objection and release the records of the document.

    :raises NotRefusable: NOT_SELF_BILLED, NOT_THE_SELLER, REFUSED_BEFORE or TOO_LATE.
    """
    if invoice.type_code not in _SELF_BILLED:
        raise NotRefusable("NOT_SELF_BILLED", "Only a self-billed document is refused like this.")
    if invoice.seller_id != seller.pk:
        raise NotRefusable("NOT_THE_SELLER", "The seller alone refuses a self-billed document.")
    if now > invoice.created_at + OBJECTION_PERIOD:
        raise NotRefusable("TOO_LATE", f"It could be refused for {OBJECTION_PERIOD.days} days.")
    try:
        return in_transaction(lambda: _refuse(invoice, reason, by, now))
    except IntegrityError as error:
        raise NotRefusable("REFUSED_BEFORE", "It was refused before.") from error


def _refuse(invoice: Invoice, reason: str, by: str, now: datetime) -> InvoiceObjection:
    objection = InvoiceObjection.objects.create(
        invoice=invoice, reason=reason[:2000], raised_by=by[:150], raised_at=now
    )
    InvoicedSdr.objects.filter(invoice=invoice, released_at__isnull=True).update(released_at=now)
    return objection
