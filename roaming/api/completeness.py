"""Is everything there? Gaps in a sender's batch numbers, and the keys that sign receipts."""

from datetime import datetime

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

from partners.api.bodies import JSON
from partners.api.permissions import client_of
from partners.api.schema import answer, describe, problems
from roaming.api import parameters
from roaming.services import receipts, sequences

LARGEST_PAGE = 1_000
_encode = msgspec.json.encode


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Batches ``first`` to ``last`` had not come when the next one did."""

    first: int
    last: int
    missing: list[int]
    noticed_at: datetime
    filled_at: datetime | None


class GapPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    last_sequence: int
    results: list[Gap]
    next: str | None


_FIELDS = {
    "last_sequence": "The highest Batch-Sequence that came from you; 0 where none did.",
    "first": "First number of the gap.",
    "last": "Last number of the gap.",
    "missing": "Those of its numbers that have not come yet.",
    "noticed_at": "When the batch after the gap came, UTC.",
    "filled_at": "When the last missing one came, UTC; null while any is missing.",
}
describe(Gap, GapPage, fields=_FIELDS)


class SequenceGaps(APIView):
    required_scopes = {"GET": ["sdr:read"]}

    @extend_schema(
        operation_id="listSequenceGaps",
        tags=["Completeness"],
        summary="Which of your numbered batches are missing",
        description=(
            "Of all clients of your company in this environment. A gap closes when each of its"
            " batches has come; send an empty batch (`[]`) under a number that you never used."
        ),
        parameters=[
            OpenApiParameter("before", int, description="From the next link."),
            OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
        ],
        responses=answer(200, GapPage, "A page of gaps") | problems(400),
    )
    def get(self, request):
        parameters.refuse_unknown(request, {"before", "limit"})
        limit = parameters.number(request, "limit", default=100, largest=LARGEST_PAGE)
        before = parameters.number(request, "before", default=2**62, largest=2**62)
        client = client_of(request)
        standing = sequences.standing_of(client.partner, environment=client.environment)
        page = list(standing.gaps.filter(first__lt=before)[: limit + 1])
        following = None
        if len(page) > limit:
            page = page[:limit]
            following = parameters.address(request, before=page[-1].first)
        missing = sequences.missing_of(page)
        told = GapPage(
            last_sequence=standing.last_sequence,
            results=[
                Gap(
                    first=gap.first,
                    last=gap.last,
                    missing=missing.get(gap.first, []),
                    noticed_at=gap.noticed_at,
                    filled_at=gap.filled_at,
                )
                for gap in page
            ],
            next=following,
        )
        headers = {"Cache-Control": "private, no-store"}
        return HttpResponse(_encode(told), content_type=JSON, headers=headers)


@require_safe
def published_keys(request: HttpRequest) -> HttpResponse:
    """The public keys of receipts as a JWK set (RFC 7517 §5); anybody may read it."""
    return HttpResponse(
        _encode({"keys": receipts.public_keys()}),
        content_type="application/jwk-set+json",
        headers={"Cache-Control": "public, max-age=3600"},
    )
