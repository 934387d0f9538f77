"""Why a tariff or a record cannot be priced: stable codes, for both sides and for reports."""

from types import MappingProxyType

TARIFF_CODES = MappingProxyType(
    {
        "TARIFF_UNREADABLE": "a field is missing, or is not of its type",
        "NO_ELEMENTS": "the tariff has no element, or an element has no price component",
        "COMPONENT_UNKNOWN": "a price component is not ENERGY, TIME, PARKING_TIME or FLAT",
        "COMPONENT_TWICE": "an element has two price components of one type",
        "NUMBER_TOO_FINE": "a price, limit or rate has more than six decimals",
        "NUMBER_OUT_OF_RANGE": "a number is not finite, too large, or negative where it may not be",
        "STEP_SIZE_NOT_POSITIVE": "step_size of ENERGY, TIME or PARKING_TIME is below 1",
        "CURRENCY_UNKNOWN": "the currency is missing or no active ISO 4217 currency",
        "TAX_MODEL_UNSUPPORTED": "taxes are told as in OCPI 2.3.0, which is not read here",
        "RESTRICTION_UNKNOWN": "an element has a restriction that OCPI 2.2.1 does not know",
        "RESTRICTION_NEVER_MATCHES": "the restrictions of an element contradict each other",
        "RESERVATION_COMPONENT": "a reservation element has a component other than FLAT or TIME",
        "PRICE_LIMITS_CROSS": "min_price is above max_price",
        "PRICE_LIMIT_WITHOUT_TAX": "a price limit tells no incl_vat while a component has VAT",
    }
)
RECORD_CODES = MappingProxyType(
    {
        "RECORD_UNREADABLE": "a field is missing, or is not of its type",
        "RECORD_TOO_LONG": "the session lasts longer than 400 days",
        "PERIODS_OUT_OF_ORDER": "a charging period starts before the one ahead of it",
        "NO_PERIODS": "there is no charging period",
        "NO_TARIFF": "the record carries no tariff and none was given",
        "TARIFF_AMBIGUOUS": "the record carries several tariffs and does not say which applies",
        "SEVERAL_TARIFFS": "charging periods of one record are priced by different tariffs",
        "CURRENCY_DIFFERS": "record and tariff are in different currencies",
        "CURRENT_UNKNOWN": "the price depends on the current, and a charging period tells none",
        "POWER_UNKNOWN": "the price depends on the power, and a charging period tells none",
        "PRICE_TOO_LARGE": "the price has more than twelve digits in minor units",
    }
)


class Refused(ValueError):
    """``code`` is stable, ``where`` a path such as ``elements[0].price_components[1].price``."""

    def __init__(self, code: str, text: str, where: str = "") -> None:
        super().__init__(f"{code}{f' at {where}' if where else ''}: {text}")
        self.code = code
        self.text = text
        self.where = where


class TariffUnusable(Refused):
    """The tariff prices nothing; ``code`` is a key of ``TARIFF_CODES``."""


class RecordUnusable(Refused):
    """The record cannot be priced; ``code`` is a key of ``RECORD_CODES``."""
