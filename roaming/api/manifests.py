"""Manifests for partners' systems: read ours, send yours."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, OpenApiTypes, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from partners.api.bodies import JSON, not_json, read_body
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused
from partners.api.schema import IDEMPOTENCY_KEY, answer, describe, problems, ref
from partners.models import Party
from roaming import queries
from roaming.api import parameters
from roaming.intake.facts import normal_code
from roaming.models import Manifest
from roaming.queries import Reader
from roaming.rules.manifest import Totals
from roaming.services import manifests

LARGEST_PAGE = 1_000
MAX_BYTES = 8 * 1024 * 1024
MOST_IDS = 100_000
_LARGEST = Decimal(10) ** 15
_PARAMETERS = {"cursor", "limit", "day"}
_encode = msgspec.json.Encoder(decimal_format="string").encode


class ManifestBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What you count: either side of the pair may say it."""

    day: date
    cso_id: str
    csp_id: str
    currency: str
    sdrs: int
    energy_kwh: Decimal
    amount: Decimal
    content_sha256: str = ""
    sdr_ids: list[str] | None = None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    sdrs: int
    energy_kwh: Decimal
    amount: Decimal
    content_sha256: str


class ManifestAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``differs`` is empty where both counts agree."""

    manifest_id: UUID
    agrees: bool
    differs: list[str]
    here: Figures
    missing_here: list[str]
    unknown_to_you: list[str]


class ManifestEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One count of one day, pair and currency, by ``author``: HOUSE (ours) or PARTNER (yours)."""

    manifest_id: UUID
    author: str
    day: date
    cso_id: str
    csp_id: str
    currency: str
    sdrs: int
    energy_kwh: Decimal
    amount: Decimal
    content_sha256: str
    unbilled_authorizations: list[str]
    unbilled_sessions: list[str]
    written_at: datetime


class ManifestPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[ManifestEntry]
    next: str | None


_FIELDS = {
    "day": "UTC day of receipt.",
    "cso_id": "Party code of the seller, e.g. DE*NLX.",
    "csp_id": "Party code of the buyer; empty: not known when the records came.",
    "currency": "ISO 4217 code; empty where the entry tells what is unbilled.",
    "sdrs": "Records that were not rejected at intake, whatever became of them later.",
    "energy_kwh": "Sum of energy_kwh as sent.",
    "amount": "Sum of total_amount as sent; a record without one counts 0.",
    "content_sha256": (
        "SHA-256 over a line `sdr_id;energy_kwh;total_amount` and LF per record, decimals without"
        " trailing zeros, the lines sorted by their bytes. Hexadecimal; empty: not given."
    ),
    "sdr_ids": "Ids of your records of that line; with them we tell which ones differ.",
    "agrees": "Both counts are the same.",
    "differs": "Figures that differ.",
    "here": "What we count.",
    "missing_here": "Ids you sent us in this manifest that we do not have.",
    "unknown_to_you": "Ids we have that your manifest lacks.",
    "unbilled_authorizations": "References granted 48 hours before, with no record yet.",
    "unbilled_sessions": "Sessions that only the CSP knows, 48 hours after their end.",
    "written_at": "When it was written or received, UTC.",
}
describe(ManifestBody, ManifestAnswer, ManifestEntry, ManifestPage, fields=_FIELDS)
_TAGS = ["Completeness"]


class Manifests(APIView):
    required_scopes = {"GET": ["sdr:read"], "POST": ["manifest:write"]}

    @extend_schema(
        operation_id="listManifests",
        tags=_TAGS,
        summary="Read the manifests of your parties",
        description=(
            "Ours are written an hour after the day's end (UTC), one per pair and currency, and a"
            " MANIFEST message tells both sides. Those you sent are listed too."
        ),
        parameters=[
            OpenApiParameter("day", OpenApiTypes.DATE, description="UTC day of receipt."),
            OpenApiParameter("cursor", OpenApiTypes.UUID, description="From the next link."),
            OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
        ],
        responses=answer(200, ManifestPage, "A page of manifests") | problems(400),
    )
    def get(self, request):
        parameters.refuse_unknown(request, _PARAMETERS)
        limit = parameters.number(request, "limit", default=100, largest=LARGEST_PAGE)
        found = manifests.readable(_reader(request))
        if "day" in request.query_params:
            found = found.filter(day=_asked(request, "day", date.fromisoformat))
        if "cursor" in request.query_params:
            found = found.filter(id__lt=_asked(request, "cursor", UUID))
        page = list(found[: limit + 1])
        following = None
        if len(page) > limit:
            page = page[:limit]
            following = parameters.address(request, cursor=page[-1].pk)
        return _json(ManifestPage(results=[_entry(one) for one in page], next=following))

    @extend_schema(
        operation_id="sendManifest",
        tags=_TAGS,
        summary="Send your count of a day, and hear whether ours agrees",
        description=(
            "For one pair, currency and UTC day of receipt that is over. It is kept as evidence; a"
            " difference raises an alert here and an ALERT message to you, until you send one that"
            " agrees."
        ),
        parameters=[IDEMPOTENCY_KEY],
        request={JSON: OpenApiRequest(ref(ManifestBody))},
        responses=answer(200, ManifestAnswer, "Compared") | problems(400, 404, 409, 413, 415, 422),
    )
    def post(self, request):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=MAX_BYTES)
        stated = _stated(request, _read(body))

        def work() -> HttpResponse:
            try:
                compared = manifests.receive(
                    stated, sender=client_of(request).partner, now=timezone.now()
                )
            except manifests.DayNotOver as error:
                detail = f"{error}: records may still come. Send it from 01:00 UTC the day after."
                raise RequestRefused(422, "MANIFEST_DAY_NOT_OVER", detail) from None
            return _json(_answer(compared))

        return answer_once(request, body=body, work=work)


class ManifestDetail(APIView):
    required_scopes = {"GET": ["sdr:read"]}

    @extend_schema(
        operation_id="getManifest",
        tags=_TAGS,
        summary="One manifest",
        responses=answer(200, ManifestEntry, "The manifest") | problems(404),
    )
    def get(self, request, manifest_id: UUID):
        found = manifests.readable(_reader(request)).filter(pk=manifest_id).first()
        if found is None:
            raise Http404
        return _json(_entry(found))


def _read(body: bytes) -> ManifestBody:
    try:
        read = msgspec.json.decode(body, type=ManifestBody)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise not_json(error) from error
    if fault := _fault(read):
        raise not_json(fault)
    return read


def _fault(read: ManifestBody) -> str:
    """What the columns would not take, in words; "" where all is well."""
    if not 2000 <= read.day.year < 2100:
        return "day is no day of this century"
    if not 0 <= read.sdrs < 2**31:
        return "sdrs is no count of records"
    if not (_fits(read.energy_kwh) and _fits(read.amount)):
        return "energy_kwh or amount is no number with at most 6 decimals"
    if len(read.currency) != 3 or len(read.content_sha256) not in (0, 64):
        return "currency has 3 letters, content_sha256 64 hexadecimal digits or none"
    return _fault_of_texts([read.currency, read.content_sha256, *(read.sdr_ids or ())])


def _fault_of_texts(texts: list[str]) -> str:
    if len(texts) > MOST_IDS:
        return f"sdr_ids has more than {MOST_IDS:,} entries"
    if any(len(text) > 100 or not text.isprintable() for text in texts):
        return "a text is longer than 100 characters, or has control characters"
    return ""


def _fits(value: Decimal) -> bool:
    return value.is_finite() and abs(value) < _LARGEST and value == round(value, 6)


def _stated(request, read: ManifestBody) -> manifests.Stated:
    """The pair: one side is the client's own, the other any party that is set up here."""
    reader = _reader(request)
    sides = {
        Party.Role.CSO: _party(read.cso_id, Party.Role.CSO, reader),
        Party.Role.CSP: _party(read.csp_id, Party.Role.CSP, reader),
    }
    own = [side for side in sides.values() if side is not None and side.pk in reader.party_ids]
    if not own:
        raise RequestRefused(
            404,
            "PARTY_NOT_FOUND",
            "Neither cso_id nor csp_id is a party of yours; check the codes.",
        )
    seller, buyer = sides[Party.Role.CSO], sides[Party.Role.CSP]
    if seller is None or buyer is None:
        raise RequestRefused(
            404, "PARTY_NOT_FOUND", "One of the two parties is not set up here; check the codes."
        )
    return manifests.Stated(
        seller=seller,
        buyer=buyer,
        own=own[0],
        day=read.day,
        currency=read.currency,
        totals=Totals(
            sdrs=read.sdrs,
            energy_kwh=read.energy_kwh,
            amount=read.amount,
            content_sha256=read.content_sha256,
        ),
        sdr_ids=read.sdr_ids,
    )


def _party(code: str, role: str, reader: Reader) -> Party | None:
    country_code, _, party_id = normal_code(code[:20]).partition("*")
    return Party.objects.filter(
        country_code=country_code, party_id=party_id, role=role, environment=reader.environment
    ).first()


def _reader(request) -> Reader:
    client = client_of(request)
    return queries.reader_of(client.partner, environment=client.environment, now=timezone.now())


def _asked(request, name: str, read):
    try:
        return read(request.query_params[name])
    except ValueError:
        raise ValidationError({name: "cannot be read; see /api/docs/"}) from None


def _entry(manifest: Manifest) -> ManifestEntry:
    return ManifestEntry(
        manifest_id=manifest.pk,
        author=manifest.author,
        day=manifest.day,
        cso_id=manifest.seller.code,
        csp_id=manifest.buyer.code if manifest.buyer else "",
        currency=manifest.currency,
        sdrs=manifest.sdrs,
        energy_kwh=_plain(manifest.energy_kwh),
        amount=_plain(manifest.amount),
        content_sha256=manifest.content_sha256,
        unbilled_authorizations=manifest.unbilled_authorizations,
        unbilled_sessions=manifest.unbilled_sessions,
        written_at=manifest.received_at,
    )


def _answer(compared: manifests.Compared) -> ManifestAnswer:
    ours = compared.ours
    return ManifestAnswer(
        manifest_id=compared.manifest.pk,
        agrees=compared.agrees,
        differs=compared.differs,
        here=Figures(
            sdrs=ours.sdrs,
            energy_kwh=_plain(ours.energy_kwh),
            amount=_plain(ours.amount),
            content_sha256=ours.content_sha256,
        ),
        missing_here=compared.missing_here,
        unknown_to_you=compared.unknown_to_you,
    )


def _plain(value: Decimal) -> Decimal:
    return Decimal(f"{value.normalize():f}") if value else Decimal(0)


def _json(told: msgspec.Struct) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(_encode(told), content_type=JSON, headers=headers)
