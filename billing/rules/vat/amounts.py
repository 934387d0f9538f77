"""VAT of a document: once per category and rate, on the sum, half-up.

Source: EN 16931 BR-CO-17 and reference to the sum of the category; a rounding per record would add
up to another figure (3 × 1.03 at 21 % is 0.65, not 3 × 0.22). Money is integer minor units.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.rules.vat.decision import Category

# Decimal orders None badly; a category without a rate comes before those with one.
_NO_RATE = Decimal(-1)


class MixedDocument(ValueError):
    """These categories may not stand in one document, or one of them in none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxedAmount:
    """An amount without VAT, negative for a credit; ``rate`` is None for O."""

    category: Category
    rate: Decimal | None
    excl_tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VatLine:
    """The sum of one category and rate of a document, and its VAT."""

    category: Category
    rate: Decimal | None
    excl_tax_minor: int
    vat_minor: int

    @property
    def incl_tax_minor(self) -> int:
        return self.excl_tax_minor + self.vat_minor


def vat_on(excl_tax_minor: int, *, rate: Decimal) -> int:
    """VAT on a sum, halves away from zero, so that a credit note takes back what it credits.

    :raises TypeError: the sum is no int, or the rate no Decimal.
    :raises ValueError: the rate is below 0 or above 1: it is a fraction.
    """
    if not isinstance(excl_tax_minor, int) or isinstance(excl_tax_minor, bool):
        raise TypeError(f"Minor units are an int, not {type(excl_tax_minor).__name__}.")
    if not isinstance(rate, Decimal):
        raise TypeError(f"A rate is a Decimal, not {type(rate).__name__}.")
    if not 0 <= rate <= 1:
        raise ValueError(f"A VAT rate is a fraction from 0 to 1; {rate} is not.")
    exact = abs(excl_tax_minor) * Fraction(rate)
    vat = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    return vat if excl_tax_minor >= 0 else -vat


def vat_lines(amounts: Iterable[TaxedAmount]) -> list[VatLine]:
    """One line per category and rate of one document, sorted.

    :raises MixedDocument: a blocked amount, S without a rate above 0, another category with one,
        or O beside another category.
    """
    sums: dict[tuple[Category, Decimal | None], int] = {}
    for amount in amounts:
        _check_rate(amount)
        key = (amount.category, amount.rate)
        sums[key] = sums.get(key, 0) + amount.excl_tax_minor
    categories = {category for category, _rate in sums}
    if "O" in categories and len(categories) > 1:
        raise MixedDocument(
            f"O shares no document with {sorted(categories - {'O'})}. Issue two documents."
        )
    ordered = sorted(sums.items(), key=lambda item: (item[0][0], _order(item[0][1])))
    return [
        VatLine(
            category=category,
            rate=rate,
            excl_tax_minor=total,
            vat_minor=vat_on(total, rate=rate) if rate else 0,
        )
        for (category, rate), total in ordered
    ]


def _check_rate(amount: TaxedAmount) -> None:
    if amount.category == "BLOCK":
        raise MixedDocument("A blocked supply is in no document.")
    if (amount.category == "S") != bool(amount.rate):
        raise MixedDocument(f"Category {amount.category} with the rate {amount.rate}.")


def _order(rate: Decimal | None) -> Decimal:
    return _NO_RATE if rate is None else rate
