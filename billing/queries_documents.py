"""Every document with a partner's name on it: statements, invoices, letters, confirmations."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from billing.documents.dunning_content import dunning_from_json
from billing.documents.dunning_words import WORDS
from billing.models import BalanceConfirmation, Document, DocumentFile, Invoice
from billing.queries_invoices import own_invoices
from billing.queries_statements import PDF, summaries_of
from partners.models import Partner

Kind = Document.Kind
# What a person may filter by, and the kinds of document behind each.
KINDS: dict[str, tuple[Kind, ...]] = {
    "statements": (Kind.STATEMENT,),
    "provisional": (Kind.PROVISIONAL,),
    "invoices": (Kind.INVOICE,),
    "letters": (Kind.DUNNING,),
    "balances": (Kind.BALANCE,),
}


class DocumentSelection(NamedTuple):
    """What is looked for, all where empty. Issued in [issued_from, issued_before)."""

    kind: str = ""
    issued_from: datetime | None = None
    issued_before: datetime | None = None


@dataclass(slots=True, kw_only=True)
class OwnDocument:
    """One document as its partner reads it. Money in minor units of ``currency``, signed where it
    is a position (+ the partner gets); ``files`` are those that are made: "pdf", "cii", "ubl".

    ``subject_id`` is what its page is found by: a balance's confirmation, else the document.
    """

    id: UUID
    number: str
    kind: str
    issued_at: datetime
    title: str
    about: str = ""
    amount_minor: int | None = None
    currency: str = ""
    is_position: bool = False
    subject_id: UUID
    files: list[str] = field(default_factory=list)


def documents_for(
    partner: Partner, selection: DocumentSelection, *, environment: str
) -> QuerySet[Document]:
    """The partner's own and the invoices that it bought by, newest first, without their content."""
    bought = Invoice.objects.filter(buyer=partner, environment=environment).values("document")
    found = Document.objects.filter(
        Q(partner=partner) | Q(kind=Kind.INVOICE, pk__in=bought), environment=environment
    )
    if selection.kind:
        found = found.filter(kind__in=KINDS[selection.kind])
    if selection.issued_from:
        found = found.filter(issued_at__gte=selection.issued_from)
    if selection.issued_before:
        found = found.filter(issued_at__lt=selection.issued_before)
    return found.defer("content").order_by("-id")


def own_documents(documents: Iterable[Document], *, partner: Partner) -> list[OwnDocument]:
    """Each with what it is about, its amount and its files: a query per kind, not per document."""
    rows = list(documents)
    pdfs = set(
        DocumentFile.objects.filter(document__in=[row.pk for row in rows], media_type=PDF)
        .values_list("document", flat=True)
        .order_by()
    )
    found = {
        row.pk: OwnDocument(
            id=row.pk,
            number=row.number,
            kind=row.kind,
            issued_at=row.issued_at,
            title=row.get_kind_display(),
            subject_id=row.pk,
            files=["pdf"] if row.pk in pdfs else [],
        )
        for row in rows
    }
    of_kind: dict[str, list[UUID]] = {}
    for row in rows:
        of_kind.setdefault(row.kind, []).append(row.pk)
    statements = of_kind.get(Kind.STATEMENT, []) + of_kind.get(Kind.PROVISIONAL, [])
    _tell_statements(found, statements, partner)
    _tell_invoices(found, of_kind.get(Kind.INVOICE, []), partner)
    _tell_letters(found, of_kind.get(Kind.DUNNING, []))
    _tell_balances(found, of_kind.get(Kind.BALANCE, []))
    return list(found.values())


def _tell_statements(found: dict[UUID, OwnDocument], ids: list[UUID], partner: Partner) -> None:
    if not ids:
        return
    for one in summaries_of(Document.objects.filter(pk__in=ids), partner=partner):
        told = found[one.id]
        told.about = f"{one.period}, {one.group}"
        told.amount_minor, told.currency, told.is_position = one.net_minor, one.currency, True


def _tell_invoices(found: dict[UUID, OwnDocument], ids: list[UUID], partner: Partner) -> None:
    if not ids:
        return
    invoices = Invoice.objects.filter(document__in=ids).select_related("seller", "buyer")
    for own in own_invoices(invoices, partner=partner):
        if own.invoice.document_id is not None:
            told = found[own.invoice.document_id]
            told.title = own.invoice.get_type_code_display()
            told.about = own.counterparty
            told.amount_minor, told.currency = own.invoice.gross_minor, own.invoice.currency
            told.files = own.files


def _tell_letters(found: dict[UUID, OwnDocument], ids: list[UUID]) -> None:
    if not ids:
        return
    contents = Document.objects.filter(pk__in=ids).values_list("pk", "content")
    for document_id, frozen in contents:
        content, told = dunning_from_json(frozen), found[document_id]
        told.title = WORDS["en"][f"title_{content.level}"]
        told.about = ", ".join(item.statement for item in content.items)
        told.amount_minor, told.currency = content.total_minor, content.currency


def _tell_balances(found: dict[UUID, OwnDocument], ids: list[UUID]) -> None:
    if not ids:
        return
    for one in BalanceConfirmation.objects.filter(document__in=ids):
        told = found[one.document_id]
        told.about, told.subject_id = f"{one.as_of:%Y-%m-%d}", one.pk
        told.amount_minor, told.currency, told.is_position = one.balance_minor, one.currency, True
