"""Objections to statements for partners' systems: raise one, read them and their answers."""

from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from billing.api import documentation_objections as documentation
from billing.api import reading_objections as reading
from billing.api.parameters import address_of, cursor_of, limit_of, refuse_unknown
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


class StatementObjections(APIView):
    required_scopes = {"GET": ["settlement:read"], "POST": ["settlement:write"]}

    @documentation.list_of_statement
    def get(self, request, document_id: UUID):
        document = _statement(request, document_id)
        return _page(request, _own(request).filter(document=document))

    @documentation.raise_one
    def post(self, request, document_id: UUID):
        document = _statement(request, document_id)
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        order = _decode(body)
        return answer_once(request, body=body, work=lambda: _raise(request, document, order))


class Objections(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.list_all
    def get(self, request):
        return _page(request, _own(request))


class ObjectionDetail(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.get_one
    def get(self, request, objection_id: UUID):
        objection = _own(request).filter(pk=objection_id).first()
        if objection is None:
            raise Http404
        return _json(reading.row_of(objection))


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
    return _json(reading.row_of(_own(request).get(pk=raised.pk)), status=201)


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


def _page(request, objections: QuerySet[Objection]) -> HttpResponse:
    refuse_unknown(request, {"state", "cursor", "limit"})
    if state := request.query_params.get("state", ""):
        if state not in Objection.State.values:
            raise ValidationError({"state": f"is one of {', '.join(Objection.State.values)}"})
        objections = objections.filter(state=state)
    if cursor := cursor_of(request):
        objections = objections.filter(id__lt=cursor)
    limit = limit_of(request)
    rows = list(objections[: limit + 1])
    following = address_of(request, cursor=rows[limit - 1].pk) if len(rows) > limit else None
    return _json(reading.page_of(rows[:limit], following=following))


def _decode(body: bytes) -> reading.NewObjection:
    try:
        return msgspec.json.decode(body, type=reading.NewObjection)
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(error) from error


def _json(answer: reading.ObjectionRow | reading.ObjectionPage, *, status: int = 200):
    return HttpResponse(reading.encode(answer), status=status, content_type=JSON)
