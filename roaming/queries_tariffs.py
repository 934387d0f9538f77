"""Which version of a tariff counts for which buyer, and when; read once for a chunk of records."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Upper

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
    """Tariffs of some sellers: by seller and the id that records name.

    ``first_of``: the first version of each seller, whether it is among them or not.
    """

    by_name: dict[tuple[UUID, str], list[Version]] = field(default_factory=dict)
    first_of: dict[UUID, UUID] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.first_of)

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


def tariffs_of(seller_ids: Iterable[UUID], *, environment: str, only: Iterable[UUID]) -> Tariffs:
    """These tariffs of the sellers: all their versions, with their notices. Two queries.

    When a seller began to publish is not told.
    """
    rows = _versions(seller_ids, environment).filter(tariff__in=list(only))
    return Tariffs(_by_name(rows))


def tariffs_named(
    names: Mapping[UUID, Collection[str]], *, environment: str, known: Tariffs | None = None
) -> Tariffs:
    """What records of sellers may be priced by: the tariffs that they name, added to ``known``.

    ``names``: of each seller; one that is empty names none: all of the seller's are read then, and
    a seller may have ten thousand. One look, and two queries if there are any.
    """
    first_of = known.first_of if known else _first_of(names, environment)
    by_name = dict(known.by_name) if known else {}
    wanted = Q(pk__in=[])
    for seller_id in first_of.keys() & names.keys():
        of_seller = Q(tariff__seller=seller_id)
        if all(names[seller_id]):
            spelled = [Upper(Value(name)) for name in sorted(names[seller_id])]
            of_seller &= Q(name__in=spelled)
        wanted |= of_seller
    if first_of:
        rows = _versions(names, environment).annotate(name=Upper("tariff__tariff_id"))
        by_name |= _by_name(rows.filter(wanted))
    return Tariffs(by_name, first_of)


def _versions(seller_ids: Iterable[UUID], environment: str) -> QuerySet[TariffVersion]:
    return TariffVersion.objects.filter(
        tariff__seller__in=list(seller_ids), tariff__environment=environment
    ).select_related("tariff")


def _first_of(seller_ids: Iterable[UUID], environment: str) -> dict[UUID, UUID]:
    """The first version that each of the sellers published."""
    rows = _versions(seller_ids, environment).order_by("tariff__seller", "id")
    return dict(rows.distinct("tariff__seller").values_list("tariff__seller", "id"))


def _by_name(rows: QuerySet[TariffVersion]) -> dict[tuple[UUID, str], list[Version]]:
    found: dict[tuple[UUID, str], list[Version]] = {}
    versions: dict[UUID, Version] = {}
    for row in rows.order_by("tariff", "version"):
        versions[row.pk] = version = version_of(row)
        found.setdefault((version.seller_id, version.tariff_id.casefold()), []).append(version)
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
