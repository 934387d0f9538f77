"""Bodies of requests as objects of the call's version."""

from datetime import timedelta

from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.faults import CLIENT_ERROR, INVALID, Fault
from roaming.protocols.ocpi.http import Call
from roaming.protocols.ocpi.objects import Tree
from roaming.protocols.ocpi.trees.times import instant

# Clocks that tell their local time as UTC are fourteen hours ahead at most.
_AHEAD = timedelta(days=1)


def object_of(call: Call, kind: str, *, is_patch: bool = False) -> Tree:
    """The body, checked.

    :raises Fault: HTTP 400, it is no JSON; 2001, it is not such an object
    """
    try:
        tree = objects.decode(call.raw)
    except objects.Unreadable as error:
        raise Fault(CLIENT_ERROR, f"The body cannot be read: {error}.", http=400) from error
    return checked(call, kind, tree, is_patch=is_patch)


def checked(call: Call, kind: str, tree: object, *, is_patch: bool = False) -> Tree:
    """:raises Fault: 2001, it is no such object of the call's version"""
    faults = objects.faults_of(call.version, kind, tree, is_patch=is_patch)
    read = objects.Read(tree if isinstance(tree, dict) else {}, faults)
    if not read.is_acceptable:
        raise Fault(INVALID, read.message)
    _check_time(read.tree, call)
    return read.tree


def _check_time(tree: Tree, call: Call) -> None:
    """What is of the year 9999 would be newer than all that its owner sends afterwards.

    :raises Fault: 2001, it is of tomorrow or later
    """
    stated = tree.get("last_updated")
    updated_at = instant(stated) if isinstance(stated, str) else None
    if updated_at is not None and updated_at > call.now + _AHEAD:
        raise Fault(INVALID, f"last_updated: {stated} lies in the future.")


def check_id(tree: Tree, name: str, id_: str) -> None:
    """:raises Fault: 2001, the object is another one than the address says"""
    if str(tree.get(name, id_)).upper() != id_.upper():
        raise Fault(INVALID, f"{name} is {tree[name]!r}, the address says {id_!r}.")


def check_owner(tree: Tree, country: str, party: str) -> None:
    """:raises Fault: 2001, the object is of another party than the address says"""
    check_id(tree, "country_code", country)
    check_id(tree, "party_id", party)
