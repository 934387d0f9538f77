"""Tariffs for partners' systems: publish, read what counts, answer an increase."""

from uuid import UUID

import msgspec
from django.http import Http404, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON, not_json, read_body
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.models import Party
from roaming import queries, queries_disputes
from roaming.api import parameters
from roaming.api import tariff_documentation as documentation
from roaming.api.tariff_documentation import NewTariff, NoticeAnswer
from roaming.intake.facts import normal_code
from roaming.models import Tariff
from roaming.services import reading, registries, tariff_reading, tariffs
from roaming.services.registries import Sender
from roaming.services.tariffs import Publication, TariffRefused

USUAL_PAGE = 100
LARGEST_PAGE = 1_000
_READ, _WRITE = "tariff:read", "tariff:write"
_BODY_BYTES = 512 * 1024
_CONFLICTS = {"TARIFF_EXISTS", "NOTHING_WAITS", "NOTICE_HAS_RUN", "REFUSED_ALREADY"}


class Tariffs(APIView):
    required_scopes = {"GET": [_READ], "POST": [_WRITE]}

    @documentation.list_tariffs
    def get(self, request):
        parameters.refuse_unknown(request, {"cursor", "limit"})
        limit = parameters.number(request, "limit", default=USUAL_PAGE, largest=LARGEST_PAGE)
        reader = _reader(request)
        found = tariff_reading.readable_tariffs(reader)
        if "cursor" in request.query_params:
            found = found.filter(id__gt=_uuid(request.query_params["cursor"]))
        page = list(found[: limit + 1])
        following = None
        if len(page) > limit:
            page = page[:limit]
            following = parameters.address(request, cursor=page[-1].pk)
        rows = tariff_reading.rows_of(page, reader, now=timezone.now())
        return _json(tariff_reading.TariffPage(results=rows, next=following))

    @documentation.publish_tariff
    def post(self, request):
        return _publish(request, None)


class TariffOne(APIView):
    required_scopes = {"GET": [_READ], "PUT": [_WRITE]}

    @documentation.get_tariff
    def get(self, request, tariff_id: UUID):
        reader = _reader(request)
        tariff = _find(request, tariff_id)
        return _json(tariff_reading.detail_of(tariff, reader, now=timezone.now()))

    @documentation.put_tariff
    def put(self, request, tariff_id: UUID):
        return _publish(request, _find(request, tariff_id))


class TariffNoticeOne(APIView):
    required_scopes = {"GET": [_READ]}

    @documentation.get_notice
    def get(self, request, notice_id: UUID):
        return _json(tariff_reading.notice_told(_notice(request, notice_id)))


class TariffNoticeVerb(APIView):
    required_scopes = {"POST": [_WRITE]}

    @documentation.answer_notice
    def post(self, request, notice_id: UUID, verb: str):
        if verb not in ("consent", "refuse"):
            raise Http404
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        order = _decode(body, NoticeAnswer)
        notice = _notice(request, notice_id)
        client = client_of(request)
        now = timezone.now()
        owned = queries_disputes.owned_parties(
            client.partner, environment=client.environment, now=now
        )
        if notice.buyer_id not in owned:
            detail = "You may read this, but only the buyer answers."
            raise RequestRefused(403, "VERB_NOT_YOURS", detail)

        def work() -> HttpResponse:
            _refusing(
                tariffs.answer,
                notice.pk,
                consents=verb == "consent",
                actor=f"client {client.name}",
                reason=order.reason,
                now=now,
            )
            return _json(tariff_reading.notice_told(_notice(request, notice_id)))

        return answer_once(request, body=body, work=work)


def _publish(request, tariff: Tariff | None) -> HttpResponse:
    body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
    order = _decode(body, NewTariff)
    now = timezone.now()
    seller = _seller(request, order.seller if tariff is None else tariff.seller.code, now)

    def work() -> HttpResponse:
        given = Publication(
            seller=seller,
            text=bytes(order.tariff),
            valid_from_at=order.valid_from,
            replaces=tariff,
        )
        version = _refusing(tariffs.publish, given, now=now)
        told = tariff_reading.detail_of(version.tariff, _reader(request), now=now)
        return _json(told, status=201 if tariff is None else 200)

    return answer_once(request, body=body, work=work)


def _seller(request, code: str, now) -> Party:
    """A party that the caller may publish for; another's answers as one that is not there."""
    client = client_of(request)
    sender = Sender(partner=client.partner, environment=client.environment, now=now)
    country, _, party_id = normal_code(code).partition("*")
    party = Party.objects.filter(
        pk__in=registries.parties_of(sender),
        country_code=country,
        party_id=party_id,
        role=Party.Role.CSO,
    ).first()
    if party is None:
        raise RequestRefused(
            404, "PARTY_NOT_FOUND", f"{code or 'It'} is no CSO party of yours; check seller."
        )
    return party


def _find(request, tariff_id: UUID) -> Tariff:
    found = tariff_reading.readable_tariffs(_reader(request)).filter(pk=tariff_id).first()
    if found is None:
        raise Http404
    return found


def _notice(request, notice_id: UUID):
    found = tariff_reading.readable_notices(_reader(request)).filter(pk=notice_id).first()
    if found is None:
        raise Http404
    return found


def _refusing(work, *arguments, **named):
    """Call a service; its refusal is the problem that the caller is told."""
    try:
        return work(*arguments, **named)
    except TariffRefused as refused:
        status = 409 if refused.code in _CONFLICTS else 422
        raise RequestRefused(status, refused.code, str(refused)) from refused


def _decode(body: bytes, kind):
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        raise ValidationError({path.rstrip("`") or "body": message}) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from error


def _reader(request) -> queries.Reader:
    client = client_of(request)
    return queries.reader_of(client.partner, environment=client.environment, now=timezone.now())


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError({"cursor": "is no tariff id; follow the next link"}) from None


def _json(told: msgspec.Struct, *, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(reading.encode(told), content_type=JSON, status=status, headers=headers)
