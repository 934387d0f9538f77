"""OCPI 2.2.1 and our words. The other versions are translated to and from this one."""

from decimal import Decimal
from typing import Any

from roaming.protocols.ocpi.trees.cdr_reading import CdrWords, Cost, party
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.known import Known


def owner_of(tree: Tree, known: Known) -> str:
    return party(tree)


def token_of(tree: Tree, known: Known) -> Tree:
    return tree["cdr_token"]


def place_of(tree: Tree) -> Tree:
    return tree["cdr_location"]


def _cost_of(price: Any) -> Cost:
    incl = price.get("incl_vat")
    return Cost(Decimal(price["excl_vat"]), None if incl is None else Decimal(incl))


CDR_WORDS = CdrWords(
    end="end_date_time",
    owner_of=owner_of,
    token_of=token_of,
    place_of=place_of,
    cost_of=_cost_of,
)
