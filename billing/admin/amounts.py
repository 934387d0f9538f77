"""Minor units as people read them."""

from clearinghouse.money import UnknownCurrency, format_amount


def amount(minor: int | None, currency: str) -> str:
    if minor is None:
        return "—"
    try:
        return format_amount(minor, currency)
    except UnknownCurrency:
        return f"{minor:,} minor units {currency}"


def percent(rate) -> str:
    return f"{(rate * 100).normalize():f} %"
