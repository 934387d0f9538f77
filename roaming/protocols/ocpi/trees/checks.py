"""Checks of single values: strict in what would break a key or an amount, lenient in the rest.

A check appends what it finds; the place of a value is a chain of (place above, name or number), so
that nothing is spelled out for the many values that are right.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from roaming.protocols.ocpi.trees import times
from roaming.protocols.ocpi.trees.tables import Enumeration, Field

LONGEST_URL = 255
_MOST_DIGITS = 20
_SMALLEST_EXPONENT = -40

Place: TypeAlias = tuple[Any, str | int] | None
_Pattern: TypeAlias = tuple[re.Pattern[str], str]


class Fault(NamedTuple):
    """What is wrong where; a fault that is not fatal is a warning, and the object is taken."""

    path: str
    problem: str
    is_fatal: bool = True


Check: TypeAlias = Callable[[Any, Place, list[Fault]], None]


def path_of(place: Place) -> str:
    """``charging_periods[0].dimensions[1].volume``."""
    parts: list[str | int] = []
    while place is not None:
        place, name = place
        parts.append(name)
    text = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in reversed(parts))
    return text.removeprefix(".")


def told(value: object) -> str:
    """A value in a message: short, and printable."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def check_of(field: Field) -> Check | None:
    """The check of a field's type; None for objects and enumerations."""
    if field.base in ("CiString", "string", "text"):
        return _text(field.length, field.base)
    return _CHECKS.get(field.base)


def check_of_enumeration(enumeration: Enumeration) -> Check:
    known, mark = frozenset(enumeration.values), enumeration.mark

    def check(value: Any, place: Place, faults: list[Fault]) -> None:
        if value.__class__ is str:
            if value in known or mark == "open":
                return
            if mark == "lenient" and value:
                faults.append(Fault(path_of(place), f"{told(value)} is not of this version", False))
                return
        faults.append(Fault(path_of(place), f"{told(value)} is none of {', '.join(sorted(known))}"))

    return check


def _text(longest: int, base: str) -> Check:
    is_key, is_lenient = base == "CiString", base == "text"

    def check(value: Any, place: Place, faults: list[Fault]) -> None:
        if value.__class__ is not str:
            faults.append(Fault(path_of(place), f"{told(value)} is no text"))
            return
        if len(value) > longest:
            problem = f"has {len(value)} characters, {longest} are allowed"
            faults.append(Fault(path_of(place), problem, not is_lenient))
        if not value.isprintable():
            faults.append(Fault(path_of(place), "holds control characters", is_key))
        elif is_key and not value.isascii():
            faults.append(Fault(path_of(place), f"{told(value)} is not ASCII"))
        elif is_key and not value:
            faults.append(Fault(path_of(place), "is empty"))

    return check


def _number(value: Any, place: Place, faults: list[Fault]) -> None:
    if value.__class__ is int:
        if -(10**_MOST_DIGITS) < value < 10**_MOST_DIGITS:
            return
    elif value.__class__ is Decimal:
        exponent = value.as_tuple().exponent
        fits = isinstance(exponent, int) and exponent >= _SMALLEST_EXPONENT
        if fits and value.adjusted() < _MOST_DIGITS:
            return
    else:
        faults.append(Fault(path_of(place), f"{told(value)} is no number"))
        return
    faults.append(Fault(path_of(place), "is out of all range"))


def _int(value: Any, place: Place, faults: list[Fault]) -> None:
    before = len(faults)
    _number(value, place, faults)
    if len(faults) > before or value.__class__ is int:
        return
    is_whole = value == value.to_integral_value()
    faults.append(Fault(path_of(place), f"{value} is no whole number", not is_whole))


def _boolean(value: Any, place: Place, faults: list[Fault]) -> None:
    if value is not True and value is not False:
        faults.append(Fault(path_of(place), f"{told(value)} is neither true nor false"))


def _instant(value: Any, place: Place, faults: list[Fault]) -> None:
    if value.__class__ is not str or times.instant(value) is None:
        if value != times.NOT_KNOWN:
            problem = f"{told(value)} is no time like 2027-03-01T12:00:00Z"
            faults.append(Fault(path_of(place), problem))
    elif not times.is_by_the_letter(value):
        problem = f"{told(value)} is not UTC with Z, in at most {times.LONGEST} characters"
        faults.append(Fault(path_of(place), problem, False))


def _url(value: Any, place: Place, faults: list[Fault]) -> None:
    if value.__class__ is not str:
        faults.append(Fault(path_of(place), f"{told(value)} is no URL"))
    elif len(value) > LONGEST_URL or not value.startswith(("https://", "http://")):
        faults.append(Fault(path_of(place), f"{told(value)} is no URL of 255 characters", False))


def _patterned(pattern: str, example: str) -> Check:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any, place: Place, faults: list[Fault]) -> None:
        if value.__class__ is not str:
            faults.append(Fault(path_of(place), f"{told(value)} is no text like {example}"))
        elif compiled.fullmatch(value) is None:
            faults.append(Fault(path_of(place), f"{told(value)} is not like {example}", False))

    return check


def _degrees(most: int, whole_digits: int) -> Check:
    """Latitude and longitude travel as text; five to seven decimals are asked for."""
    pattern = re.compile(rf"-?\d{{1,{whole_digits}}}\.\d{{5,7}}", re.ASCII)
    readable = re.compile(r"[-+]?\d{1,3}(\.\d{0,20})?", re.ASCII)

    def check(value: Any, place: Place, faults: list[Fault]) -> None:
        if value.__class__ is not str or readable.fullmatch(value) is None:
            faults.append(Fault(path_of(place), f"{told(value)} is no text like 51.04759"))
        elif abs(Decimal(value)) > most:
            faults.append(Fault(path_of(place), f"{value} is beyond {most} degrees"))
        elif pattern.fullmatch(value) is None:
            problem = f"{told(value)} does not have 5 to 7 decimals"
            faults.append(Fault(path_of(place), problem, False))

    return check


_CHECKS: dict[str, Check] = {
    "number": _number,
    "int": _int,
    "boolean": _boolean,
    "DateTime": _instant,
    "URL": _url,
    "clock": _patterned(r"([01]\d|2[0-3]):[0-5]\d", "18:30"),
    "date": _patterned(r"\d{4}-\d\d-\d\d", "2027-03-01"),
    "latitude": _degrees(90, 2),
    "longitude": _degrees(180, 3),
}
