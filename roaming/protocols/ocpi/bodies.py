"""Bodies of requests as objects of the call's version."""

from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.faults import CLIENT_ERROR, INVALID, Fault
from roaming.protocols.ocpi.http import Call
from roaming.protocols.ocpi.objects import Tree


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
    return read.tree


def check_id(tree: Tree, name: str, id_: str) -> None:
    """:raises Fault: 2001, the object is another one than the address says"""
    if str(tree.get(name, id_)).upper() != id_.upper():
        raise Fault(INVALID, f"{name} is {tree[name]!r}, the address says {id_!r}.")


def check_owner(tree: Tree, country: str, party: str) -> None:
    """:raises Fault: 2001, the object is of another party than the address says"""
    check_id(tree, "country_code", country)
    check_id(tree, "party_id", party)
