"""Which VAT rates a tariff tells, beside those of the country in which is charged."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from roaming.rules.facts import VatFact
from roaming.rules.rating.tariff import Kind, Tariff

_KIND_OF = {
    Kind.ENERGY: "ELECTRICITY",
    Kind.TIME: "ELECTRICITY",
    Kind.FLAT: "ELECTRICITY",
    Kind.PARKING_TIME: "PARKING",
}


class CountryRate(NamedTuple):
    """A rate of a country, a fraction, on the days ``from_date`` ≤ day < ``until_date``.

    ``id`` is time-ordered: a look back leaves out what was entered later.
    """

    id: UUID
    kind: str
    rate: Decimal
    from_date: date
    until_date: date | None


def vat_told(
    tariff: Tariff,
    rates: Mapping[str, Sequence[CountryRate]],
    *,
    country: str,
    day: date,
    known_before: UUID | None = None,
) -> VatFact | None:
    """What V509 compares, or ``None``: the tariff tells no rate, or nobody has entered one.

    0 % is no rate of a country: it says that the tax is shifted or not due, which is decided with
    the supply and not by a tariff.
    """
    of_country = {
        one.kind: one.rate
        for one in rates.get(country, ())
        if one.from_date <= day
        and (one.until_date is None or day < one.until_date)
        and (known_before is None or one.id < known_before)
    }
    told: dict[str, set[Decimal]] = {}
    for element in tariff.elements:
        for component in element.components:
            kind = _KIND_OF[component.kind]
            if component.vat_micro and kind in of_country:
                told.setdefault(kind, set()).add(Decimal(component.vat_micro).scaleb(-6))
    if not told:
        return None
    return VatFact(
        country=country,
        day=day,
        told={kind: frozenset(found) for kind, found in told.items()},
        of_country=of_country,
    )
