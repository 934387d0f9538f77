"""Statements and *where is my record?* for partners' systems."""

from typing import IO
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django_filters.utils import translate_validation
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from billing.api import documentation, reading
from billing.api.filters import StatementFilter
from billing.api.handing_out import hand_out, not_rendered_yet, note_taken
from billing.api.own_lists import json_of
from billing.api.parameters import address_of, cursor_of, limit_of, refuse_unknown
from billing.models import Document
from billing.queries_statements import StatementSummary, pdf_of, statements_of, summaries_of
from billing.queries_whereabouts import NotForYou, where_is
from billing.services import annex_job
from billing.services.annex_files import MEDIA_TYPES, make_annex
from billing.stored_files import stream
from billing.tasks import ask_for_annex
from partners.api.permissions import client_of

_STATUSES = ("FINAL", "PROVISIONAL")
_LIST_PARAMETERS = {"cursor", "limit", "status", *StatementFilter.base_filters}


class Statements(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.list_statements
    def get(self, request):
        refuse_unknown(request, _LIST_PARAMETERS)
        limit = limit_of(request)
        documents = _statements(request, _status(request))
        if cursor := cursor_of(request):
            documents = documents.filter(id__lt=cursor)
        filtered = StatementFilter(request.query_params, queryset=documents)
        if not filtered.is_valid():
            raise translate_validation(filtered.errors)
        found = summaries_of(filtered.qs[: limit + 1], partner=client_of(request).partner)
        page = found[:limit]
        following = address_of(request, cursor=page[-1].id) if len(found) > limit else None
        rows = [reading.row_of(one, pdf=_pdf_address(request, one)) for one in page]
        return json_of(reading.StatementPage(results=rows, next=following))


class StatementDetail(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.get_statement
    def get(self, request, document_id: UUID):
        document = _one(request, document_id)
        own = _statements(request).filter(id=document_id)
        [summary] = summaries_of(own, partner=client_of(request).partner)
        return json_of(reading.detail_of(summary, document, pdf=_pdf_address(request, summary)))


class StatementPdf(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.get_pdf
    def get(self, request, document_id: UUID):
        document = _one(request, document_id)
        file = pdf_of(document)
        if file is None:
            raise not_rendered_yet(
                "PDF_NOT_RENDERED",
                "The statement is issued and its PDF is being made. Ask again as Retry-After says.",
            )
        return hand_out(
            request, file, number=document.number, ending="pdf", object_type="statement"
        )


class StatementAnnex(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.get_annex
    def get(self, request, document_id: UUID, kind: str):
        if kind not in MEDIA_TYPES:
            raise Http404
        document = _one(request, document_id)
        file = _annex_of(document, kind)
        if request.method == "GET":
            note_taken(
                request, object_type="annex", number=document.number, details={"format": kind}
            )
        return stream(file, name=f"{document.number}-sdrs.{kind}", media_type=MEDIA_TYPES[kind])


class RecordWhereabouts(APIView):
    required_scopes = {"GET": ["sdr:read"]}

    @documentation.where_is_record
    def get(self, request, record_id: UUID):
        return _where(request, record_id)


class SdrWhereabouts(APIView):
    required_scopes = {"GET": ["sdr:read"]}

    @documentation.where_is_sdr
    def get(self, request):
        refuse_unknown(request, {"sdr_id"})
        sdr_id = request.query_params.get("sdr_id", "").strip()
        if not sdr_id:
            raise ValidationError({"sdr_id": "is missing; send the id that the seller gave"})
        return _where(request, sdr_id)


def _where(request, subject: UUID | str) -> HttpResponse:
    client = client_of(request)
    try:
        found = where_is(
            subject,
            for_partner=client.partner,
            environment=client.environment,
            now=timezone.now(),
        )
    except NotForYou:
        raise Http404 from None
    return json_of(found)


def _annex_of(document: Document, kind: str) -> IO[bytes]:
    """Made now, or by a job where it is large.

    :raises RequestRefused: 409, the job is at it or was just asked for, or it failed.
    """
    if not annex_job.is_large(document, kind):
        return make_annex(document, kind)
    if path := annex_job.made(document, kind):
        return path.open("rb")
    ask_for_annex(document, kind)
    raise not_rendered_yet(
        "ANNEX_BEING_MADE",
        "So many records take a minute or two. Ask again as Retry-After says; the CSV is there at"
        " once.",
    )


def _statements(request, *statuses: str):
    client = client_of(request)
    return statements_of(
        client.partner, environment=client.environment, statuses=statuses or _STATUSES
    )


def _status(request) -> str:
    """Final ones unless asked otherwise, so that nobody books a provisional one."""
    status = request.query_params.get("status", "FINAL")
    if status not in _STATUSES:
        raise ValidationError({"status": f"is {' or '.join(_STATUSES)}"})
    return status


def _one(request, document_id: UUID) -> Document:
    document = _statements(request).filter(id=document_id).first()
    if document is None:
        raise Http404
    return document


def _pdf_address(request: HttpRequest, summary: StatementSummary) -> str:
    return request.build_absolute_uri(reverse("billing:statement-pdf", args=[summary.id]))
