"""The objects of OCPI 2.2.1 as they travel: ``tables.txt`` and what a table cannot say."""

from pathlib import Path

from roaming.protocols.ocpi.trees.checks import Fault, Place, path_of
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.rules import excuse_embedded_tariffs
from roaming.protocols.ocpi.trees.schema import Schema

LONGEST_ID_OF_CDR = 36


def _cdr(tree: Tree, place: Place, faults: list[Fault]) -> None:
    """36 characters for an id, 39 for a credit's, which the CDRs module leaves room for."""
    is_credit, cdr_id = tree.get("credit") is True, tree.get("id")
    if not is_credit and isinstance(cdr_id, str) and len(cdr_id) > LONGEST_ID_OF_CDR:
        problem = f"has {len(cdr_id)} characters: more than {LONGEST_ID_OF_CDR} are for credits"
        faults.append(Fault(path_of((place, "id")), problem))
    if is_credit != bool(tree.get("credit_reference_id")):
        problem = "credit and credit_reference_id need each other"
        faults.append(Fault(path_of((place, "credit_reference_id")), problem))
    excuse_embedded_tariffs(place, faults)


SCHEMA = Schema.in_folder("2.2.1", Path(__file__).parent, rules={"CDR": _cdr})
