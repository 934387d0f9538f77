"""What the OpenAPI document says of tariffs."""

from typing import Annotated

import msgspec
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, extend_schema

from partners.api.bodies import JSON
from partners.api.schema import IDEMPOTENCY_KEY, answer, describe, problems, ref
from roaming.rules.record import Code, Instant
from roaming.services.tariff_reading import (
    CountingVersion,
    TariffDetail,
    TariffNoticeRow,
    TariffPage,
    TariffRow,
    TariffVersionRow,
)

_TAGS = ["Tariffs"]


class NewTariff(msgspec.Struct, frozen=True, kw_only=True):
    """A tariff to publish. Without ``valid_from`` its start_date_time counts, else now."""

    tariff: msgspec.Raw
    seller: Code = ""
    valid_from: Instant | None = None


class NoticeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The buyer's word."""

    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


_FIELDS = {
    "tariff": "The OCPI 2.1.1 or 2.2.1 tariff object.",
    "seller": "The CSO party, e.g. DE*NLX.",
    "buyer": "The home-CSP party, e.g. FR*VOL.",
    "valid_from": "From when it is meant to hold, UTC.",
    "tariff_id": "Our id of the tariff.",
    "name": "The id under which records name it.",
    "version": "1, 2, 3 … as published.",
    "newest_version": "The version published last.",
    "counts": "Which version counts now, for each buyer that you may know of.",
    "waiting": "Increases that wait for a consent or for the end of their notice.",
    "since": "From when it counts, UTC.",
    "notice_id": "The subject_id of a TARIFF message.",
    "state": "COUNTS, WAITING or REFUSED.",
    "is_increase": "Some session may cost more than before.",
    "told_at": "When the buyer was told, UTC.",
    "notice_ends_at": "From then on it counts without consent, UTC.",
    "counts_from": "From when it counts as things stand, UTC.",
    "effect": "Old and new prices, and what last month's records cost by both.",
    "answered_at": "When the buyer consented or refused, UTC.",
    "reason": "Why, in words.",
    "published_at": "When we received it, UTC.",
    "content_sha256": "Of the content with sorted names and without white space.",
    "unusable_reason": "Why no record can be rated by it; empty: it can.",
    "currency": "ISO 4217.",
}
describe(
    NewTariff,
    NoticeAnswer,
    CountingVersion,
    TariffVersionRow,
    TariffNoticeRow,
    TariffRow,
    TariffDetail,
    TariffPage,
    fields=_FIELDS,
)
_EXAMPLE = {
    "seller": "DE*NLX",
    "valid_from": "2027-03-01T00:00:00+01:00",
    "tariff": {
        "id": "NLX-AC",
        "currency": "EUR",
        "elements": [{"price_components": [{"type": "ENERGY", "price": 0.49, "step_size": 1}]}],
    },
}
_BODY = OpenApiRequest(
    ref(NewTariff), examples=[OpenApiExample("A price per kWh", value=_EXAMPLE, request_only=True)]
)

list_tariffs = extend_schema(
    operation_id="listTariffs",
    tags=_TAGS,
    summary="Read your tariffs, and those of your sellers",
    parameters=[
        OpenApiParameter("cursor", str, description="From the next link."),
        OpenApiParameter("limit", int, description="Page size, 1 to 1,000; default 100."),
    ],
    responses=answer(200, TariffPage, "A page of tariffs") | problems(400),
)
publish_tariff = extend_schema(
    operation_id="publishTariff",
    tags=_TAGS,
    summary="Publish a new tariff",
    description=(
        "It is kept as sent and told to every home-CSP that has an agreement with you. A tariff"
        " that we cannot price by is kept with the reason, and never counts."
    ),
    parameters=[IDEMPOTENCY_KEY],
    request={JSON: _BODY},
    responses=answer(201, TariffDetail, "Published") | problems(400, 404, 409, 413, 415, 422),
)
get_tariff = extend_schema(
    operation_id="getTariff",
    tags=_TAGS,
    summary="Read a tariff with its versions",
    responses=answer(200, TariffDetail, "The tariff") | problems(404),
)
put_tariff = extend_schema(
    operation_id="putTariff",
    tags=_TAGS,
    summary="Publish the next version",
    description=(
        "The same content with the same valid_from changes nothing. An increase that is told later"
        " than the agreement's notice days waits for each buyer's consent or for the end of its"
        " notice; until then the old version counts."
    ),
    parameters=[IDEMPOTENCY_KEY],
    request={JSON: _BODY},
    responses=answer(200, TariffDetail, "Published") | problems(400, 404, 409, 413, 415, 422),
)
get_notice = extend_schema(
    operation_id="getTariffNotice",
    tags=_TAGS,
    summary="Read what a TARIFF message is about",
    responses=answer(200, TariffNoticeRow, "The notice") | problems(404),
)
answer_notice = extend_schema(
    operation_id="answerTariffNotice",
    tags=_TAGS,
    summary="Consent to an increase that waits, or refuse it",
    description=(
        "Only the buyer answers. A consent lets the version count from its valid_from; a refusal"
        " keeps the old one until the notice has run, and a consent may still follow."
    ),
    parameters=[
        IDEMPOTENCY_KEY,
        OpenApiParameter("verb", str, OpenApiParameter.PATH, enum=["consent", "refuse"]),
    ],
    request={JSON: OpenApiRequest(ref(NoticeAnswer))},
    responses=answer(200, TariffNoticeRow, "Answered")
    | problems(400, 403, 404, 409, 413, 415, 422),
)
