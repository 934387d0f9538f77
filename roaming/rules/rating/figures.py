"""Fixed point: quantities, prices and VAT as integers of a millionth; exact until the one rounding.

A quantity (kWh, h) and a price have six decimals, so their product has twelve and the product with
the VAT factor eighteen. Integers hold them exactly; a Decimal is made only to be shown.
"""

from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

MICRO_DIGITS = 6
MICRO = 10**MICRO_DIGITS

# Lines without VAT multiply by this factor, so that all amounts with VAT have eighteen decimals.
NO_VAT_FACTOR = MICRO

# Amounts of a trace: twelve decimals without VAT, eighteen with it, six more for a discount.
AMOUNT_DIGITS = 24
FROM_EXCL = 10 ** (AMOUNT_DIGITS - 2 * MICRO_DIGITS)
FROM_INCL = 10 ** (AMOUNT_DIGITS - 3 * MICRO_DIGITS)

# Far above any price or energy, far below what would make an integer slow.
LARGEST = Decimal(10) ** 12

_WIDE = Context(prec=80, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Inexact])
_SHOWN_DECIMALS = 2
_SHOWN = Decimal("0.01")
_ONE_MICRO = Decimal(1).scaleb(-MICRO_DIGITS)


def micro(value: Decimal) -> int:
    """The number in millionths, exactly.

    :raises decimal.Inexact: it has more than six decimals.
    """
    return int(value.quantize(_ONE_MICRO, context=_EXACT).scaleb(MICRO_DIGITS, context=_EXACT))


def micro_rounded(value: Decimal) -> int:
    """A measured quantity in millionths, halves up: finer than any meter."""
    return int(value.quantize(_ONE_MICRO, context=_WIDE).scaleb(MICRO_DIGITS, context=_WIDE))


def half_up(numerator: int, denominator: int) -> int:
    """Divide and round halves away from zero; the denominator is positive."""
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def text_of(figure: int, digits: int) -> str:
    """``figure`` / 10^``digits`` as ``plain_text_of`` writes it."""
    return plain_text_of(Decimal(figure).scaleb(-digits, context=_EXACT))


def plain_text_of(value: Decimal) -> str:
    """Exactly, never in exponents; two decimals at least, no closing zeros beyond them: ``"5.00"``,
    ``"0.30024"``.
    """
    shortest = value.normalize(_EXACT)
    exponent = shortest.as_tuple().exponent
    if isinstance(exponent, int) and exponent > -_SHOWN_DECIMALS:
        shortest = shortest.quantize(_SHOWN, context=_EXACT)
    return f"{shortest:f}"


def exact_product(*factors: Decimal) -> Decimal:
    """Multiply without rounding, however many digits that takes (up to eighty).

    :raises decimal.Inexact: eighty digits do not hold it.
    """
    product = Decimal(1)
    for factor in factors:
        product = _EXACT.multiply(product, factor)
    return product


def exact_sum(values: list[Decimal]) -> Decimal:
    """Add without rounding."""
    total = Decimal(0)
    for value in values:
        total = _EXACT.add(total, value)
    return total
