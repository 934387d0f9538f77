"""One position across currencies, at the reference rates of the European Central Bank.

Only where the partners have agreed on it: the rates are information, at which nobody has to trade.
Whole positions are converted and never records, each once, half-up. What the roundings leave over
is shown as the residue of its currency (account 7900), so that everything still adds up to zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from uuid import UUID

from clearinghouse.money import minor_unit_digits

EURO = "EUR"


class NoRate(LookupError):
    """No rate of this currency may be used for this day; the message says what to do."""


@dataclass(frozen=True, slots=True)
class EcbRates:
    """The rates published on ``rate_date``: units of a currency for one euro.

    :raises ValueError: a rate is not above zero.
    """

    rate_date: date
    per_euro: Mapping[str, Decimal]

    def __post_init__(self) -> None:
        if any(not rate > 0 for rate in self.per_euro.values()):
            raise ValueError(f"A rate of {self.rate_date} is not above zero.")
        object.__setattr__(self, "per_euro", MappingProxyType(dict(self.per_euro)))

    def of(self, currency: str) -> Decimal:
        """:raises NoRate: the currency was not quoted."""
        if currency == EURO:
            return Decimal(1)
        if currency not in self.per_euro:
            raise NoRate(f"The ECB quoted no {currency} on {self.rate_date}.")
        return self.per_euro[currency]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedLine:
    """``from_minor`` of ``from_currency`` are ``to_minor``, at two rates per euro of one day."""

    partner: UUID
    from_currency: str
    from_minor: int
    from_per_euro: Decimal
    to_per_euro: Decimal
    to_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """Positions of several currencies as one. Σ positions + Σ residues = 0."""

    currency: str
    rate_date: date
    lines: list[ConvertedLine]
    positions: dict[UUID, int]
    residue_minor: dict[str, int]


def told_rates(*sides: tuple[Decimal, str]) -> str:
    """``0.9326 CHF``: units of each currency for one euro, the euro itself left out."""
    return " and ".join(
        f"{rate.normalize():f} {currency}" for rate, currency in sides if currency != EURO
    )


def converted_minor(
    amount_minor: int, *, from_currency: str, to_currency: str, rates: EcbRates
) -> int:
    """Convert an amount through the euro without rounding on the way, then half-up.

    :raises NoRate: one of the currencies was not quoted.
    """
    digits = minor_unit_digits(to_currency) - minor_unit_digits(from_currency)
    exact = (
        Fraction(amount_minor)
        * Fraction(10) ** digits
        * Fraction(rates.of(to_currency))
        / Fraction(rates.of(from_currency))
    )
    size = abs(exact)
    whole = (2 * size.numerator + size.denominator) // (2 * size.denominator)
    return whole if exact >= 0 else -whole


def convert_positions(
    positions: Mapping[str, Mapping[UUID, int]], *, to_currency: str, rates: EcbRates
) -> Conversion:
    """Add up each partner's positions of all currencies in one; ``to_currency`` stays as it is.

    :raises NoRate: a currency was not quoted.
    :raises ValueError: the positions of a currency do not add up to zero.
    """
    lines: list[ConvertedLine] = []
    residues: dict[str, int] = {}
    for currency, figures in sorted(positions.items()):
        if total := sum(figures.values()):
            raise ValueError(f"The {currency} positions add up to {total} and not to zero.")
        of_currency = [
            ConvertedLine(
                partner=partner,
                from_currency=currency,
                from_minor=net,
                from_per_euro=rates.of(currency),
                to_per_euro=rates.of(to_currency),
                to_minor=converted_minor(
                    net, from_currency=currency, to_currency=to_currency, rates=rates
                ),
            )
            for partner, net in sorted(figures.items())
        ]
        residues[currency] = -sum(line.to_minor for line in of_currency)
        lines += of_currency
    sums: dict[UUID, int] = {}
    for line in lines:
        sums[line.partner] = sums.get(line.partner, 0) + line.to_minor
    return Conversion(
        currency=to_currency,
        rate_date=rates.rate_date,
        lines=lines,
        positions=dict(sorted(sums.items())),
        residue_minor=residues,
    )
