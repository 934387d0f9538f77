"""A partner's invoices and credit notes: what it sold, and what it bought."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from billing.models import DocumentFile, Invoice, InvoiceSupply, IssuingBlock, TaxedSupply
from billing.queries_statements import PDF
from partners.models import Partner

UBL = "application/xml"
# Kind of a file, and the stored one that holds it: the CII is inside the PDF.
HELD_IN = {"pdf": PDF, "cii": PDF, "ubl": UBL}
# What a partner may issue itself; any other reason is for the clearing house to mend.
OFFERED = "CHANNEL_MISSING"


@dataclass(frozen=True, slots=True)
class OwnInvoice:
    """One document of the asking partner, and which of its files are made: "pdf", "cii", "ubl"."""

    invoice: Invoice
    is_sold: bool
    files: list[str]

    @property
    def counterparty(self) -> str:
        return (self.invoice.buyer if self.is_sold else self.invoice.seller).name


def waiting_for_invoice(supplies: QuerySet[TaxedSupply]) -> QuerySet[TaxedSupply]:
    """Those that stand on no active invoice: on none yet, or on refused ones only."""
    stands = InvoiceSupply.objects.filter(supply=OuterRef("pk"), released_at__isnull=True)
    return supplies.filter(~Exists(stands))


def own_invoices(invoices: Iterable[Invoice], *, partner: Partner) -> list[OwnInvoice]:
    """Their files with one query more, however many documents there are."""
    rows = list(invoices)
    stored = DocumentFile.objects.filter(
        document__in=[row.document_id for row in rows if row.document_id],
        media_type__in=[PDF, UBL],
    ).values_list("document", "media_type")
    made = set(stored)
    return [
        OwnInvoice(
            invoice=row,
            is_sold=row.seller_id == partner.pk,
            files=[kind for kind, held in HELD_IN.items() if (row.document_id, held) in made],
        )
        for row in rows
    ]


def blocks_for(partner: Partner, *, environment: str) -> QuerySet[IssuingBlock]:
    """Invoices in the partner's name that we could not issue and that still wait, newest first."""
    return (
        IssuingBlock.objects.filter(
            seller=partner, environment=environment, resolved_at__isnull=True
        )
        .select_related("buyer")
        .order_by("-id")
    )
