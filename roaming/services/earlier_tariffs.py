"""What a new version of a tariff stands in for: earlier versions, or the seller's other tariffs."""

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from uuid import UUID

from django.db import connection

from clearinghouse.statements import load_statement
from roaming.models import Tariff, TariffVersion
from roaming.queries_tariffs import Version, tariffs_of, version_of

_SQL = Path(__file__).parent / "sql"
# A seller may have ten thousand; mostly the first few tell already that something is dearer.
_FIRST, _TIMES = 20, 10
# What differs from tariff to tariff and is no price.
_NO_PRICES = [
    "id", "country_code", "party_id", "last_updated", "tariff_alt_text", "tariff_alt_url",
    "energy_mix",
]  # fmt: skip


class Earlier:
    """The tariffs of a seller before a new version of ``tariff``: made before that is saved.

    The other tariffs are read as far as they are asked for, each price list once.
    """

    def __init__(self, tariff: Tariff) -> None:
        self._tariff = tariff
        self._own = tariffs_of([tariff.seller_id], environment=tariff.environment, only=[tariff.pk])
        self._read: dict[UUID, Version] = {}

    def replaced(self, version: Version, buyer_id: UUID) -> list[Version]:
        """What counts for the buyer where it would begin, and what was to begin later."""
        name, starts_at = version.tariff_id, version.valid_from_at
        begins = {starts_at} | {
            began
            for one in self._own.named(version.seller_id, name)
            if (began := one.counts_from(buyer_id)) > starts_at
        }
        found = [self._own.in_force(version.seller_id, name, buyer_id, at) for at in sorted(begins)]
        return list(dict.fromkeys(one for one in found if one is not None))

    def formers(self, version: Version, buyer_id: UUID) -> Iterator[Version]:
        """Of a tariff that does not count yet where the version begins: the seller's other ones.

        A new id must not dodge the notice; which stations it touches is judged when records name
        it. Of many with the same prices two are told.
        """
        starts_at = version.valid_from_at
        if self._own.in_force(version.seller_id, version.tariff_id, buyer_id, starts_at):
            return
        for spared, limit in _spans():
            looked_at, found = self._priced(version, buyer_id, spared, limit)
            self._read_anew(found)
            for version_id, count in found.items():
                yield from repeat(self._read[version_id], min(count, 2))
            if looked_at < limit:
                return

    def _priced(
        self, version: Version, buyer_id: UUID, spared: int, limit: int
    ) -> tuple[int, dict[UUID, int]]:
        """How many of the other tariffs were looked at; a version of each of their price lists."""
        with connection.cursor() as cursor:
            cursor.execute(
                load_statement(_SQL / "tariff_formers.sql"),
                {
                    "seller_id": version.seller_id,
                    "currency": version.currency,
                    "tariff_id": self._tariff.pk,
                    "buyer_id": buyer_id,
                    "at": version.valid_from_at,
                    "spared": spared,
                    "limit": limit,
                    "names": _NO_PRICES,
                },
            )
            rows = cursor.fetchall()
        return rows[0][0], {id_: count for _, id_, count in rows if id_ is not None}

    def _read_anew(self, ids: dict[UUID, int]) -> None:
        if missing := ids.keys() - self._read.keys():
            rows = TariffVersion.objects.filter(pk__in=missing).select_related("tariff")
            self._read |= {row.pk: version_of(row) for row in rows}


class Peeked:
    """Versions as they are asked for; ``only`` is the single one there is, if there is one."""

    def __init__(self, versions: Iterator[Version]) -> None:
        self._versions = versions
        self._met: list[Version] = []

    def __iter__(self) -> Iterator[Version]:
        yield from self._met
        for one in self._versions:
            self._met.append(one)
            yield one

    @property
    def only(self) -> Version | None:
        while len(self._met) < 2 and (one := next(self._versions, None)) is not None:
            self._met.append(one)
        return self._met[0] if len(self._met) == 1 else None


def _spans() -> Iterator[tuple[int, int]]:
    """How many were looked at before, and how many are looked at next."""
    spared, size = 0, _FIRST
    while True:
        yield spared, size
        spared, size = spared + size, size * _TIMES
