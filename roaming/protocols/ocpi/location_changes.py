"""Parts of a location that are put or patched, merged into what is stored.

What is stored may have come in another version: it is then translated as a whole, once, and stored
in the words of the call.
"""

from collections.abc import Callable
from typing import Any

from partners.models import Party
from roaming.messages.locations import EvseFacts, LocationFacts
from roaming.models import Location
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.bodies import checked
from roaming.protocols.ocpi.faults import INVALID, UNKNOWN_LOCATION, Fault
from roaming.protocols.ocpi.http import Call
from roaming.protocols.ocpi.identity import format_of
from roaming.protocols.ocpi.locations import location_tree, ordered, part
from roaming.protocols.ocpi.objects import Tree
from roaming.protocols.ocpi.trees import times
from roaming.protocols.ocpi.trees.location_reading import VOLATILE, evse_facts, location_facts
from roaming.services import locations
from roaming.services.locations import LocationUnknown, Put

# What becomes of an EVSE; ``None``: there was none.
Change = Callable[[Tree | None], Tree]


def patch_location(call: Call, cso: Party, location_id: str, patch: Tree) -> Put:
    """Merge the named fields; EVSEs in a patch are merged one by one.

    :raises Fault: 404, there is no such location
    """

    def merge(place: Location) -> LocationFacts:
        tree = _whole(call, place)
        for given in patch.get("evses") or ():
            _set_part(tree, "evses", "uid", str(given.get("uid")), _merged(given))
        merged = checked(call, "Location", tree | {k: v for k, v in patch.items() if k != "evses"})
        return location_facts(merged, format_of(call.version))

    return _changing(
        lambda: locations.change_location(cso, location_id, merge, now=call.now, volatile=VOLATILE),
        http=404,
    )


def put_evse(call: Call, cso: Party, location_id: str, tree: Tree) -> Put:
    """:raises Fault: 2003, there is no such location"""
    return change_evse(call, cso, location_id, tree["uid"], lambda _: tree, http=200)


def patch_evse(call: Call, cso: Party, location_id: str, evse_uid: str, patch: Tree) -> Put:
    """:raises Fault: 404, there is no such EVSE"""
    return change_evse(call, cso, location_id, evse_uid, _merged(patch))


def change_evse(
    call: Call, cso: Party, location_id: str, evse_uid: str, change: Change, *, http: int = 404
) -> Put:
    """Change one EVSE as it stands.

    :raises Fault: 2003 with ``http``, there is nothing to change
    """
    own = Location.objects.filter(cso=cso, location_id__iexact=location_id).first()
    if own is not None and own.document_format != format_of(call.version):
        return _changing(lambda: _change_in_whole(call, cso, location_id, evse_uid, change), http)

    def merge(place: Location) -> EvseFacts:
        stored = place.evses.filter(evse_uid__iexact=evse_uid).first()
        tree = change(dict(stored.document) if stored is not None else None)
        return evse_facts(checked(call, "EVSE", tree))

    return _changing(
        lambda: locations.change_evse(cso, location_id, merge, now=call.now, volatile=VOLATILE),
        http,
    )


def connector_put(connector_id: str, tree: Tree) -> Change:
    """The connector in place of the one with its id, or beside the others."""
    return _in_evse(connector_id, lambda _: tree, tree)


def connector_patched(connector_id: str, patch: Tree) -> Change:
    return _in_evse(connector_id, _merged(patch), patch)


def _change_in_whole(
    call: Call, cso: Party, location_id: str, evse_uid: str, change: Change
) -> Put:
    def merge(place: Location) -> LocationFacts:
        tree = _whole(call, place)
        _set_part(tree, "evses", "uid", evse_uid, change)
        changed = part(tree["evses"], "uid", evse_uid) or {}
        _make_newer(tree, changed.get("last_updated"))
        return location_facts(checked(call, "Location", tree), format_of(call.version))

    return locations.change_location(cso, location_id, merge, now=call.now, volatile=VOLATILE)


def _in_evse(connector_id: str, change: Change, given: Tree) -> Change:
    def changed(evse: Tree | None) -> Tree:
        if evse is None:
            raise LocationUnknown("There is no such EVSE.")
        tree = dict(evse)
        _set_part(tree, "connectors", "id", connector_id, change)
        _make_newer(tree, given["last_updated"])
        return tree

    return changed


def _merged(patch: Tree) -> Change:
    def change(stored: Tree | None) -> Tree:
        if stored is None:
            raise LocationUnknown("There is nothing that could be patched.")
        return stored | patch

    return change


def _set_part(tree: Tree, name: str, id_name: str, id_: str, change: Change) -> None:
    """Change one of a list of parts in its place, or add it at the end."""
    parts = list(tree.get(name) or ())
    before = part(parts, id_name, id_)
    after = change(before)
    tree[name] = [after if one is before else one for one in parts]
    if before is None:
        tree[name].append(after)


def _make_newer(tree: Tree, last_updated: Any) -> None:
    """What holds a part is as new as the part, in the owner's own spelling."""
    told, own = (times.instant(text) for text in (last_updated, tree["last_updated"]))
    if told is not None and (own is None or told > own):
        tree["last_updated"] = last_updated


def _whole(call: Call, place: Location) -> Tree:
    try:
        return location_tree(place, ordered(place.evses.all()), call.version, now=call.now)
    except objects.Untranslatable as error:
        raise Fault(INVALID, f"Put it anew in OCPI {call.version}: {error}") from error


def _changing(work: Callable[[], Put], http: int) -> Put:
    try:
        return work()
    except LocationUnknown as unknown:
        text = f"There is no such location or part of it here: {unknown}."
        raise Fault(UNKNOWN_LOCATION, text, http=http) from unknown
