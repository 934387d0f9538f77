"""Tariffs and charge detail records in few words, for the tests of rating."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from clearinghouse.money import from_minor_units
from roaming.rules.rating.compiled import Compiled
from roaming.rules.rating.extras import NO_EXTRAS, Extras
from roaming.rules.rating.ocpi_cdr import read_record, tariff_of
from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.rating.price import Priced, price

AMSTERDAM = "Europe/Amsterdam"
WORKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
_HOUR_DECIMALS = Decimal("0.000001")


def component(kind: str, amount: str, vat: str | None = None, step: int = 1) -> dict:
    told = {"type": kind, "price": Decimal(amount), "step_size": step}
    return told if vat is None else told | {"vat": Decimal(vat)}


def energy(amount: str, vat: str | None = None, step: int = 1) -> dict:
    return component("ENERGY", amount, vat, step)


def time(amount: str, vat: str | None = None, step: int = 1) -> dict:
    return component("TIME", amount, vat, step)


def parking(amount: str, vat: str | None = None, step: int = 1) -> dict:
    return component("PARKING_TIME", amount, vat, step)


def flat(amount: str, vat: str | None = None) -> dict:
    return component("FLAT", amount, vat)


def element(*components: dict, **restrictions: object) -> dict:
    told: dict = {"price_components": list(components)}
    return told | {"restrictions": restrictions} if restrictions else told


def a_tariff(*elements: dict, **fields: object) -> dict:
    return {"id": "T1", "currency": "EUR", "elements": list(elements)} | fields


def hours(minutes: float | Decimal) -> Decimal:
    return (Decimal(minutes) / 60).quantize(_HOUR_DECIMALS)


def period(minutes: int, **dimensions: str | int) -> tuple[int, dict]:
    """``kwh``, ``amps`` and ``kw``; ``charging``, ``parking`` and ``reserved`` in minutes."""
    names = {"kwh": "ENERGY", "amps": "CURRENT", "kw": "POWER"}
    times = {"charging": "TIME", "parking": "PARKING_TIME", "reserved": "RESERVATION_TIME"}
    told = {names[name]: Decimal(value) for name, value in dimensions.items() if name in names}
    told |= {times[name]: hours(value) for name, value in dimensions.items() if name in times}
    return minutes, told


def a_record(starts: str, *periods: tuple[int, dict], zone: str = "UTC", **fields: object) -> dict:
    """A 2.2.1 record whose ``starts`` is the wall clock of ``zone``."""
    instant = datetime.fromisoformat(starts)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=ZoneInfo(zone))
    instant = instant.astimezone(ZoneInfo("UTC"))
    told = []
    first = instant
    for minutes, dimensions in periods:
        listed = [{"type": name, "volume": volume} for name, volume in dimensions.items()]
        told.append({"start_date_time": _written(instant), "dimensions": listed})
        instant += timedelta(minutes=minutes)
    return {
        "id": "R1",
        "currency": "EUR",
        "start_date_time": _written(first),
        "end_date_time": _written(instant),
        "charging_periods": told,
    } | fields


def priced(
    record: dict, tariff: dict | None = None, *, zone: str = "UTC", extras: Extras = NO_EXTRAS
) -> Priced:
    read = read_record(record)
    return price(read.usage, Compiled(tariff_of(read, tariff), ZoneInfo(zone)), extras)


def exact(found: Priced) -> Decimal:
    """The amount without VAT before it is rounded."""
    excl = sum(quantity * rate.price for rate, quantity in found.used.items())
    excl += sum(quantity * rate.price for rate, quantity in found.surplus)
    return Decimal(excl).scaleb(-12)


def cents(found: Priced) -> tuple[str, str]:
    return tuple(
        str(from_minor_units(minor, currency=found.currency))
        for minor in (found.excl_minor, found.incl_minor)
    )


def compiled(tariff: dict, zone: str = "UTC") -> Compiled:
    return Compiled(read_tariff(tariff), ZoneInfo(zone))


def _written(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
