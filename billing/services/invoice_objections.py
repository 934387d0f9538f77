"""The seller refuses a self-billed document: it loses its effect as an invoice (Art. 224).

Its supplies and records are free for an invoice that the seller writes itself, and the number that
was given stays, with a document that takes it back; the settlement and the ledger stand as they
are, since what is owed does not change by who writes it down.
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import cast
from zoneinfo import ZoneInfo

from django.db import IntegrityError
from msgspec.structs import replace

from billing.documents.content import content_sha256
from billing.documents.invoice_content import (
    InvoiceContent,
    Preceding,
    TypeCode,
    from_json,
    to_json,
)
from billing.models import (
    Document,
    Invoice,
    InvoiceCancellation,
    InvoicedSdr,
    InvoiceObjection,
    InvoiceSupply,
    PrecedingInvoice,
)
from billing.rules.invoicing.drafts import series_of
from billing.services.invoice_news import tell_both_sides
from billing.services.invoice_numbers import issuer_codes, take_for
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Partner

# Agreements on self-billing name a time; without one, that in which statements are objected to.
OBJECTION_PERIOD = timedelta(days=60)
_SELF_BILLED = (Invoice.TypeCode.SELF_BILLED, Invoice.TypeCode.SELF_BILLED_CREDIT)

logger = logging.getLogger(__name__)


class NotRefusable(Exception):
    """``code`` says why the document stands."""

    def __init__(self, code: str, detail: str):
        self.code = code
        super().__init__(detail)


def refuse_self_billed(
    invoice: Invoice, seller: Partner, *, reason: str, by: str, now: datetime
) -> InvoiceObjection:
    """Note the seller's objection and release the supplies and records of the document.

    :raises NotRefusable: NOT_SELF_BILLED, NOT_THE_SELLER, REFUSED_BEFORE or TOO_LATE.
    """
    if invoice.type_code not in _SELF_BILLED or hasattr(invoice, "cancels"):
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
    for behind in (InvoicedSdr, InvoiceSupply):
        behind.objects.filter(invoice=invoice, released_at__isnull=True).update(released_at=now)
    return objection


def take_back_refused(*, now: datetime) -> list[Invoice]:
    """Issue the document that takes back each refused one that has none yet (finance.md 5.4).

    May run at any time and again: a refused document is taken back once.
    """
    waiting = Invoice.objects.filter(
        objection__isnull=False, objection__cancellation__isnull=True, document__isnull=False
    )
    found = waiting.select_related("document", "objection", "settlement__window__group")
    made = []
    for refused in found.order_by("objection__raised_at", "pk"):
        try:
            made.append(in_transaction(partial(_take_back, refused, now)))
        except IntegrityError:
            # Another run took it back meanwhile, and the number taken here went back with it.
            logger.info("billing.invoice.taken_back_before", extra={"number": refused.number})
    return made


def _take_back(refused: Invoice, now: datetime) -> Invoice:
    said = from_json(cast(Document, refused.document).content)
    type_code: TypeCode = "389" if refused.is_credit else "261"
    issue_date = now.astimezone(ZoneInfo(said.time_zone)).date()
    series = series_of(
        issuer_codes([refused.seller_id])[refused.seller_id],
        type_code,
        environment=refused.environment,
    )
    taken = take_for([series], year=issue_date.year, environment=refused.environment)
    content = replace(
        said,
        type_code=type_code,
        number=taken[series][0],
        issued_at=now,
        issue_date=issue_date,
        due_date=issue_date,
        preceding=[Preceding(number=refused.number, issue_date=refused.issue_date)],
        # No statement nets it: what is owed stands as it was settled.
        statement="",
    )
    invoice = _written(refused, content, now)
    tell_both_sides([invoice], now=now)
    return invoice


def _written(refused: Invoice, content: InvoiceContent, now: datetime) -> Invoice:
    """The document as an invoice with the amounts of ``refused``, which it names."""
    values = to_json(content)
    document = Document.objects.create(
        id=uuid7_at(now),
        number=content.number,
        kind=Document.Kind.INVOICE,
        environment=refused.environment,
        partner_id=refused.seller_id,
        settlement=refused.settlement,
        content=values,
        content_sha256=content_sha256(values),
        issued_at=now,
    )
    kept = (
        "settlement environment mode seller buyer currency price_basis supply_starts_at"
        " supply_ends_at sdrs net_minor vat_minor gross_minor"
    )
    invoice = Invoice.objects.create(
        id=uuid7_at(now),
        document=document,
        type_code=content.type_code,
        number=content.number,
        issue_date=content.issue_date,
        due_date=content.due_date,
        created_at=now,
        **{name: getattr(refused, name) for name in kept.split()},
    )
    InvoiceCancellation.objects.create(invoice=invoice, objection=refused.objection)
    PrecedingInvoice.objects.create(id=uuid7_at(now), invoice=invoice, preceding=refused)
    return invoice
