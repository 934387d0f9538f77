"""Figures, days and instants as the readers of a language write them, by the CLDR's rules (Babel).

Every document takes its ``Writer`` from the language of its frozen content. Amounts are integer
minor units; the minus is the typographic one (U+2212) in each language.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from clearinghouse.money import from_minor_units, minor_unit_digits

DEFAULT = "en"
# English as written in Europe: the day stands before the month.
_LOCALES = {"en": "en_GB", "de": "de", "fr": "fr"}
LANGUAGES = tuple(_LOCALES)

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NARROW = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes values for the readers of ``language``."""

    language: str
    locale: Locale

    def amount(self, minor: int, currency: str, *, signed: bool = False) -> str:
        """Minor units without the currency's name: ``−1,234.56``; ``signed`` shows + as well."""
        sign = MINUS if minor < 0 else "+" if signed and minor > 0 else ""
        value = from_minor_units(abs(minor), currency=currency)
        return sign + self._number(value, least=minor_unit_digits(currency))

    def count(self, count: int) -> str:
        return self._number(Decimal(count), least=0).replace("-", MINUS)

    def energy(self, kwh: str) -> str:
        """With thousands separators and at least three decimals."""
        value = Decimal(kwh)
        exponent = value.as_tuple().exponent
        decimals = -exponent if isinstance(exponent, int) else 0
        return self._number(value, least=3, most=decimals).replace("-", MINUS)

    def percent(self, fraction: str | Decimal) -> str:
        """``0.19`` as ``19 %``, with as many decimals as it has."""
        value = (Decimal(fraction) * 100).normalize()
        exponent = value.as_tuple().exponent
        decimals = -exponent if isinstance(exponent, int) else 0
        return f"{self._number(value, least=0, most=decimals)}{NARROW}%"

    def rate(self, rate: str | Decimal) -> str:
        """A rate of exchange with the decimals that it was quoted with."""
        exponent = Decimal(rate).as_tuple().exponent
        decimals = -exponent if isinstance(exponent, int) else 0
        return self._number(Decimal(rate), least=max(decimals, 0))

    def day(self, day: date) -> str:
        """``8 July 2026``; an instant's day is that of its own zone."""
        if self.language == "fr" and day.day == 1:
            return format_date(day, "'1er' MMMM y", locale=self.locale)
        return format_date(day, "long", locale=self.locale)

    def month(self, month: str) -> str:
        """``"2026-10"`` as ``October 2026``."""
        first = date.fromisoformat(f"{month}-01")
        return format_date(first, "LLLL y", locale=self.locale)

    def instant(self, instant: datetime, time_zone: str) -> str:
        """The instant on that zone's clocks with its offset: ``8 July 2026, 18:00 (UTC+02:00)``."""
        local = instant.astimezone(ZoneInfo(time_zone))
        offset = f"{local:%z}"
        return f"{self.day(local)}, {local:%H:%M} (UTC{offset[:3]}:{offset[3:]})"

    def period(self, starts_at: datetime, ends_at: datetime, time_zone: str) -> str:
        """Name the half-open period by its month, by its first and last day, or by instants."""
        zone = ZoneInfo(time_zone)
        first, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
        if (first.hour, first.minute, end.hour, end.minute) != (0, 0, 0, 0):
            return f"{first:%Y-%m-%d %H:%M} {DASH} {end:%Y-%m-%d %H:%M}"
        last = end - timedelta(days=1)
        if first.day == 1 and end.day == 1 and first.month == last.month:
            return self.month(f"{first:%Y-%m}")
        if (first.year, first.month) == (last.year, last.month):
            dot = "." if self.language == "de" else ""
            return f"{first.day}{dot} {DASH} {self.day(last)}"
        return f"{self.day(first)} {DASH} {self.day(last)}"

    def _number(self, value: Decimal, *, least: int, most: int = 0) -> str:
        decimals = "0" * least + "#" * (most - least)
        pattern = f"#,##0.{decimals}" if decimals else "#,##0"
        return format_decimal(value, format=pattern, locale=self.locale)


@cache
def writer_for(language: str) -> Writer:
    """The writer of a language; English for one that we do not speak."""
    known = language if language in _LOCALES else DEFAULT
    return Writer(known, Locale.parse(_LOCALES[known]))
