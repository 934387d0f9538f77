"""Which version of a tariff counts for which buyer, and when; read once for a chunk of records."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from partners.models import Partner, PartyOwnership
from partners.queries import in_period
from roaming.models import TariffNotice, TariffVersion
from roaming.rules.rating.compiled import Compiled
from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.rating.tariff import Tariff as ReadTariff


class Told(NamedTuple):
    """A notice as far as it matters for rating."""

    counts_from_at: datetime
    notice_ends_at: datetime
    answered_at: datetime | None

    def began(self, known_at: datetime | None) -> datetime:
        """From when it counted by what was known at ``known_at``: an answer moves it."""
        if known_at is not None and self.answered_at is not None and self.answered_at > known_at:
            return self.notice_ends_at
        return self.counts_from_at


@dataclass(frozen=True, eq=False)
class Version:
    """A stored version of a tariff; ``notices`` by buyer."""

    id: UUID
    tariff_id: str
    currency: str
    seller_id: UUID
    number: int
    published_at: datetime
    valid_from_at: datetime
    content: Any
    unusable_reason: str
    notices: dict[UUID, Told] = field(default_factory=dict)
    _compiled: dict[str, Compiled] = field(default_factory=dict)

    def counts_from(self, buyer_id: UUID, *, known_at: datetime | None = None) -> datetime:
        """A buyer that came after it was published was told by its agreement."""
        notice = self.notices.get(buyer_id)
        return self.valid_from_at if notice is None else notice.began(known_at)

    @cached_property
    def read(self) -> ReadTariff:
        return read_tariff(self.content, currency=self.currency)

    def compiled(self, zone: ZoneInfo) -> Compiled:
        """Made once for the zone."""
        if zone.key not in self._compiled:
            self._compiled[zone.key] = Compiled(self.read, zone)
        return self._compiled[zone.key]


@dataclass(slots=True)
class Tariffs:
    """The tariffs of some sellers: by seller and the id that records name."""

    by_name: dict[tuple[UUID, str], list[Version]] = field(default_factory=dict)
    first_of: dict[UUID, UUID] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_name)

    def has_any(self, seller_id: UUID, *, known_before: UUID | None = None) -> bool:
        first = self.first_of.get(seller_id)
        return first is not None and (known_before is None or first < known_before)

    def named(self, seller_id: UUID, tariff_id: str) -> list[Version]:
        """Ids of OCPI do not tell upper from lower case."""
        return self.by_name.get((seller_id, tariff_id.casefold()), [])

    def in_force(
        self,
        seller_id: UUID,
        tariff_id: str,
        buyer_id: UUID,
        at: datetime,
        *,
        known_before: UUID | None = None,
        known_at: datetime | None = None,
    ) -> Version | None:
        """The version that counts for the buyer at ``at``: the last published that has begun.

        A later publication replaces what was published before it. What the engine refused never
        counts. ``known_before`` and ``known_at`` look back: later versions and answers are unknown.
        """
        begun = [
            version
            for version in self.named(seller_id, tariff_id)
            if not version.unusable_reason
            and (known_before is None or version.id < known_before)
            and version.counts_from(buyer_id, known_at=known_at) <= at
        ]
        return max(begun, key=lambda version: version.number, default=None)

    def before_notice(
        self,
        seller_id: UUID,
        tariff_id: str,
        buyer_id: UUID,
        at: datetime,
        *,
        known_before: UUID | None = None,
        known_at: datetime | None = None,
    ) -> list[Version]:
        """Of a tariff that has not yet counted for the buyer: its versions that wait for it alone.

        Their own date has come and their notice has not run; in the order of publication.
        """
        if self.in_force(
            seller_id, tariff_id, buyer_id, at, known_before=known_before, known_at=known_at
        ):
            return []
        return [
            version
            for version in self.named(seller_id, tariff_id)
            if not version.unusable_reason
            and (known_before is None or version.id < known_before)
            and version.valid_from_at <= at
        ]

    def names_of(self, seller_id: UUID) -> list[str]:
        return [name for seller, name in self.by_name if seller == seller_id]


def tariffs_of(
    seller_ids: Iterable[UUID], *, environment: str, only: Iterable[UUID] | None = None
) -> Tariffs:
    """All versions of the sellers' tariffs with their notices: one look, and two queries if any.

    ``only``: of these tariffs.
    """
    found = Tariffs()
    versions: dict[UUID, Version] = {}
    rows = TariffVersion.objects.filter(
        tariff__seller__in=list(seller_ids), tariff__environment=environment
    ).select_related("tariff")
    if only is not None:
        rows = rows.filter(tariff__in=list(only))
    for row in rows.order_by("tariff", "version"):
        versions[row.pk] = version = version_of(row)
        key = (version.seller_id, version.tariff_id.casefold())
        found.by_name.setdefault(key, []).append(version)
        found.first_of[version.seller_id] = min(
            version.id, found.first_of.get(version.seller_id, version.id)
        )
    if versions:
        for notice in TariffNotice.objects.filter(version__in=list(versions)):
            told = Told(notice.counts_from_at, notice.notice_ends_at, notice.answered_at)
            versions[notice.version_id].notices[notice.buyer_id] = told
    return found


def waiting_increases(
    partner: Partner, *, environment: str, now: datetime
) -> QuerySet[TariffNotice]:
    """Increases that wait for the answer of the partner's own buyers, in one query; what was
    refused is answered.
    """
    owned = PartyOwnership.objects.filter(
        in_period(now), partner=partner, party__environment=environment
    )
    return TariffNotice.objects.filter(
        buyer__in=owned.values("party"), state=TariffNotice.State.WAITING, notice_ends_at__gt=now
    )


def version_of(row: TariffVersion) -> Version:
    return Version(
        id=row.pk,
        tariff_id=row.tariff.tariff_id,
        currency=row.tariff.currency,
        seller_id=row.tariff.seller_id,
        number=row.version,
        published_at=row.published_at,
        valid_from_at=row.valid_from_at,
        content=row.content,
        unusable_reason=row.unusable_reason,
    )
