"""VAT in the currency of the state that it is owed to (Art. 230; BT-6 and BT-111)."""

from datetime import date

from billing.rules.conversion import EURO, EcbRates
from billing.rules.vat.decide import EU
from clearinghouse.money import from_minor_units, to_minor_units

# Of the Union those without the euro; of its neighbours those in which sellers are registered.
_OWN = {
    "CH": "CHF",
    "CZ": "CZK",
    "DK": "DKK",
    "GB": "GBP",
    "HU": "HUF",
    "IS": "ISK",
    "LI": "CHF",
    "NO": "NOK",
    "PL": "PLN",
    "RO": "RON",
    "SE": "SEK",
}
_BULGARIA_HAS_THE_EURO_FROM = date(2026, 1, 1)


def currency_of(country: str, *, on: date) -> str | None:
    """In what a state takes its VAT; None where we do not know."""
    if country == "BG" and on < _BULGARIA_HAS_THE_EURO_FROM:
        return "BGN"
    return _OWN.get(country) or (EURO if country in EU else None)


def local_vat(vat_minor: int, *, currency: str, local: str, rates: EcbRates) -> tuple[int, str]:
    """VAT in another currency, half-up once, and the rate: units of it per unit of the invoice's.

    :raises billing.rules.conversion.NoRate: one of the two was not quoted.
    """
    rate = rates.of(local) / rates.of(currency)
    exact = from_minor_units(vat_minor, currency=currency) * rate
    return to_minor_units(exact, currency=local), f"{rate:.6f}".rstrip("0").rstrip(".")
