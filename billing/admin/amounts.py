"""Minor units as people read them."""

from decimal import Decimal

from clearinghouse.money import UnknownCurrency, format_amount, minor_unit_digits


def amount(minor: int | None, currency: str) -> str:
    if minor is None:
        return "—"
    try:
        return format_amount(minor, currency)
    except UnknownCurrency:
        return f"{minor:,} minor units {currency}"


def exact(minor: Decimal, currency: str) -> str:
    """Minor units with a fraction, as they are before rounding; no digit is dropped."""
    digits = minor_unit_digits(currency)
    value = minor.normalize().scaleb(-digits)
    places = max(digits, -int(value.as_tuple().exponent))
    return f"{value:,.{places}f} {currency}"


def percent(rate) -> str:
    return f"{(rate * 100).normalize():f} %"
