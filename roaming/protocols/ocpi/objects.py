"""The door to OCPI objects of any version: read, check, write.

An object is a tree of dicts, lists and exact numbers as it came, with every unknown field in its
place. Kinds are the names of the specification: ``CDR``, ``Location``, ``EVSE``, ``Token``, …
"""

from typing import Any, NamedTuple

from roaming.protocols.ocpi.trees.checks import Fault
from roaming.protocols.ocpi.trees.exact import Tree, Unreadable, decode, encode
from roaming.protocols.ocpi.trees.schema import Schema
from roaming.protocols.ocpi.v2_1_1.wire import SCHEMA as V2_1_1
from roaming.protocols.ocpi.v2_2_1.wire import SCHEMA as V2_2_1
from roaming.protocols.ocpi.v2_3_0.wire import SCHEMA as V2_3_0

__all__ = ["SCHEMAS", "Fault", "Read", "Tree", "Unreadable", "decode", "faults_of", "read", "write"]

SCHEMAS: dict[str, Schema] = {one.version: one for one in (V2_1_1, V2_2_1, V2_3_0)}
_MOST_FAULTS_TOLD = 5


class Read(NamedTuple):
    """An object as it came, and what is wrong with it; {} where no object could be read."""

    tree: Tree
    faults: list[Fault]

    @property
    def is_acceptable(self) -> bool:
        """Is it worth a 1000? Otherwise 2001 with ``message``."""
        return not any(fault.is_fatal for fault in self.faults)

    @property
    def message(self) -> str:
        """The first fatal faults in words, for the ``status_message`` of a 2001."""
        fatal = [f"{fault.path} {fault.problem}".strip() for fault in self.faults if fault.is_fatal]
        more = len(fatal) - _MOST_FAULTS_TOLD
        return "; ".join([*fatal[:_MOST_FAULTS_TOLD], *([f"and {more} more"] if more > 0 else [])])


def read(version: str, kind: str, raw: bytes, *, is_patch: bool = False) -> Read:
    """Read one object of a version. Never raises for bytes, whoever wrote them.

    :raises KeyError: no such version, or no such object in it.
    """
    try:
        tree = decode(raw)
    except Unreadable as error:
        return Read({}, [Fault("", str(error))])
    faults = faults_of(version, kind, tree, is_patch=is_patch)
    return Read(tree if isinstance(tree, dict) else {}, faults)


def faults_of(version: str, kind: str, tree: Any, *, is_patch: bool = False) -> list[Fault]:
    """Every fault of a decoded object; what we send ourselves has none, warnings neither."""
    return SCHEMAS[version].faults_of(kind, tree, is_patch=is_patch)


def write(value: Any) -> bytes:
    """JSON of a tree (or a list of trees) with each number as it came."""
    return encode(value)
