"""Registries for partners' systems: send rows, read what is kept for your parties."""

from collections import Counter
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON, NDJSON
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.schema import IDEMPOTENCY_KEY, answer, describe, problems, ref
from roaming import queries
from roaming.api.fields import FIELDS
from roaming.api.registry_bodies import CSV, read_rows
from roaming.services import registries
from roaming.services.registries import RowFault, RowResult, Sender
from roaming.services.registry_rows import (
    REGISTRIES,
    AuthorizationRow,
    CredentialRow,
    EvseOutageRow,
    EvseRow,
    MeterKeyRow,
)

LARGEST_PAGE = 1_000
_HIDDEN = {"id", "cso", "csp", "contract_hash", "is_listed", "is_relayed"}
_PARAMETERS = {"cursor", "limit", "party"}
_encode = msgspec.json.Encoder(decimal_format="string").encode


class RegistryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``received`` = created + updated + unchanged + refused."""

    received: int
    created: int
    updated: int
    unchanged: int
    refused: int
    results: list[RowResult]


class RegistryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of your parties, oldest first. Contract ids are never shown."""

    results: list[dict[str, Any]]
    next: str | None


_FIELDS = {
    "evse_id": "The EVSE, in any form of ISO 15118-2 Annex H; kept in normal form.",
    "starts_at": "From when the entry holds.",
    "ends_at": "Until when it holds; empty: until further notice.",
    "contract_id": "Read, hashed with your CSP's key and forgotten.",
    "party": "Your party, meant where a row names none.",
    "outcome": "created, updated, unchanged or refused.",
    "errors": "Why the row was refused.",
    "entry_id": "Our id of the entry.",
    "code": "What is wrong: a word for programs, or the V-code of a rule.",
}
describe(
    EvseRow,
    EvseOutageRow,
    MeterKeyRow,
    CredentialRow,
    AuthorizationRow,
    RowFault,
    RowResult,
    RegistryAnswer,
    RegistryPage,
    fields=FIELDS | _FIELDS,
)
_TAGS = ["Registries"]
_PARTY = OpenApiParameter("party", str, description="Your party, e.g. `DE*NLX`.")
_ROWS = {
    "type": "array",
    "items": {"oneOf": [ref(registry.row) for registry in REGISTRIES.values()]},
}


def _sending(operation_id: str):
    return extend_schema(
        operation_id=operation_id,
        tags=_TAGS,
        summary="Create or correct entries",
        description=(
            "A row with the key of an entry (party, EVSE or contract, start; for an authorization"
            " its reference) corrects it, any other row is a new entry. One bad row never sinks the"
            " rest. Sending the same rows again changes nothing. PUT and POST do the same. CSV"
            " has a header line with the field names, and `|` between parts of a list."
        ),
        parameters=[IDEMPOTENCY_KEY, _PARTY],
        request={
            JSON: OpenApiRequest(_ROWS),
            NDJSON: OpenApiRequest({"type": "string"}),
            CSV: OpenApiRequest({"type": "string"}),
        },
        responses=answer(200, RegistryAnswer, "One result per row")
        | problems(400, 404, 409, 413, 415, 422),
    )


class RegistryEntries(APIView):
    required_scopes = {
        "GET": ["registry:read"],
        "POST": ["registry:write"],
        "PUT": ["registry:write"],
    }

    @extend_schema(
        operation_id="listRegistryEntries",
        tags=_TAGS,
        summary="Read the entries of your parties",
        parameters=[
            _PARTY,
            OpenApiParameter("cursor", UUID, description="From the next link."),
            OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
        ],
        responses=answer(200, RegistryPage, "A page of entries") | problems(400, 404),
    )
    def get(self, request, kind: str):
        return _list(request, _known(kind))

    @_sending("sendRegistryEntries")
    def post(self, request, kind: str):
        return _send(request, _known(kind))

    @_sending("putRegistryEntries")
    def put(self, request, kind: str):
        return _send(request, _known(kind))


def _known(kind: str) -> str:
    if kind not in REGISTRIES:
        raise Http404
    return kind


def _send(request, kind: str) -> HttpResponse:
    body, rows = read_rows(
        request, limit_bytes=settings.BATCH_MAX_BYTES, limit_rows=settings.BATCH_MAX_RECORDS
    )
    client = client_of(request)
    sender = Sender(
        partner=client.partner,
        environment=client.environment,
        now=timezone.now(),
        party_code=request.query_params.get("party", ""),
    )

    def work() -> HttpResponse:
        results = registries.upsert(kind, rows, sender=sender)
        counts = Counter(result.outcome for result in results)
        words: tuple[Literal["created", "updated", "unchanged", "refused"], ...]
        words = ("created", "updated", "unchanged", "refused")
        told = RegistryAnswer(
            received=len(results), results=results, **{word: counts[word] for word in words}
        )
        return HttpResponse(_encode(told), content_type=JSON)

    return answer_once(request, body=body, work=work)


def _list(request, kind: str) -> HttpResponse:
    """Oldest first; the cursor is the last entry's id of the page before."""
    if unknown := set(request.query_params) - _PARAMETERS:
        raise ValidationError(dict.fromkeys(sorted(unknown), "is not known here"))
    client = client_of(request)
    reader = queries.reader_of(client.partner, environment=client.environment, now=timezone.now())
    registry = REGISTRIES[kind]
    entries = registries.entries_of(registry, reader, code=request.query_params.get("party", ""))
    if "cursor" in request.query_params:
        entries = entries.filter(id__gt=_cursor(request))
    limit = _limit(request)
    page = list(entries[: limit + 1])
    following = None
    if len(page) > limit:
        parameters = request.query_params.copy()
        parameters["cursor"] = str(page[limit - 1].pk)
        following = request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")
    told = RegistryPage(results=[_told(entry) for entry in page[:limit]], next=following)
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(_encode(told), content_type=JSON, headers=headers)


def _told(entry) -> dict[str, object]:
    columns = {
        field.name: getattr(entry, field.attname)
        for field in entry._meta.concrete_fields
        if field.name not in _HIDDEN
    }
    sides = {
        f"{side}_id": getattr(entry, side).code for side in ("cso", "csp") if hasattr(entry, side)
    }
    return {"entry_id": entry.pk, **sides, **columns}


def _cursor(request) -> UUID:
    try:
        return UUID(request.query_params["cursor"])
    except ValueError:
        raise ValidationError({"cursor": "is no entry id; follow the next link"}) from None


def _limit(request) -> int:
    text = request.query_params.get("limit", "100")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_PAGE):
        raise ValidationError({"limit": f"is not between 1 and {LARGEST_PAGE}"})
    return int(text)
