"""Objections to statements for partners' systems: raise one, read them and their answers."""

from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from rest_framework.views import APIView

from billing.api import documentation_objections as documentation
from billing.api import reading_objections as reading
from billing.api.own_lists import OwnList, json_of
from billing.models import Document, Objection
from billing.queries_objections import objections_of
from billing.queries_statements import statements_of
from billing.rules.objection import ObjectionRefused
from billing.services.objections import Grounds, raise_objection
from partners.api.bodies import JSON, not_json, read_body
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused

_BODY_BYTES = 16 * 1024
_IN_CONFLICT = ("STATEMENT_CANCELLED", "STATEMENT_RELEASED", "OBJECTION_TOO_LATE")


class _ObjectionList(OwnList):
    page = reading.ObjectionPage
    filters = {"state": ("state", tuple(Objection.State.values))}

    def own(self, request):
        return _own(request)

    def rows_of(self, request, found):
        return [reading.row_of(one) for one in found]


class Objections(_ObjectionList):
    @documentation.list_all
    def get(self, request):
        return self.answer(request)


class StatementObjections(_ObjectionList):
    required_scopes = {"GET": ["settlement:read"], "POST": ["settlement:write"]}

    @documentation.list_of_statement
    def get(self, request, document_id: UUID):
        return self.answer(request)

    @documentation.raise_one
    def post(self, request, document_id: UUID):
        document = _statement(request, document_id)
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        order = _decode(body)
        return answer_once(request, body=body, work=lambda: _raise(request, document, order))

    def own(self, request):
        return _own(request).filter(document=_statement(request, self.kwargs["document_id"]))


class ObjectionDetail(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.get_one
    def get(self, request, objection_id: UUID):
        objection = _own(request).filter(pk=objection_id).first()
        if objection is None:
            raise Http404
        return json_of(reading.row_of(objection))


def _raise(request, document: Document, order: reading.NewObjection) -> HttpResponse:
    grounds = Grounds(
        text=order.text,
        amount_minor=order.amount_minor,
        counterparty=order.counterparty,
        sdr_id=order.sdr_id,
    )
    by = f"client {client_of(request).name}"
    try:
        raised = raise_objection(document, grounds, by=by, now=timezone.now())
    except ObjectionRefused as refused:
        status = 409 if refused.code in _IN_CONFLICT else 422
        raise RequestRefused(status, refused.code, str(refused)) from refused
    return json_of(reading.row_of(_own(request).get(pk=raised.pk)), status=201)


def _statement(request, document_id: UUID) -> Document:
    """The client's own statement; a stranger learns nothing."""
    client = client_of(request)
    own = statements_of(
        client.partner, environment=client.environment, statuses=("FINAL", "PROVISIONAL")
    )
    document = own.filter(pk=document_id).first()
    if document is None:
        raise Http404
    return document


def _own(request) -> QuerySet[Objection]:
    client = client_of(request)
    return objections_of(client.partner, environment=client.environment).order_by("-id")


def _decode(body: bytes) -> reading.NewObjection:
    try:
        return msgspec.json.decode(body, type=reading.NewObjection)
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(error) from error
