"""Disputes for partners' systems: open, read, answer; and the evidence that both sides see."""

from uuid import UUID, uuid4

import msgspec
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils import timezone
from django_filters.utils import translate_validation
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON, not_json, read_body
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from roaming import queries, queries_disputes
from roaming.api import dispute_documentation as documentation
from roaming.api import dispute_reading as reading
from roaming.api.filters import RecordFilter
from roaming.models import CounterRecord, Dispute, SdrState
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused
from roaming.services import disputes
from roaming.services.dispute_steps import Actor
from roaming.services.disputes import Complaint

MOST_IN_BULK = 1_000
USUAL_PAGE = 100
LARGEST_PAGE = 1_000
_BODY_BYTES = 64 * 1024
_READ, _WRITE = "dispute:read", "dispute:write"
_FILTERS = {"stage", "reason", "side", "record_id", "case_id"}


class Disputes(APIView):
    required_scopes = {"GET": [_READ], "POST": [_WRITE]}

    @documentation.list_disputes
    def get(self, request):
        return _list(request)

    @documentation.open_dispute
    def post(self, request):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        order = _decode(body, reading.NewDispute)
        return answer_once(request, body=body, work=lambda: _open(request, order))


class DisputeBulk(APIView):
    required_scopes = {"POST": [_WRITE]}

    @documentation.open_bulk
    def post(self, request):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        order = _decode(body, reading.NewDisputes)
        return answer_once(request, body=body, work=lambda: _open_bulk(request, order))


class DisputeDetail(APIView):
    required_scopes = {"GET": [_READ]}

    @documentation.get_dispute
    def get(self, request, dispute_id: UUID):
        return as_json(reading.detail_of(find(request, dispute_id)))


class DisputeVerb(APIView):
    required_scopes = {"POST": [_WRITE]}

    @documentation.do_verb
    def post(self, request, dispute_id: UUID, verb: str):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        order = _decode(body, reading.Act)
        if verb not in rules.PARTNER_VERBS:
            raise Http404
        dispute = find(request, dispute_id)

        def work() -> HttpResponse:
            by = actor_on(request, dispute, verb)
            moved = refusing(
                disputes.act,
                dispute.pk,
                verb,
                by=by,
                now=timezone.now(),
                amount=order.amount,
                text=order.text,
            )
            return as_json(reading.detail_of(moved))

        return answer_once(request, body=body, work=work)


def find(request, dispute_id: UUID) -> Dispute:
    """The dispute if the caller may see it; a stranger learns nothing."""
    dispute = _readable(request).filter(pk=dispute_id).first()
    if dispute is None:
        raise Http404
    return dispute


def actor_on(request, dispute: Dispute, verb: str) -> Actor:
    """The caller as the side it owns; who owns both acts as the one that may do ``verb``."""
    sides = _sides_of(request, dispute.seller_id, dispute.buyer_id)
    return _actor(request, rules.side_of(dispute.stage, verb, sides))


def refusing(work, *arguments, **named):
    """Call a service; its refusal is the problem that the caller is told."""
    try:
        return work(*arguments, **named)
    except DisputeRefused as refused:
        raise RequestRefused(_status(refused.code), refused.code, str(refused)) from refused


def _status(code: str) -> int:
    if code == "VERB_NOT_YOURS":
        return 403
    if code == "FILE_TOO_LARGE":
        return 413
    wrong = ("REASON_UNKNOWN", "TEXT_TOO_SHORT", "TEXT_MISSING", "AMOUNT_WRONG", "AMOUNT_MISSING")
    return 422 if code in wrong or code.startswith("FILE_") else 409


def _open(request, order: reading.NewDispute) -> HttpResponse:
    now = timezone.now()
    if order.record_id is not None and order.counter_id is not None:
        raise ValidationError({"record_id": "send either record_id or counter_id"})
    if order.counter_id is not None:
        counter = _counter(request, order.counter_id)
        by = _as_buyer(request, counter.cso_id, counter.csp_id)
        opened = refusing(disputes.open_missing, counter.pk, text=order.text, by=by, now=now)
    elif order.record_id is not None:
        state = readable_records(request).filter(id=order.record_id).first()
        if state is None:
            raise Http404
        by = _as_buyer(request, state.seller_id, state.buyer_id)
        complaint = Complaint(reason=order.reason, text=order.text, amount=order.disputed_amount)
        opened = refusing(disputes.open_dispute, state.pk, complaint, by=by, now=now)
    else:
        raise ValidationError({"record_id": "send record_id or counter_id"})
    return as_json(reading.detail_of(opened), status=201)


def _open_bulk(request, order: reading.NewDisputes) -> HttpResponse:
    _refuse_unknown(order.filter, set(RecordFilter.base_filters))
    filtered = RecordFilter(order.filter, queryset=readable_records(request).order_by("id"))
    if not filtered.is_valid():
        raise translate_validation(filtered.errors)
    owned = owned_parties(request)
    found = filtered.qs.filter(buyer__in=owned).values_list("id", flat=True)
    record_ids = list(found[: MOST_IN_BULK + 1])
    if len(record_ids) > MOST_IN_BULK:
        raise RequestRefused(
            422, "TOO_MANY_RECORDS", f"At most {MOST_IN_BULK:,} at once; narrow the filter."
        )
    case_id = uuid4()
    complaint = Complaint(reason=order.reason, text=order.text, case_id=case_id)
    by = _actor(request, rules.CSP)
    results = disputes.open_many(record_ids, complaint, by=by, now=timezone.now())
    return as_json(reading.bulk_of(case_id, results), status=200)


def _list(request) -> HttpResponse:
    _refuse_unknown(request.query_params, _FILTERS | {"cursor", "limit"})
    query = request.query_params
    found = _filtered(request)
    limit = _limit(query.get("limit", str(USUAL_PAGE)))
    rows = list(found[: limit + 1])
    following = None
    if len(rows) > limit:
        parameters = query.copy()
        parameters["cursor"] = str(rows[limit - 1].pk)
        following = request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")
    return as_json(reading.page_of(rows[:limit], following=following))


def _filtered(request) -> QuerySet[Dispute]:
    query = request.query_params
    found = _readable(request).order_by("-id")
    if "side" in query:
        columns = {rules.CSO: "seller__in", rules.CSP: "buyer__in"}
        if query["side"] not in columns:
            raise ValidationError({"side": "is CSO or CSP"})
        found = found.filter(**{columns[query["side"]]: _reader(request).party_ids})
    for name in ("stage", "reason"):
        if name in query:
            found = found.filter(**{f"{name}__in": query.getlist(name)})
    for name in ("record_id", "case_id"):
        if name in query:
            found = found.filter(**{name: _uuid(query[name], name)})
    if "cursor" in query:
        found = found.filter(id__lt=_uuid(query["cursor"], "cursor"))
    return found


def _readable(request) -> QuerySet[Dispute]:
    return queries_disputes.readable_disputes(_reader(request))


def _reader(request) -> queries.Reader:
    client = client_of(request)
    return queries.reader_of(client.partner, environment=client.environment, now=timezone.now())


def readable_records(request) -> QuerySet[SdrState]:
    return queries.readable_states(_reader(request))


def _counter(request, counter_id: UUID) -> CounterRecord:
    reader = _reader(request)
    counter = CounterRecord.objects.filter(
        pk=counter_id, csp__in=reader.party_ids, environment=reader.environment
    ).first()
    if counter is None:
        raise Http404
    return counter


def owned_parties(request) -> set[UUID]:
    client = client_of(request)
    return queries_disputes.owned_parties(
        client.partner, environment=client.environment, now=timezone.now()
    )


def _sides_of(request, seller_id: UUID | None, buyer_id: UUID | None) -> frozenset[str]:
    own = queries_disputes.sides_of(seller_id, buyer_id, owned_parties(request))
    if not own:
        raise RequestRefused(403, "VERB_NOT_YOURS", "You may read this, but only a side may act.")
    return own


def _as_buyer(request, seller_id: UUID | None, buyer_id: UUID | None) -> Actor:
    if rules.CSP not in _sides_of(request, seller_id, buyer_id):
        raise RequestRefused(
            403, "VERB_NOT_YOURS", "The CSP disputes; a CSO withdraws its record or credits it."
        )
    return _actor(request, rules.CSP)


def _actor(request, side: str) -> Actor:
    return Actor(side=side, name=name_of(request))


def name_of(request) -> str:
    return f"client {client_of(request).name}"[:150]


def _decode(body: bytes, kind):
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(error) from error


def _refuse_unknown(given, known: set[str]) -> None:
    """A misspelt filter must not answer with everything."""
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValidationError(
            {name: f"is not known here; known are {', '.join(sorted(known))}" for name in unknown}
        )


def _uuid(text: str, name: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError({name: "is no id"}) from None


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_PAGE):
        raise ValidationError({"limit": f"is not a whole number from 1 to {LARGEST_PAGE}"})
    return int(text)


def as_json(answer, *, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(reading.encode(answer), status=status, content_type=JSON, headers=headers)
