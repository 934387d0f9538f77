"""An OCPI tariff, 2.1.1 or 2.2.1, into our shape. What 2.1.1 lacks is absent, not guessed.

Where OCPI 2.1.1 leaves the clock of start_time open, it is read as local, as 2.2.1 says.
"""

import re
from datetime import date, datetime
from decimal import Decimal, Inexact

from clearinghouse.money import is_currency
from roaming.rules.rating.figures import micro
from roaming.rules.rating.json_fields import Fields
from roaming.rules.rating.refusals import TariffUnusable
from roaming.rules.rating.restriction_checks import contradiction
from roaming.rules.rating.tariff import (
    NO_RESTRICTIONS,
    Component,
    Element,
    Kind,
    PriceLimit,
    Reservation,
    Restrictions,
    Tariff,
)

_UNREADABLE = "TARIFF_UNREADABLE"
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_END_OF_DAY = 24 * 60
_HUNDRED = Decimal(100)
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_KINDS = {kind.value: kind for kind in Kind}
_RESERVATIONS = {one.value: one for one in Reservation}
_RESTRICTIONS = {
    "start_time", "end_time", "start_date", "end_date", "min_kwh", "max_kwh", "min_current",
    "max_current", "min_power", "max_power", "min_duration", "max_duration", "day_of_week",
    "reservation",
}  # fmt: skip


def read_tariff(value: object, *, currency: str = "") -> Tariff:
    """Read one tariff object, parsed with ``parse_float=Decimal``.

    ``currency`` stands in where a 2.1.1 tariff tells none.

    :raises TariffUnusable: with the code and the path of what is wrong.
    """
    tariff = Fields(value, path="", refusal=TariffUnusable, unreadable=_UNREADABLE)
    if tariff.has("tax_included"):
        tariff.refuse("TAX_MODEL_UNSUPPORTED", "send the tariff as OCPI 2.2.1", "tax_included")
    elements = tuple(_element(one) for one in tariff.children("elements"))
    if not elements:
        tariff.refuse("NO_ELEMENTS", "there is nothing to price with", "elements")
    min_price, max_price = (_limit(tariff, name, elements) for name in ("min_price", "max_price"))
    _check_limits_do_not_cross(tariff, min_price, max_price)
    return Tariff(
        tariff_id=tariff.text("id"),
        currency=_currency(tariff, currency),
        elements=elements,
        min_price=min_price,
        max_price=max_price,
        starts_at=tariff.instant("start_date_time"),
        ends_at=tariff.instant("end_date_time"),
    )


def _currency(tariff: Fields, otherwise: str) -> str:
    code = tariff.text("currency") or otherwise
    if not is_currency(code):
        tariff.refuse("CURRENCY_UNKNOWN", f"{code!r} is no active ISO 4217 currency", "currency")
    return code


def _element(element: Fields) -> Element:
    components = tuple(_component(one) for one in element.children("price_components"))
    if not components:
        element.refuse("NO_ELEMENTS", "the element has no price component", "price_components")
    kinds = [component.kind for component in components]
    if len(kinds) != len(set(kinds)):
        element.refuse("COMPONENT_TWICE", "two components of one type", "price_components")
    told = element.child("restrictions")
    restrictions = _restrictions(told) if told else NO_RESTRICTIONS
    if restrictions.reservation and not {Kind.FLAT, Kind.TIME}.issuperset(kinds):
        element.refuse(
            "RESERVATION_COMPONENT", "a reservation costs FLAT and TIME only", "price_components"
        )
    return Element(components, restrictions)


def _component(component: Fields) -> Component:
    name = component.text("type")
    if name not in _KINDS:
        component.refuse("COMPONENT_UNKNOWN", f"{name!r} is no type of a price component", "type")
    kind = _KINDS[name]
    price = _micro(component, "price", may_be_negative=True)
    if price is None:
        component.refuse(_UNREADABLE, "the price is missing", "price")
    # A FLAT has no quantity, so what its step size says is without a meaning.
    step = 1 if kind is Kind.FLAT else component.whole("step_size")
    if step is None:
        component.refuse(_UNREADABLE, "the step size is missing", "step_size")
    if step < 1:
        component.refuse("STEP_SIZE_NOT_POSITIVE", f"a step of {step} bills nothing", "step_size")
    return Component(kind=kind, price_micro=price, vat_micro=_vat_micro(component), step_size=step)


def _vat_micro(component: Fields) -> int | None:
    percent = component.number("vat")
    if percent is None:
        return None
    if not 0 <= percent <= _HUNDRED:
        component.refuse("NUMBER_OUT_OF_RANGE", f"{percent} % is no rate of VAT", "vat")
    return _exact(component, "vat", percent / _HUNDRED)


def _restrictions(told: Fields) -> Restrictions:
    names = {name for name in told.names() if told.raw(name) != []}
    if unknown := sorted(names - _RESTRICTIONS):
        told.refuse("RESTRICTION_UNKNOWN", "ignoring it would widen the element", unknown[0])
    reservation = told.text("reservation")
    if reservation and reservation not in _RESERVATIONS:
        told.refuse("RESTRICTION_UNKNOWN", f"{reservation!r} is not known", "reservation")
    start, end = _clock(told, "start_time"), _clock(told, "end_time")
    # A least of nothing asks nothing, and above all not for a power that a period may not tell.
    restrictions = Restrictions(
        start_minute=start,
        end_minute=_END_OF_DAY if end == 0 else end,
        start_date=_date(told, "start_date"),
        end_date=_date(told, "end_date"),
        days=_days(told),
        min_energy_micro=_micro(told, "min_kwh") or None,
        max_energy_micro=_micro(told, "max_kwh"),
        min_duration_s=told.whole("min_duration") or None,
        max_duration_s=told.whole("max_duration"),
        min_power_micro=_micro(told, "min_power") or None,
        max_power_micro=_micro(told, "max_power"),
        min_current_micro=_micro(told, "min_current") or None,
        max_current_micro=_micro(told, "max_current"),
        reservation=_RESERVATIONS.get(reservation),
    )
    if found := contradiction(restrictions):
        told.refuse("RESTRICTION_NEVER_MATCHES", found, "")
    return restrictions


def _clock(told: Fields, name: str) -> int | None:
    text = told.text(name)
    if not text:
        return None
    found = _CLOCK.fullmatch(text)
    if not found:
        told.refuse(_UNREADABLE, f"{text!r} is not a time of the form HH:MM", name)
    hours, minutes = map(int, found.groups())
    return hours * 60 + minutes


def _date(told: Fields, name: str) -> date | None:
    text = told.text(name)
    if not text:
        return None
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day, not an instant)
    except ValueError:
        told.refuse(_UNREADABLE, f"{text!r} is not a date of the form YYYY-MM-DD", name)


def _days(told: Fields) -> frozenset[int] | None:
    names = told.texts("day_of_week")
    unknown = [name for name in names if name not in _DAYS]
    if unknown:
        told.refuse(_UNREADABLE, f"{unknown[0]!r} is no day of the week", "day_of_week")
    found = frozenset(map(_DAYS.index, names))
    return found if found and len(found) < len(_DAYS) else None


def _limit(tariff: Fields, name: str, elements: tuple[Element, ...]) -> PriceLimit | None:
    """OCPI 2.2.1: a price without and, as far as told, with VAT."""
    told = tariff.child(name)
    if told is None:
        return None
    excl, incl = _micro(told, "excl_vat"), _micro(told, "incl_vat")
    if excl is None:
        told.refuse(_UNREADABLE, "the limit is missing", "excl_vat")
    taxed = any(one.vat_micro for element in elements for one in element.components)
    if incl is None and taxed:
        told.refuse("PRICE_LIMIT_WITHOUT_TAX", "tell the limit with VAT too", "incl_vat")
    return PriceLimit(excl, excl if incl is None else incl)


def _check_limits_do_not_cross(
    tariff: Fields, least: PriceLimit | None, most: PriceLimit | None
) -> None:
    if least is None or most is None:
        return
    if least.excl_micro > most.excl_micro or least.incl_micro > most.incl_micro:
        tariff.refuse("PRICE_LIMITS_CROSS", "the least price is above the greatest", "min_price")


def _micro(told: Fields, name: str, *, may_be_negative: bool = False) -> int | None:
    number = told.number(name)
    if number is None:
        return None
    if number < 0 and not may_be_negative:
        told.refuse("NUMBER_OUT_OF_RANGE", f"{number} is negative", name)
    return _exact(told, name, number)


def _exact(told: Fields, name: str, number: Decimal) -> int:
    try:
        return micro(number)
    except Inexact:
        told.refuse("NUMBER_TOO_FINE", f"{number} has more than six decimals", name)
