"""Figures as readers of the page's language write them: thousands apart, a true minus."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from uuid import UUID

from django import template
from django.utils.translation import get_language, gettext

from billing.documents.languages import writer_for
from clearinghouse.money import from_minor_units, is_currency, to_minor_units

register = template.Library()
MINUS = "\N{MINUS SIGN}"


@cache
def _signs(language: str) -> dict[int, str]:
    """What the signs of a figure in English are written as."""
    symbols = writer_for(language).locale.number_symbols["latn"]
    return str.maketrans({",": symbols["group"], ".": symbols["decimal"], "-": MINUS})


def _localized(figure: str) -> str:
    return figure.translate(_signs(get_language() or "en"))


@register.filter
def money(minor: int, currency: str) -> str:
    """Minor units as an amount without its currency: −1,234.56."""
    return _localized(f"{from_minor_units(minor, currency=currency):,f}")


@register.filter
def signed_money(minor: int, currency: str) -> str:
    """The amount with its sign, a plus as well."""
    return f"{'+' if minor > 0 else ''}{money(minor, currency)}"


@register.filter
def unsigned_money(minor: int, currency: str) -> str:
    """The amount where words say in which direction it goes."""
    return money(abs(minor), currency)


@register.filter
def booked(amount: Decimal, currency: str) -> str:
    """A claim as it is booked, in whole minor units; as sent where the currency is unknown."""
    if not is_currency(currency):
        return figure(amount, 2)
    return money(to_minor_units(amount, currency=currency), currency)


@register.filter
def figure(value: Decimal, decimals: int) -> str:
    """A decimal with at least so many decimals, and more only where they are not zero."""
    exponent = value.normalize().as_tuple().exponent
    exact = max(decimals, -exponent) if isinstance(exponent, int) else decimals
    return _localized(f"{value:,.{exact}f}")


@register.filter
def kilobytes(size_bytes: int) -> str:
    """A file size, rounded up: 63 kB."""
    return _localized(f"{-(-size_bytes // 1000):,}") + " kB"


@register.filter
def in_words(code: str) -> str:
    """A state or step of the code, such as PART_FUNDED, in the reader's words."""
    return gettext(code.capitalize())


@register.filter
def of_id(rows: Mapping[UUID, object], key: UUID) -> object | None:
    """The row of a record, or nothing."""
    return rows.get(key)


@register.filter
def exact(text: str | None) -> str:
    """A figure of a trace as it stands there, without zeros at its end."""
    return figure(Decimal(text), 0) if text else ""
