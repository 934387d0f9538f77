"""Tariffs as their two sides read them: a seller all notices, a buyer what counts for itself."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from partners.models import RoamingAgreement
from roaming.models import Tariff, TariffNotice
from roaming.queries import Reader
from roaming.queries_locations import is_for
from roaming.queries_ratings import newest_ratings
from roaming.queries_tariffs import Tariffs, tariffs_of
from roaming.rules.rating.stored import ExactEncoder


class TariffVersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One published version. ``tariff`` is the OCPI object as it was sent."""

    version: int
    published_at: datetime
    valid_from: datetime
    content_sha256: str
    unusable_reason: str
    tariff: msgspec.Raw


class TariffNoticeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a buyer was told of a version. WAITING: until ``counts_from`` unless it consents."""

    notice_id: UUID
    tariff_id: UUID
    name: str
    version: int
    seller: str
    buyer: str
    state: str
    is_increase: bool
    told_at: datetime
    valid_from: datetime
    notice_ends_at: datetime
    counts_from: datetime
    effect: dict[str, Any]
    answered_at: datetime | None
    reason: str


class CountingVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The version that counts for a buyer now; null where none does yet."""

    buyer: str
    version: int | None
    since: datetime | None


class TariffRow(msgspec.Struct, frozen=True, kw_only=True):
    """A tariff. ``name`` is the id that records name; ``tariff_id`` is ours."""

    tariff_id: UUID
    name: str
    seller: str
    currency: str
    newest_version: int
    counts: list[CountingVersion]
    waiting: list[TariffNoticeRow]


class TariffDetail(TariffRow, frozen=True, kw_only=True):
    """With all versions, newest first."""

    versions: list[TariffVersionRow]


class TariffPage(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. ``next`` is the address of the next page, null on the last one."""

    results: list[TariffRow]
    next: str | None


class RecordRating(msgspec.Struct, frozen=True, kw_only=True):
    """Our own price of a record. ``difference`` = claim − our price.

    Each line of ``trace`` with a quantity is quantity × price; all lines together are the total.
    """

    rating_version: int
    tariff_id: UUID
    tariff: str
    tariff_version: int
    currency: str
    total_excl_tax: Decimal
    total_incl_tax: Decimal
    difference: Decimal | None
    is_within_tolerance: bool | None
    components: dict[str, Any]
    trace: list[dict[str, Any]]
    reason: str
    rated_at: datetime


def readable_tariffs(reader: Reader) -> QuerySet[Tariff]:
    """Tariffs that the reader sells by, or whose seller has an agreement with it; no one else's."""
    parties = list(reader.party_ids)
    agreed = RoamingAgreement.objects.filter(buyer__in=parties, in_force_at__isnull=False)
    return (
        Tariff.objects.filter(
            Q(seller__in=parties) | Q(seller__in=agreed.values("seller")) & is_for(parties),
            environment=reader.environment,
        )
        .select_related("seller")
        .order_by("id")
    )


def readable_notices(reader: Reader) -> QuerySet[TariffNotice]:
    """A buyer's own, and a seller's to all of its buyers."""
    parties = list(reader.party_ids)
    return TariffNotice.objects.filter(
        Q(buyer__in=parties) | Q(version__tariff__seller__in=parties),
        version__tariff__environment=reader.environment,
    ).select_related("version__tariff__seller", "buyer")


def rows_of(tariffs: Sequence[Tariff], reader: Reader, *, now: datetime) -> list[TariffRow]:
    """In the same order, by a few queries."""
    return [TariffRow(**common) for common in _common(tariffs, reader, now)]


def detail_of(tariff: Tariff, reader: Reader, *, now: datetime) -> TariffDetail:
    """A seller sees what the engine refused, too; a buyer only what can count."""
    [common] = _common([tariff], reader, now)
    versions = tariff.versions.order_by("-version")
    if tariff.seller_id not in reader.party_ids:
        versions = versions.filter(unusable_reason="")
    return TariffDetail(
        **common,
        versions=[
            TariffVersionRow(
                version=row.version,
                published_at=row.published_at,
                valid_from=row.valid_from_at,
                content_sha256=row.content_sha256,
                unusable_reason=row.unusable_reason,
                tariff=msgspec.Raw(ExactEncoder().encode(row.content).encode()),
            )
            for row in versions
        ],
    )


def notice_told(notice: TariffNotice) -> TariffNoticeRow:
    version = notice.version
    return TariffNoticeRow(
        notice_id=notice.pk,
        tariff_id=version.tariff_id,
        name=version.tariff.tariff_id,
        version=version.version,
        seller=version.tariff.seller.code,
        buyer=notice.buyer.code,
        state=notice.state,
        is_increase=notice.is_increase,
        told_at=notice.told_at,
        valid_from=version.valid_from_at,
        notice_ends_at=notice.notice_ends_at,
        counts_from=notice.counts_from_at,
        effect=notice.effect,
        answered_at=notice.answered_at,
        reason=notice.reason,
    )


def rating_told(record_id: UUID) -> RecordRating | None:
    """The newest rating of a record, by one query."""
    row = newest_ratings([record_id]).get(record_id)
    if row is None:
        return None
    tariff = row.tariff_version.tariff
    return RecordRating(
        rating_version=row.rating_version,
        tariff_id=tariff.pk,
        tariff=tariff.tariff_id,
        tariff_version=row.tariff_version.version,
        currency=row.currency,
        total_excl_tax=row.total_excl_tax,
        total_incl_tax=row.total_incl_tax,
        difference=row.difference,
        is_within_tolerance=row.is_within_tolerance,
        components=row.components,
        trace=row.trace,
        reason=row.reason,
        rated_at=row.rated_at,
    )


def _common(tariffs: Sequence[Tariff], reader: Reader, now: datetime) -> Iterable[dict[str, Any]]:
    sellers = {tariff.seller_id for tariff in tariffs}
    ids = [tariff.pk for tariff in tariffs]
    every = tariffs_of(sellers, environment=reader.environment, only=ids)
    notices: dict[UUID, list[TariffNotice]] = {}
    for notice in readable_notices(reader).filter(version__tariff__in=list(tariffs)).order_by("id"):
        notices.setdefault(notice.version.tariff_id, []).append(notice)
    buyers = _buyers(sellers, reader)
    for tariff in tariffs:
        told = notices.get(tariff.pk, [])
        versions = every.named(tariff.seller_id, tariff.tariff_id)
        yield {
            "tariff_id": tariff.pk,
            "name": tariff.tariff_id,
            "seller": tariff.seller.code,
            "currency": tariff.currency,
            "newest_version": max((one.number for one in versions), default=0),
            "counts": [
                _counting(tariff, every, buyer_id, code, now)
                for buyer_id, code in buyers.get(tariff.seller_id, ())
            ],
            "waiting": [notice_told(one) for one in told if _waits(one, now)],
        }


def _waits(notice: TariffNotice, now: datetime) -> bool:
    return notice.state != TariffNotice.State.COUNTS and now < notice.notice_ends_at


def _buyers(sellers: set[UUID], reader: Reader) -> dict[UUID, list[tuple[UUID, str]]]:
    """Of each seller its buyers that the reader may know of."""
    parties = list(reader.party_ids)
    rows = RoamingAgreement.objects.filter(
        Q(buyer__in=parties) | Q(seller__in=parties),
        seller__in=sellers,
        in_force_at__isnull=False,
    ).select_related("buyer")
    found: dict[UUID, dict[UUID, str]] = {}
    for row in rows.order_by("buyer__country_code", "buyer__party_id"):
        found.setdefault(row.seller_id, {})[row.buyer_id] = row.buyer.code
    return {seller: list(codes.items()) for seller, codes in found.items()}


def _counting(
    tariff: Tariff, every: Tariffs, buyer_id: UUID, code: str, now: datetime
) -> CountingVersion:
    version = every.in_force(tariff.seller_id, tariff.tariff_id, buyer_id, now)
    return CountingVersion(
        buyer=code,
        version=version.number if version else None,
        since=version.counts_from(buyer_id) if version else None,
    )
