"""The only place where an exact amount becomes whole minor units, and back.

Before it amounts are Decimals, behind it integers of the smallest unit of an ISO 4217 currency
(cents; yen). Halves go away from zero, as everywhere in the house. A float is refused, because
it has lost the cent already. VAT is rounded elsewhere, once per document.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from types import MappingProxyType

PRECISION = 28

# Largest figure that a bigint column holds.
LARGEST_MINOR = 2**63 - 1

# ISO 4217 list one as published 2026-01-01 by the maintenance agency (SIX). Codes without a minor
# unit (gold, XXX, XTS) are left out: nothing can be settled in them.
_CODES_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
        CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
        GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK
        LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO
        NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
        SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST
        XAD XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
MINOR_UNIT_DIGITS = MappingProxyType(
    {code: digits for digits, codes in _CODES_BY_DIGITS.items() for code in codes.split()}
)

_CONTEXT = Context(prec=PRECISION, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
# A product that had to be rounded before it is rounded would round twice.
_EXACT = Context(prec=PRECISION, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Inexact])
_STEP = {digits: Decimal(1).scaleb(-digits) for digits in _CODES_BY_DIGITS}
_ONE = Decimal(1)


class UnknownCurrency(ValueError):
    """The code is no active ISO 4217 currency with a minor unit."""


class AmountOutOfRange(ValueError):
    """The amount is not finite, or larger than the books can hold."""


def is_currency(code: str) -> bool:
    """Tell whether the upper-case code is an active ISO 4217 currency with a minor unit."""
    return code in MINOR_UNIT_DIGITS


def minor_unit_digits(currency: str) -> int:
    """Return how many decimals the currency has: EUR 2, JPY 0, KWD 3.

    :raises UnknownCurrency: see ``is_currency``.
    """
    try:
        return MINOR_UNIT_DIGITS[currency]
    except KeyError:
        raise UnknownCurrency(
            f"{currency!r} is not an active currency. Send its ISO 4217 code in capitals, as EUR."
        ) from None


def to_minor_units(amount: Decimal, *, currency: str) -> int:
    """Round an exact amount to whole minor units, halves away from zero.

    ``Decimal("2.345")`` EUR becomes 235 (cents); ``Decimal("-2.345")`` becomes -235.

    :raises TypeError: the amount is a float, or anything but a Decimal.
    :raises UnknownCurrency: see ``is_currency``.
    :raises AmountOutOfRange: not a number, infinite, or beyond a bigint.
    """
    _check_is_decimal(amount)
    digits = minor_unit_digits(currency)
    try:
        rounded = amount.quantize(_STEP[digits], context=_CONTEXT)
        minor = int(rounded.scaleb(digits, context=_CONTEXT))
    except (InvalidOperation, ValueError, OverflowError):
        raise AmountOutOfRange(f"{amount} {currency} cannot be booked.") from None
    if abs(minor) > LARGEST_MINOR:
        raise AmountOutOfRange(f"{amount} {currency} is more than the books can hold.")
    return minor


def from_minor_units(minor: int, *, currency: str) -> Decimal:
    """Write whole minor units as an exact amount with the currency's decimals.

    235 EUR becomes ``Decimal("2.35")``; 235 JPY stays ``Decimal("235")``.

    :raises TypeError: the figure is not an integer.
    :raises UnknownCurrency: see ``is_currency``.
    """
    _check_is_integer(minor)
    return Decimal(minor).scaleb(-minor_unit_digits(currency), context=_CONTEXT)


def format_amount(minor: int, currency: str) -> str:
    """Write minor units for documents and the command line: ``-1,234.56 EUR``.

    :raises TypeError: the figure is not an integer.
    :raises UnknownCurrency: see ``is_currency``.
    """
    return f"{from_minor_units(minor, currency=currency):,f} {currency}"


def payout_minor(claim_minor: int, *, rate: Decimal) -> int:
    """Return what the seller gets of a claim: claim × (1 − rate), halves away from zero.

    ``rate`` is the commission as a fraction: 0.10 keeps ten percent back. A credit (negative
    claim) returns exactly what its original paid out.

    :raises TypeError: the claim is not an integer, or the rate not a Decimal.
    :raises ValueError: the rate is below 0 or above 1, or has too many decimals to be exact.
    """
    _check_is_integer(claim_minor)
    _check_is_decimal(rate)
    if not 0 <= rate <= 1:
        raise ValueError(f"The commission rate is a fraction from 0 to 1; {rate} is not.")
    try:
        share = _EXACT.subtract(_ONE, rate)
        payout = _EXACT.multiply(Decimal(claim_minor), share)
    except Inexact:
        raise ValueError(
            f"{claim_minor} × (1 − {rate}) has more than {PRECISION} digits. "
            "Agree on a rate with fewer decimals."
        ) from None
    return int(payout.to_integral_value(ROUND_HALF_UP, context=_CONTEXT))


def _check_is_decimal(value: object) -> None:
    if not isinstance(value, Decimal):
        raise TypeError(f"Money is a Decimal, not {type(value).__name__}. Read it from its text.")


def _check_is_integer(value: object) -> None:
    # True is an int to Python, but no amount.
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"Minor units are an int, not {type(value).__name__}.")
