"""Prices as the versions tell them, in exact arithmetic."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

# Wider than any two numbers that pass the checks: what is added is never rounded.
_EXACT = Context(prec=100)
_FINEST = Decimal("0.0001")


def plus(*amounts: Decimal | int) -> Decimal | int:
    """The exact sum."""
    if all(isinstance(one, int) for one in amounts):
        return sum(amounts)
    total = Decimal(0)
    for one in amounts:
        total = _EXACT.add(total, Decimal(one))
    return total


def minus(one: Decimal | int, other: Decimal | int) -> Decimal | int:
    """The exact difference."""
    return plus(one, -other if isinstance(other, int) else other.copy_negate())


def tax_line(excl: Decimal | int, incl: Decimal | int) -> dict[str, Any]:
    """All tax in one line, as 2.2.1 knows VAT alone."""
    return {"name": "VAT", "amount": minus(incl, excl)}


def is_plain_vat(taxes: Iterable[Any]) -> bool:
    """Is it what ``tax_line`` says, or nothing? Then one sum says as much."""
    taxes = list(taxes)
    return not taxes or (
        len(taxes) == 1
        and set(taxes[0]) <= {"name", "amount"}
        and str(taxes[0].get("name")).upper() == "VAT"
    )


def without_tax(price: Decimal | int, percent: Decimal | int) -> Decimal:
    """The price before a tax that it includes, to OCPI's four decimals."""
    factor = _EXACT.add(Decimal(1), _EXACT.divide(Decimal(percent), Decimal(100)))
    return _EXACT.divide(Decimal(price), factor).quantize(_FINEST, ROUND_HALF_UP)
