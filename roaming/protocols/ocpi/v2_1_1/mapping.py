"""OCPI 2.1.1 and our words, and its translation to and from 2.2.1 (protocols.md, 1.15.9)."""

from decimal import Decimal
from typing import Any

from roaming.protocols.ocpi.trees.cdr_reading import CdrWords, Cost
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.known import Known


def _owner_of(tree: Tree, known: Known) -> str:
    """The object names no owner: it is the party whose connection it came on."""
    return known.owner


def token_of(tree: Tree, known: Known) -> Tree:
    """The contract id is all that is told of the token; whose it is, a registry may know."""
    return {**(known.token_of(tree["auth_id"]) or {}), "contract_id": tree["auth_id"]}


def place_of(tree: Tree) -> Tree:
    """The CdrLocation of a whole Location, which should have one EVSE with one connector.

    With none of them, or several, the EVSE is not told.
    """
    location = tree["location"]
    place = {name: location[name] for name in _OF_LOCATION if location.get(name) is not None}
    evses: list[Tree] = location.get("evses") or []
    if len(evses) != 1:
        return place
    place |= {"evse_uid": evses[0]["uid"], "evse_id": evses[0].get("evse_id")}
    connectors: list[Tree] = evses[0]["connectors"]
    if len(connectors) == 1:
        place |= {f"connector_{name}": connectors[0][name] for name in _OF_CONNECTOR}
    return place


_OF_LOCATION = ("id", "name", "address", "city", "postal_code", "country", "coordinates")
_OF_CONNECTOR = ("id", "standard", "format", "power_type")


def _cost_of(price: Any) -> Cost:
    """A number: the price without VAT. With it 2.1.1 tells none."""
    return Cost(Decimal(price), None)


CDR_WORDS = CdrWords(
    end="stop_date_time",
    owner_of=_owner_of,
    token_of=token_of,
    place_of=place_of,
    cost_of=_cost_of,
)
