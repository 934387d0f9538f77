"""My statements: positions in figures, and the PDFs as they were first handed out."""

from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.models import Document
from billing.queries_objections import limits_of, objections_of
from billing.queries_statements import (
    StatementSummary,
    pdf_of,
    provisional_of,
    statements_of,
    summaries_of,
)
from billing.services import annex_job
from billing.services.annex_files import MEDIA_TYPES, make_annex
from billing.services.downloads import note_download
from billing.stored_files import answer_with, stream
from billing.tasks import ask_for_annex
from billing.views.access import ENVIRONMENT
from billing.views.pages import cursor_of
from partners.models import Job
from partners.portal import for_partner, partner_of, request_id
from partners.rules.roles import SEE_FINANCE

PAGE = 24
_LOOK_AGAIN_S = 5


@require_safe
@for_partner(right=SEE_FINANCE)
def statement_list(request: HttpRequest) -> HttpResponse:
    """Statements newest first, and what is calculated but not released yet."""
    partner, before = partner_of(request), cursor_of(request, "before")
    documents = statements_of(partner, environment=ENVIRONMENT)
    if before:
        documents = documents.filter(id__lt=before)
    statements = summaries_of(documents[: PAGE + 1], partner=partner)
    waiting = provisional_of(partner, environment=ENVIRONMENT)
    provisional = [] if before else summaries_of(waiting, partner=partner)
    shown = statements[:PAGE]
    return render(
        request,
        "portal/statements.html",
        {
            "section": "statements",
            "statements": shown,
            "annex_kinds": list(zip(MEDIA_TYPES, ("CSV", "XLSX", "Parquet"), strict=True)),
            "provisional": provisional,
            "objectionable": _objectionable([*provisional, *shown]),
            "has_objections": objections_of(partner, environment=ENVIRONMENT).exists(),
            "older": statements[PAGE - 1].id if len(statements) > PAGE else None,
            "is_first_page": before is None,
        },
    )


def _objectionable(statements: list[StatementSummary]) -> set[UUID]:
    """Those to which the partner may object now."""
    shown = Document.objects.filter(id__in=[one.id for one in statements])
    now = timezone.now()
    return {document_id for document_id, until_at in limits_of(shown).items() if now <= until_at}


@require_safe
@for_partner(right=SEE_FINANCE)
def statement_pdf(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """The stored bytes of the partner's own statement, or of a dunning letter about one."""
    partner = partner_of(request)
    kinds = ["FINAL", "PROVISIONAL", "DUNNING"]
    own = statements_of(partner, environment=ENVIRONMENT, statuses=kinds)
    document = get_object_or_404(own, id=document_id)
    file = pdf_of(document)
    if file is None:
        raise Http404("the PDF is not rendered yet")
    note_download(
        actor=request.user.get_username(),
        partner=partner,
        object_type="statement",
        object_id=document.number,
        now=timezone.now(),
        request_id=request_id(),
    )
    return answer_with(file, name=f"{document.number}.pdf", request=request)


@require_safe
@for_partner(right=SEE_FINANCE)
def statement_annex(
    request: HttpRequest, document_id: UUID, kind: str
) -> FileResponse | HttpResponse:
    """The records behind the partner's own statement in the format ``kind``.

    Made now; large ones by a job, and a page tells how far it is.
    """
    partner = partner_of(request)
    if kind not in MEDIA_TYPES:
        raise Http404("no such format")
    own = statements_of(partner, environment=ENVIRONMENT, statuses=["FINAL", "PROVISIONAL"])
    document = get_object_or_404(own.select_related("settlement"), id=document_id)
    path = annex_job.made(document, kind) if annex_job.is_large(document, kind) else None
    if path is None and annex_job.is_large(document, kind):
        return _being_made(request, document, kind)
    note_download(
        actor=request.user.get_username(),
        partner=partner,
        object_type="annex",
        object_id=document.number,
        now=timezone.now(),
        request_id=request_id(),
        details={"format": kind},
    )
    file = path.open("rb") if path else make_annex(document, kind)
    return stream(file, name=f"{document.number}-sdrs.{kind}", media_type=MEDIA_TYPES[kind])


def _being_made(request: HttpRequest, document: Document, kind: str) -> HttpResponse:
    """Ask for the file, once, and tell how far it is."""
    job = annex_job.job_of(document, kind)
    has_failed = job is not None and job.state == Job.State.FAILED and "again" not in request.GET
    if not has_failed:
        ask_for_annex(document, kind)
    is_counted = job is not None and job.state == Job.State.RUNNING and job.total
    response = render(
        request,
        "portal/annex.html",
        {
            "section": "statements",
            "document": document,
            "kind": kind,
            "rows": document.content["annex"]["rows"],
            "has_failed": has_failed,
            "done": job.done if job and is_counted else None,
        },
    )
    if not has_failed:
        response["Refresh"] = str(_LOOK_AGAIN_S)
    response["Cache-Control"] = "no-store"
    return response
