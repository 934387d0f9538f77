"""Stored tariffs as trees of a version: verbatim where they came in it, else translated."""

from collections.abc import Iterable, Sequence

from django.db.models import Case, DateTimeField, F, OuterRef, QuerySet, Subquery, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from roaming.models import Tariff, TariffVersion
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.identity import version_of
from roaming.protocols.ocpi.objects import Known, Tree
from roaming.protocols.ocpi.trees import times

# What tariffs of our own API are written in before they are translated further.
NATIVE_VERSION = "2.2.1"


def with_newest(tariffs: QuerySet[Tariff]) -> QuerySet[Tariff]:
    """Each with ``newest_id``, its newest version, and ``updated_at``, as its owner says."""
    newest = TariffVersion.objects.filter(tariff=OuterRef("pk")).order_by("-version")
    # What came over OCPI was checked: its time can be read. Our own API asks for none.
    told = newest.annotate(
        at=Case(
            When(
                content_format__startswith="OCPI",
                then=Cast(KT("content__last_updated"), DateTimeField()),
            ),
            default=F("published_at"),
        )
    )
    return tariffs.annotate(
        newest_id=Subquery(newest.values("pk")[:1]), updated_at=Subquery(told.values("at")[:1])
    ).filter(newest_id__isnull=False)


def tariff_trees(page: Sequence[Tariff], version: str) -> Iterable[Tree]:
    """Those that ``version`` has words for; of rows ``with_newest``, in two queries."""
    newest = TariffVersion.objects.in_bulk([one.newest_id for one in page])  # type: ignore[attr-defined]
    for tariff in page:
        try:
            yield tariff_tree(tariff, newest[tariff.newest_id], version)  # type: ignore[attr-defined]
        except objects.Untranslatable:
            continue


def tariff_tree(tariff: Tariff, newest: TariffVersion, version: str) -> Tree:
    """:raises Untranslatable: that version has no words for it"""
    source = version_of(newest.content_format) or NATIVE_VERSION
    tree = dict(newest.content)
    if not newest.content_format:
        tree = _of_our_api(tariff, newest) | tree
    if source == version:
        return tree
    return objects.translate("Tariff", tree, source, version, Known(owner=tariff.seller.code)).tree


def _of_our_api(tariff: Tariff, newest: TariffVersion) -> Tree:
    """What our own API need not be told."""
    return {
        "country_code": tariff.seller.country_code,
        "party_id": tariff.seller.party_id,
        "last_updated": times.written(newest.published_at),
    }
