"""Stored locations as trees of a version: verbatim where they came in it, else translated."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from roaming.models import Location, LocationEvse
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.identity import version_of
from roaming.protocols.ocpi.objects import Known, Tree
from roaming.protocols.ocpi.trees import native_locations, times
from roaming.protocols.ocpi.trees.location_reading import STATUS_OF, WORD_OF
from roaming.services.location_reading import status_at

# What locations of our own API are written in before they are translated further.
NATIVE_VERSION = "2.2.1"


def location_tree(
    place: Location, evses: Sequence[LocationEvse], version: str, *, now: datetime
) -> Tree:
    """The location as ``version`` tells it, each EVSE as it stands at ``now``.

    :raises Untranslatable: that version has no words for it
    """
    source = version_of(place.document_format)
    tree = dict(place.document) if source else native_locations.location(place)
    if evses or "evses" in tree:
        tree["evses"] = [_evse_tree(one, now, is_native=not source) for one in evses]
    _say_when(tree, place.updated_at)
    return _translated("Location", tree, place, version)


def location_trees(places: Iterable[Location], version: str, *, now: datetime) -> Iterable[Tree]:
    """Those that ``version`` has words for; ``evses`` should be prefetched."""
    for place in places:
        try:
            yield location_tree(place, ordered(place.evses.all()), version, now=now)
        except objects.Untranslatable:
            continue


def evse_tree(place: Location, evse: LocationEvse, version: str, *, now: datetime) -> Tree:
    """One EVSE as ``version`` tells it.

    :raises Untranslatable: that version has no words for it
    """
    tree = _evse_tree(evse, now, is_native=not version_of(place.document_format))
    return _translated("EVSE", tree, place, version)


def ordered(evses: Iterable[LocationEvse]) -> list[LocationEvse]:
    """In the order of receipt."""
    return sorted(evses, key=lambda one: one.id)


def part(trees: Iterable[Tree], name: str, id_: str) -> Tree | None:
    """The one whose ``name`` is ``id_``, in any case of letters."""
    return next((tree for tree in trees if str(tree.get(name)).upper() == id_.upper()), None)


def _translated(kind: str, tree: Tree, place: Location, version: str) -> Tree:
    source = version_of(place.document_format) or NATIVE_VERSION
    if source == version:
        return tree
    return objects.translate(kind, tree, source, version, Known(owner=place.cso.code)).tree


def _evse_tree(evse: LocationEvse, now: datetime, *, is_native: bool) -> Tree:
    """As told, unless we know more: it vanished, its status was told apart, or has run out."""
    tree = native_locations.evse(evse) if is_native else dict(evse.document)
    status = status_at(evse, now)
    if STATUS_OF.get(str(tree.get("status"))) != status:
        tree["status"] = WORD_OF[status]
    _say_when(tree, evse.updated_at)
    return tree


def _say_when(tree: dict[str, Any], updated_at: datetime) -> None:
    """The owner's own spelling, unless a part of it changed later."""
    told = tree.get("last_updated")
    if not isinstance(told, str) or times.instant(told) != updated_at:
        tree["last_updated"] = times.written(updated_at)
