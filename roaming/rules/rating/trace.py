"""The calculation trace of a price: every line that is added up, and the adding again.

Seller and buyer both get it. A line with a quantity is quantity × price; the sum of all lines,
the rounding included, is the price. All figures are decimals as text, none is rounded but in the
line ROUNDING.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from clearinghouse.money import from_minor_units, minor_unit_digits
from roaming.rules.rating.adjustments import Adjustment
from roaming.rules.rating.compiled import BUCKETS, RESERVATION, Rate
from roaming.rules.rating.figures import (
    AMOUNT_DIGITS,
    FROM_EXCL,
    FROM_INCL,
    MICRO_DIGITS,
    exact_product,
    exact_sum,
    plain_text_of,
    text_of,
)
from roaming.rules.rating.price import Priced
from roaming.rules.rating.tariff import Kind

Line = dict[str, str | int | None]

_UNITS = {Kind.ENERGY: "kWh", Kind.TIME: "h", Kind.PARKING_TIME: "h", Kind.FLAT: "session"}
_STEP_UNITS = {Kind.ENERGY: "Wh", Kind.TIME: "s", Kind.PARKING_TIME: "s"}
_ORDER = {kind: index for index, kind in enumerate(Kind)}


class TraceDiffers(ValueError):
    """A line of a trace is not what its own figures say."""


def trace(priced: Priced) -> list[Line]:
    """The lines of a price, in a fixed order: reservation, session, adjustments, rounding."""
    lines = [_line(rate, quantity, "used") for rate, quantity in _sorted(priced.used.items())]
    lines += [
        _line(rate, quantity, f"step_size {rate.step_size} {_STEP_UNITS[rate.kind]}")
        for rate, quantity in _sorted(priced.surplus)
    ]
    lines += [_adjusting(adjustment) for adjustment in priced.adjustments]
    return [*lines, _rounding(priced, lines)]


def bucket_sums(priced: Priced) -> dict[str, tuple[Decimal, Decimal]]:
    """Exact amounts without and with VAT of each of ``BUCKETS``, before limits and discount."""
    lines = trace(priced)
    return {name: _sums(line for line in lines if line["bucket"] == name) for name in BUCKETS}


def _sums(lines: Iterable[Line]) -> tuple[Decimal, Decimal]:
    amounts = [(Decimal(str(line["excl_vat"])), Decimal(str(line["incl_vat"]))) for line in lines]
    return exact_sum([excl for excl, _ in amounts]), exact_sum([incl for _, incl in amounts])


def replay(lines: Iterable[Mapping[str, object]]) -> tuple[Decimal, Decimal]:
    """Add a trace up again, without and with VAT, from nothing but its own figures.

    :raises TraceDiffers: a line's amount is not its quantity × price, or its VAT is not its rate.
    """
    excl, incl = [], []
    for index, line in enumerate(lines):
        try:
            amounts = _amounts_of(line)
        except (InvalidOperation, KeyError, ValueError) as error:
            raise TraceDiffers(f"line {index}: {error}") from error
        excl.append(amounts[0])
        incl.append(amounts[1])
    return exact_sum(excl), exact_sum(incl)


def _amounts_of(line: Mapping[str, object]) -> tuple[Decimal, Decimal]:
    excl, incl = Decimal(str(line["excl_vat"])), Decimal(str(line["incl_vat"]))
    if line["quantity"] is None:
        return excl, incl
    product = exact_product(Decimal(str(line["quantity"])), Decimal(str(line["price"])))
    if product != excl:
        raise TraceDiffers(f"{line['quantity']} × {line['price']} is not {excl}")
    percent = Decimal(0) if line["vat_percent"] is None else Decimal(str(line["vat_percent"]))
    if exact_product(excl, (100 + percent).scaleb(-2)) != incl:
        raise TraceDiffers(f"{excl} with {percent} % VAT is not {incl}")
    return excl, incl


def _sorted(quantities: Iterable[tuple[Rate, int]]) -> Sequence[tuple[Rate, int]]:
    """Reservation, energy, time, parking, flat; each in the order of the tariff's elements."""

    def key(one: tuple[Rate, int]) -> tuple[bool, int, int]:
        rate = one[0]
        last = rate.element is None
        return rate.bucket != RESERVATION, _ORDER[rate.kind], 10**6 if last else rate.element or 0

    return sorted(quantities, key=key)


def _line(rate: Rate, quantity: int, because: str) -> Line:
    amount = quantity * rate.price
    vat = rate.component.vat_micro
    return {
        "component": rate.kind.value,
        "bucket": rate.bucket,
        "element": rate.element,
        "quantity": text_of(quantity, MICRO_DIGITS),
        "unit": _UNITS[rate.kind],
        "price": text_of(rate.price, MICRO_DIGITS),
        "vat_percent": None if vat is None else text_of(vat, MICRO_DIGITS - 2),
        "excl_vat": text_of(amount * FROM_EXCL, AMOUNT_DIGITS),
        "incl_vat": text_of(amount * rate.vat_factor * FROM_INCL, AMOUNT_DIGITS),
        "because": because if rate.element is not None else "no element matches: free",
    }


def _adjusting(one: Adjustment) -> Line:
    line = _amount_line(one.name, one.excl, one.incl, one.because)
    line["bucket"] = one.bucket or None
    if one.minutes is None or one.fee is None:
        return line
    vat = one.fee.vat_micro
    return line | {
        "quantity": text_of(one.minutes, MICRO_DIGITS),
        "unit": "min",
        "price": text_of(one.fee.per_minute_micro, MICRO_DIGITS),
        "vat_percent": None if vat is None else text_of(vat, MICRO_DIGITS - 2),
    }


def _rounding(priced: Priced, lines: list[Line]) -> Line:
    """What half-up adds to or takes from the sum of all lines; each side once."""
    digits = minor_unit_digits(priced.currency)
    line = _amount_line("ROUNDING", 0, 0, f"half-up to {digits} decimals of {priced.currency}")
    sums = _sums(lines)
    for name, exact, minor in (
        ("excl_vat", sums[0], priced.excl_minor),
        ("incl_vat", sums[1], priced.incl_minor),
    ):
        rounded = from_minor_units(minor, currency=priced.currency)
        line[name] = plain_text_of(exact_sum([rounded, -exact]))
    return line


def _amount_line(name: str, excl: int, incl: int, because: str) -> Line:
    return {
        "component": name,
        "bucket": None,
        "element": None,
        "quantity": None,
        "unit": None,
        "price": None,
        "vat_percent": None,
        "excl_vat": text_of(excl, AMOUNT_DIGITS),
        "incl_vat": text_of(incl, AMOUNT_DIGITS),
        "because": because,
    }
