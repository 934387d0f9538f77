"""The door to OCPI objects of any version: read, check, translate, write.

An object is a tree of dicts, lists and exact numbers as it came, with every unknown field in its
place. Kinds are the names of the specification: ``CDR``, ``Location``, ``EVSE``, ``Token``, …
"""

from itertools import pairwise
from typing import Any, NamedTuple

from roaming.protocols.ocpi.trees.checks import Fault
from roaming.protocols.ocpi.trees.exact import Tree, Unreadable, decode, encode
from roaming.protocols.ocpi.trees.known import NOTHING_KNOWN, Known
from roaming.protocols.ocpi.trees.schema import Schema
from roaming.protocols.ocpi.trees.translation import Loss, Step, Translated, Untranslatable
from roaming.protocols.ocpi.v2_1_1 import down, up
from roaming.protocols.ocpi.v2_1_1.wire import SCHEMA as V2_1_1
from roaming.protocols.ocpi.v2_2_1.wire import SCHEMA as V2_2_1
from roaming.protocols.ocpi.v2_3_0 import mapping as v2_3_0
from roaming.protocols.ocpi.v2_3_0.wire import SCHEMA as V2_3_0

__all__ = [
    "SCHEMAS", "STEPS", "Fault", "Known", "Loss", "Read", "Translated", "Tree", "Unreadable",
    "Untranslatable", "decode", "faults_of", "read", "translate", "write",
]  # fmt: skip

SCHEMAS: dict[str, Schema] = {one.version: one for one in (V2_1_1, V2_2_1, V2_3_0)}
# From version to version, oldest first; 2.1.1 and 2.3.0 meet in 2.2.1.
STEPS: dict[tuple[str, str], Step] = {
    (step.source.version, step.target.version): step
    for step in (up.UP, v2_3_0.UP, v2_3_0.DOWN, down.DOWN)
}
_ORDER = tuple(SCHEMAS)
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


def translate(
    kind: str, tree: Tree, source: str, target: str, known: Known = NOTHING_KNOWN
) -> Translated:
    """An object without fatal faults as another version tells it, and what that loses.

    Unknown fields pass, in what is passed; ``last_updated`` and every number stay as they are. The
    tree given is not changed, but may be shared in parts.

    :raises Untranslatable: the other version has no equivalent, and why.
    """
    losses: list[Loss] = []
    for step in _steps(source, target):
        tree, lost = step.apply(kind, tree, known)
        losses += lost
    return Translated(tree, losses)


def _steps(source: str, target: str) -> list[Step]:
    start, end = _ORDER.index(source), _ORDER.index(target)
    way = _ORDER[start : end + 1] if start <= end else _ORDER[end : start + 1][::-1]
    return [STEPS[pair] for pair in pairwise(way)]


def write(value: Any) -> bytes:
    """JSON of a tree (or a list of trees) with each number as it came."""
    return encode(value)
