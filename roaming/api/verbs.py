"""Accepting and withdrawing a record: the verbs of its two sides."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.views import APIView

from partners.api.bodies import JSON
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.api.schema import IDEMPOTENCY_KEY, answer, problems
from roaming.api.disputes import owned_parties, readable_records, refusing
from roaming.services import reading, record_verbs


def _documented(verb: str, summary: str):
    return extend_schema(
        operation_id=f"{verb}ServiceDetailRecord",
        tags=["Service detail records"],
        summary=summary,
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=answer(200, reading.RecordDetail, "The record in full") | problems(404, 409),
    )


class RecordAcceptance(APIView):
    required_scopes = {"POST": ["dispute:write"]}

    @_documented("accept", "Accept a delivered record as its CSP")
    def post(self, request, record_id: UUID):
        return _act(request, record_id, "accept")


class RecordWithdrawal(APIView):
    required_scopes = {"POST": ["dispute:write"]}

    @_documented("withdraw", "Withdraw a record as its CSO, before it is accepted")
    def post(self, request, record_id: UUID):
        return _act(request, record_id, "withdraw")


def _act(request, record_id: UUID, verb: str) -> HttpResponse:
    state = readable_records(request).filter(id=record_id).first()
    if state is None:
        raise Http404
    side = state.buyer_id if verb == "accept" else state.seller_id
    if side not in owned_parties(request):
        raise RequestRefused(403, "VERB_NOT_YOURS", f"The other side may {verb} this record.")

    def work() -> HttpResponse:
        moved = refusing(
            record_verbs.act,
            record_id,
            verb,
            actor=f"client {client_of(request).name}"[:150],
            now=timezone.now(),
        )
        return HttpResponse(reading.encode(reading.detail_of(moved)), content_type=JSON)

    return answer_once(request, body=b"", work=work)
