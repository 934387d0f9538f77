"""Dimensions of a charging period that the other version knows, and at least one of them."""

from typing import Any

from roaming.protocols.ocpi.trees.checks import Place
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.translation import Handle, Run


def known_dimensions(otherwise: str) -> Handle:
    """``otherwise`` is told with a volume of 0 where no dimension is left: one is required."""

    def translate(run: Run, dimensions: Any, place: Place, tree: Tree) -> Tree:
        known = run.step.target.tables.enumerations["CdrDimensionType"].values
        told = []
        for index, one in enumerate(dimensions):
            if one["type"] in known:
                told.append(one)
            else:
                why = f"OCPI {run.step.target.version} has no {one['type']}"
                run.lose((place, index), "dropped", why)
        if not told:
            run.lose(place, "added", f"{otherwise} of 0: one dimension is required")
            told = [{"type": otherwise, "volume": 0}]
        return {"dimensions": told}

    return translate
