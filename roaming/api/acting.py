"""For which of its parties a client acts, how it reads, and how its body and our answer look."""

from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from partners.api.bodies import JSON, not_json
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.models import Party
from roaming import queries
from roaming.api import parameters
from roaming.intake.facts import normal_code
from roaming.services import reading, registries
from roaming.services.registries import Sender

T = TypeVar("T", bound=msgspec.Struct)
USUAL_PAGE = 100
LARGEST_PAGE = 1_000
PAGE_PARAMETERS = {"cursor", "limit"}


def reader(request) -> queries.Reader:
    client = client_of(request)
    return queries.reader_of(client.partner, environment=client.environment, now=timezone.now())


def acting_ids(request) -> list[UUID]:
    """The parties that the caller may act for: its own, and those it has a mandate of."""
    client = client_of(request)
    sender = Sender(partner=client.partner, environment=client.environment, now=timezone.now())
    return registries.parties_of(sender)


def acting_party(request, code: str, role: str, *, field: str) -> Party:
    """A party that the caller acts for; another's answers as one that is not there."""
    country, _, party_id = normal_code(code).partition("*")
    party = Party.objects.filter(
        pk__in=acting_ids(request), country_code=country, party_id=party_id, role=role
    ).first()
    if party is None:
        raise RequestRefused(
            404, "PARTY_NOT_FOUND", f"{code or 'It'} is no {role} party of yours; check {field}."
        )
    return party


def known_party(request, code: str, role: str, *, field: str) -> Party:
    """Any party of the caller's environment.

    :raises RequestRefused: 422, there is none of this code.
    """
    country, _, party_id = normal_code(code).partition("*")
    party = Party.objects.filter(
        country_code=country,
        party_id=party_id,
        role=role,
        environment=client_of(request).environment,
    ).first()
    if party is None:
        raise RequestRefused(
            422, "PARTY_UNKNOWN", f"{code} is no {role} known here; check {field}."
        )
    return party


def page(request, rows: QuerySet[Any]) -> tuple[list[Any], str | None]:
    """One page in the order of ids, and the address of the next one."""
    limit = parameters.number(request, "limit", default=USUAL_PAGE, largest=LARGEST_PAGE)
    if "cursor" in request.query_params:
        rows = rows.filter(id__gt=_uuid(request.query_params["cursor"]))
    found = list(rows.order_by("id")[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], parameters.address(request, cursor=found[limit - 1].pk)


def decode(body: bytes, kind: type[T]) -> T:
    """:raises ValidationError: naming the field; RequestRefused: it is no JSON."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        raise ValidationError({path.rstrip("`") or "body": message}) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from error


def answer(told: msgspec.Struct, *, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(reading.encode(told), content_type=JSON, status=status, headers=headers)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError({"cursor": "is no id; follow the next link"}) from None
