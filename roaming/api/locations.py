"""Locations for partners' systems: tell your own, read those that you may see."""

from datetime import datetime
from uuid import UUID

import msgspec
from django.http import Http404, HttpResponse
from django.utils import timezone
from django_filters.utils import translate_validation
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON, not_json, read_body
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.models import Party
from roaming import queries, queries_locations
from roaming.api import location_documentation as documentation
from roaming.api import parameters
from roaming.api.location_filters import LocationFilter
from roaming.intake.facts import normal_code
from roaming.intake.normal import normal_evse_id
from roaming.messages.native_locations import NativeLocation, NativeStatus, facts_of
from roaming.models import Location
from roaming.services import location_reading, locations, reading, registries
from roaming.services.locations import LocationUnknown
from roaming.services.registries import Sender

USUAL_PAGE = 100
LARGEST_PAGE = 1_000
_READ, _WRITE = "location:read", "location:write"
_BODY_BYTES = 2 * 1024 * 1024
_LONGEST_ID = 36
_PARAMETERS = {"cursor", "limit", *LocationFilter.base_filters}


class Locations(APIView):
    required_scopes = {"GET": [_READ]}

    @documentation.list_locations
    def get(self, request):
        parameters.refuse_unknown(request, _PARAMETERS)
        limit = parameters.number(request, "limit", default=USUAL_PAGE, largest=LARGEST_PAGE)
        now = timezone.now()
        places = _visible(request, now).defer("document")
        if "cursor" in request.query_params:
            places = places.filter(id__gt=_cursor(request))
        filtered = LocationFilter(request.query_params, queryset=places)
        if not filtered.is_valid():
            raise translate_validation(filtered.errors)
        page = list(filtered.qs[: limit + 1])
        following = None
        if len(page) > limit:
            page = page[:limit]
            following = parameters.address(request, cursor=page[-1].pk)
        told = location_reading.locations_told(page, now=now)
        return _json(location_reading.LocationPage(results=told, next=following))


class LocationOne(APIView):
    required_scopes = {"GET": [_READ]}

    @documentation.get_location
    def get(self, request, id: UUID):
        now = timezone.now()
        place = _visible(request, now).filter(pk=id).first()
        if place is None:
            raise Http404
        return _json(location_reading.locations_told([place], now=now)[0])


class OwnLocation(APIView):
    required_scopes = {"PUT": [_WRITE]}

    @documentation.put_location
    def put(self, request, cso: str, location_id: str):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        given = _decode(body, NativeLocation)
        now = timezone.now()
        party = _own_cso(request, cso, now)
        _check_id(location_id)
        evse_ids = [_normal(one.evse_id) for one in given.evses]

        def work() -> HttpResponse:
            facts = facts_of(location_id, given, evse_ids)
            put = locations.put_location(facts, party, now=now, volatile=("updated_at",))
            return _told(put.id, now, status=201 if put.word == "created" else 200)

        return answer_once(request, body=body, work=work)


class OwnEvseStatus(APIView):
    required_scopes = {"PUT": [_WRITE]}

    @documentation.put_status
    def put(self, request, cso: str, location_id: str, evse_uid: str):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_BODY_BYTES)
        given = _decode(body, NativeStatus)
        now = timezone.now()
        party = _own_cso(request, cso, now)

        def work() -> HttpResponse:
            try:
                locations.set_status(
                    party,
                    location_id,
                    evse_uid,
                    given.status,
                    status_at=given.status_at,
                    until_at=given.status_until_at,
                    now=now,
                )
            except LocationUnknown:
                raise RequestRefused(
                    404, "EVSE_NOT_FOUND", "There is no such EVSE; tell its location first."
                ) from None
            place = Location.objects.get(cso=party, location_id__iexact=location_id)
            return _told(place.pk, now)

        return answer_once(request, body=body, work=work)


def _told(id_: UUID, now: datetime, *, status: int = 200) -> HttpResponse:
    place = Location.objects.select_related("cso").get(pk=id_)
    return _json(location_reading.locations_told([place], now=now)[0], status=status)


def _visible(request, now: datetime):
    client = client_of(request)
    reader = queries.reader_of(client.partner, environment=client.environment, now=now)
    return queries_locations.visible_locations(
        reader.party_ids, environment=reader.environment, now=now
    )


def _own_cso(request, code: str, now: datetime) -> Party:
    """A CSO party that the caller may tell for; another's answers as one that is not there."""
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
        raise RequestRefused(404, "PARTY_NOT_FOUND", f"{code} is no CSO party of yours.")
    return party


def _check_id(location_id: str) -> None:
    if not (location_id.isascii() and location_id.isprintable()) or len(location_id) > _LONGEST_ID:
        text = f"is not printable ASCII of at most {_LONGEST_ID} characters"
        raise ValidationError({"location_id": text})


def _normal(evse_id: str) -> str:
    normal = normal_evse_id(evse_id)
    if evse_id and not normal:
        raise ValidationError({"evse_id": f"{evse_id} is not like DE*ABC*E1234*1"})
    return normal


def _decode(body: bytes, kind):
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        raise ValidationError({path.rstrip("`") or "body": message}) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise not_json(error) from error


def _cursor(request) -> UUID:
    try:
        return UUID(request.query_params["cursor"])
    except ValueError:
        raise ValidationError({"cursor": "is no location id; follow the next link"}) from None


def _json(told: msgspec.Struct, *, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(reading.encode(told), content_type=JSON, status=status, headers=headers)
