"""My invoices: what was sold and bought, with the files as they were first handed out."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.queries_finance import invoices_for
from billing.queries_invoices import FILE_KINDS, summaries_of_invoices
from billing.services.downloads import note_download
from billing.stored_files import answer_with
from billing.views.access import ENVIRONMENT
from billing.views.pages import cursor_of
from partners.portal import for_partner, partner_of, request_id

PAGE = 50
_SUFFIXES = {"pdf": "pdf", "ubl": "xml"}


@require_safe
@for_partner
def invoice_list(request: HttpRequest) -> HttpResponse:
    """Invoices and credit notes newest first, whichever side the partner is on."""
    partner, before = partner_of(request), cursor_of(request, "before")
    invoices = invoices_for(partner, environment=ENVIRONMENT)
    if before:
        invoices = invoices.filter(id__lt=before)
    rows = summaries_of_invoices(invoices[: PAGE + 1], partner=partner)
    return render(
        request,
        "portal/invoices.html",
        {
            "section": "invoices",
            "invoices": rows[:PAGE],
            "older": rows[PAGE - 1].id if len(rows) > PAGE else None,
            "is_first_page": before is None,
        },
    )


@require_safe
@for_partner
def invoice_file(request: HttpRequest, document_id: UUID, kind: str) -> HttpResponse:
    """The stored bytes of an invoice of the partner's own, sold or bought."""
    partner = partner_of(request)
    if kind not in FILE_KINDS:
        raise Http404("no such format")
    own = invoices_for(partner, environment=ENVIRONMENT)
    invoice = get_object_or_404(own.select_related("document"), document=document_id)
    if invoice.document is None:
        raise Http404("the seller issued it itself")
    file = get_object_or_404(invoice.document.files, media_type=FILE_KINDS[kind])
    note_download(
        actor=request.user.get_username(),
        partner=partner,
        object_type="invoice",
        object_id=invoice.number,
        now=timezone.now(),
        request_id=request_id(),
        details={"format": kind},
    )
    return answer_with(file, name=f"{invoice.number}.{_SUFFIXES[kind]}", request=request)
