"""Balance confirmations for partners' systems: read, fetch, answer."""

from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework.views import APIView

from billing.api import documentation_balances as documentation
from billing.api import reading_balances as reading
from billing.api.handing_out import hand_out, not_rendered_yet
from billing.api.own_lists import OwnList, json_of
from billing.models import BalanceConfirmation
from billing.queries_balances import confirmations_of
from billing.queries_statements import pdf_of
from billing.services import balances
from billing.services.balances import Answer, AnswerRefused
from partners.api.bodies import JSON, not_json, read_body
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused

_BODY_BYTES = 16 * 1024


class BalanceConfirmations(OwnList):
    page = reading.BalancePage
    filters = {"state": ("state", reading.States)}

    @documentation.list_all
    def get(self, request):
        return self.answer(request)

    def own(self, request):
        return _own(request)

    def rows_of(self, request, found):
        return [_row(request, row) for row in found]


class BalanceConfirmationDetail(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.get_one
    def get(self, request, confirmation_id: UUID):
        return json_of(_row(request, _one(request, confirmation_id)))


class BalanceConfirmationPdf(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.get_pdf
    def get(self, request, confirmation_id: UUID):
        document = _one(request, confirmation_id).document
        file = pdf_of(document)
        if file is None:
            raise not_rendered_yet(
                "PDF_NOT_RENDERED",
                "It is issued and its PDF is being made. Ask again as Retry-After says.",
            )
        return hand_out(
            request,
            file,
            number=document.number,
            ending="pdf",
            object_type="balance_confirmation",
        )


class BalanceConfirmationAnswer(APIView):
    required_scopes = {"POST": ["settlement:write"]}

    @documentation.answer_one
    def post(self, request, confirmation_id: UUID):
        own = _one(request, confirmation_id)
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        said = _decode(body)
        return answer_once(request, body=body, work=lambda: _answer(request, own, said))


def _answer(request, own: BalanceConfirmation, said: reading.BalanceAnswer) -> HttpResponse:
    told = Answer(agrees=said.agrees, own_balance_minor=said.own_balance_minor, text=said.text)
    by = f"client {client_of(request).name}"
    try:
        balances.answer(own.pk, told, by=by, now=timezone.now())
    except AnswerRefused as refused:
        status = 409 if refused.code == "BALANCE_ANSWERED" else 422
        raise RequestRefused(status, refused.code, str(refused)) from refused
    return json_of(_row(request, _one(request, own.pk)))


def _own(request) -> QuerySet[BalanceConfirmation]:
    client = client_of(request)
    return confirmations_of(client.partner, environment=client.environment).order_by("-id")


def _one(request, confirmation_id: UUID) -> BalanceConfirmation:
    """The client's own; a stranger learns nothing."""
    row = _own(request).filter(pk=confirmation_id).first()
    if row is None:
        raise Http404
    return row


def _row(request, row) -> reading.BalanceRow:
    path = reverse("billing:balance-confirmation-pdf", args=[row.pk])
    return reading.row_of(row, pdf=request.build_absolute_uri(path) if row.pdf_sha256 else None)


def _decode(body: bytes) -> reading.BalanceAnswer:
    try:
        return msgspec.json.decode(body, type=reading.BalanceAnswer)
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(error) from error
