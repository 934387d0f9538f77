"""What a new version of a tariff stands in for: earlier versions, or the seller's other tariffs."""

from collections.abc import Iterator
from uuid import UUID

from roaming.models import Tariff
from roaming.queries_tariffs import Tariffs, Version, tariffs_of

# A seller may have thousands; mostly the first few tell already that something is dearer.
_FIRST, _NEXT = 20, 500


class Earlier:
    """The tariffs of a seller before a new version of ``tariff``: made before that is saved.

    The other tariffs are read as far as they are asked for.
    """

    def __init__(self, tariff: Tariff) -> None:
        self._tariff = tariff
        self._own = self._read([tariff.pk])

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
        it.
        """
        seller_id, starts_at = version.seller_id, version.valid_from_at
        name = version.tariff_id
        if self._own.in_force(seller_id, name, buyer_id, starts_at):
            return
        for others in self._others():
            for other in others.names_of(seller_id):
                one = others.in_force(seller_id, other, buyer_id, starts_at)
                if one is not None and one.currency == version.currency:
                    yield one

    def _others(self) -> Iterator[Tariffs]:
        """The seller's other tariffs, the newest first."""
        rows = Tariff.objects.filter(seller=self._tariff.seller_id).exclude(pk=self._tariff.pk)
        ids = list(rows.order_by("-id").values_list("pk", flat=True))
        for start, end in _spans(len(ids)):
            yield self._read(ids[start:end])

    def _read(self, ids: list[UUID]) -> Tariffs:
        tariff = self._tariff
        return tariffs_of([tariff.seller_id], environment=tariff.environment, only=ids)


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


def _spans(count: int) -> Iterator[tuple[int, int]]:
    start, size = 0, _FIRST
    while start < count:
        yield start, start + size
        start, size = start + size, _NEXT
