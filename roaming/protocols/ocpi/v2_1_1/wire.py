"""The objects of OCPI 2.1.1 as they travel: ``tables.txt``."""

from pathlib import Path

from roaming.protocols.ocpi.trees.checks import Fault, Place
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.rules import excuse_embedded_tariffs
from roaming.protocols.ocpi.trees.schema import Schema


def _cdr(tree: Tree, place: Place, faults: list[Fault]) -> None:
    excuse_embedded_tariffs(place, faults)


SCHEMA = Schema.in_folder("2.1.1", Path(__file__).parent, rules={"CDR": _cdr})
