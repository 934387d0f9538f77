"""OCPI 2.3.0 and our words, and its translation to and from 2.2.1."""

from decimal import Decimal
from typing import Any

from roaming.protocols.ocpi.trees.cdr_reading import Cost
from roaming.protocols.ocpi.v2_2_1 import mapping as v2_2_1


def _cost_of(price: Any) -> Cost:
    """Without a list of taxes nobody has said what the price comes to with tax."""
    before = Decimal(price["before_taxes"])
    taxes = price.get("taxes")
    if taxes is None:
        return Cost(before, None)
    return Cost(before, sum((Decimal(one["amount"]) for one in taxes), before))


CDR_WORDS = v2_2_1.CDR_WORDS._replace(cost_of=_cost_of)
