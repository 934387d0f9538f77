"""A partner's invoices and credit notes: what it sold, and what it bought."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from billing.models import DocumentFile, Invoice, InvoiceSupply, TaxedSupply
from billing.queries_statements import PDF
from partners.models import Partner

UBL = "application/xml"
FILE_KINDS = {"pdf": PDF, "ubl": UBL}


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """One document of the asking partner; amounts are positive, in minor units of ``currency``.

    ``document_id`` is None where the seller issued it itself. ``files`` are the kinds that are
    made already, "pdf" and "ubl".
    """

    id: UUID
    document_id: UUID | None
    number: str
    type_code: str
    title: str
    is_sold: bool
    counterparty: str
    issue_date: date
    currency: str
    net_minor: int
    vat_minor: int
    gross_minor: int
    is_credit: bool
    files: list[str]


def waiting_for_invoice(supplies: QuerySet[TaxedSupply]) -> QuerySet[TaxedSupply]:
    """Those that stand on no active invoice: on none yet, or on refused ones only."""
    stands = InvoiceSupply.objects.filter(supply=OuterRef("pk"), released_at__isnull=True)
    return supplies.filter(~Exists(stands))


def summaries_of_invoices(invoices: QuerySet[Invoice], *, partner: Partner) -> list[InvoiceSummary]:
    """Their files with one query more, however many documents there are."""
    rows = list(invoices)
    files: dict[UUID, list[str]] = {}
    kinds = {media_type: kind for kind, media_type in FILE_KINDS.items()}
    stored = DocumentFile.objects.filter(document__in=[row.document_id for row in rows])
    for document_id, media_type in stored.order_by("media_type").values_list(
        "document_id", "media_type"
    ):
        if media_type in kinds:
            files.setdefault(document_id, []).append(kinds[media_type])
    return [
        InvoiceSummary(
            id=row.pk,
            document_id=row.document_id,
            number=row.number,
            type_code=row.type_code,
            title=row.get_type_code_display(),
            is_sold=row.seller_id == partner.pk,
            counterparty=(row.buyer if row.seller_id == partner.pk else row.seller).name,
            issue_date=row.issue_date,
            currency=row.currency,
            net_minor=row.net_minor,
            vat_minor=row.vat_minor,
            gross_minor=row.gross_minor,
            is_credit=row.is_credit,
            files=files.get(row.document_id, []) if row.document_id else [],
        )
        for row in rows
    ]
