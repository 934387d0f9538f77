"""My invoices: what was sold and bought, with the files as they were first handed out."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.documents.invoice_content import from_json
from billing.models import IssuingBlock
from billing.queries_finance import invoices_for
from billing.queries_invoices import HELD_IN, OFFERED, blocks_for, own_invoices
from billing.services.downloads import note_download
from billing.services.invoice_files import file_of, offered_xml
from billing.stored_files import answer_with
from billing.views.access import ENVIRONMENT
from billing.views.pages import cursor_of
from partners.portal import for_partner, partner_of, request_id
from partners.rules.roles import SEE_FINANCE

PAGE = 50
_SUFFIXES = {"pdf": ".pdf", "cii": "-cii.xml", "ubl": ".xml"}


class _Block:
    """What could not be issued, as the page shows it."""

    def __init__(self, row: IssuingBlock) -> None:
        content = from_json(row.content)
        self.id, self.buyer, self.since = row.pk, row.buyer.name, row.opened_at
        self.gross_minor, self.currency = content.totals.incl_tax_minor, content.currency
        self.what_to_do = row.what_to_do
        self.is_offered = row.code == OFFERED


@require_safe
@for_partner(right=SEE_FINANCE)
def invoice_list(request: HttpRequest) -> HttpResponse:
    """Invoices and credit notes newest first, whichever side the partner is on."""
    partner, before = partner_of(request), cursor_of(request, "before")
    invoices = invoices_for(partner, environment=ENVIRONMENT)
    if before:
        invoices = invoices.filter(id__lt=before)
    rows = own_invoices(invoices[: PAGE + 1], partner=partner)
    blocks = [] if before else blocks_for(partner, environment=ENVIRONMENT)[:PAGE]
    return render(
        request,
        "portal/invoices.html",
        {
            "section": "invoices",
            "invoices": rows[:PAGE],
            "blocks": [_Block(one) for one in blocks],
            "older": rows[PAGE - 1].invoice.pk if len(rows) > PAGE else None,
            "is_first_page": before is None,
        },
    )


@require_safe
@for_partner(right=SEE_FINANCE)
def invoice_file(request: HttpRequest, document_id: UUID, kind: str) -> HttpResponse:
    """The stored bytes of an invoice of the partner's own, sold or bought."""
    partner = partner_of(request)
    if kind not in HELD_IN:
        raise Http404("no such format")
    own = invoices_for(partner, environment=ENVIRONMENT)
    invoice = get_object_or_404(own.select_related("document"), document=document_id)
    if invoice.document is None:
        raise Http404("the seller issued it itself")
    file = file_of(invoice.document, kind)
    if file is None:
        raise Http404("its files are being made")
    note_download(
        actor=request.user.get_username(),
        partner=partner,
        object_type="invoice",
        object_id=invoice.number,
        now=timezone.now(),
        request_id=request_id(),
        details={"format": kind},
    )
    return answer_with(file, name=f"{invoice.number}{_SUFFIXES[kind]}", request=request)


@require_safe
@for_partner(right=SEE_FINANCE)
def offered(request: HttpRequest, block_id: UUID, syntax: str) -> HttpResponse:
    """An invoice that the partner has to issue over its state's channel, as XML without number."""
    partner = partner_of(request)
    if syntax not in ("cii", "ubl"):
        raise Http404("no such syntax")
    own = blocks_for(partner, environment=ENVIRONMENT).filter(code=OFFERED)
    block = get_object_or_404(own, pk=block_id)
    note_download(
        actor=request.user.get_username(),
        partner=partner,
        object_type="issuing_block",
        object_id=str(block.pk),
        now=timezone.now(),
        request_id=request_id(),
        details={"format": syntax},
    )
    return HttpResponse(
        offered_xml(block, syntax="CII" if syntax == "cii" else "UBL"),
        content_type="application/xml",
        headers={
            "Content-Disposition": f'attachment; filename="draft-{block.pk}.{syntax}.xml"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
