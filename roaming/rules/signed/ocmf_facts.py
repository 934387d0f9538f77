"""What the payload of an OCMF record tells. Nothing here raises: what is odd becomes a doubt.

A reading leaves out what is the same as in the reading before it, so each is laid over the last.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from roaming.rules.signed.reading import kwh, word

CLOCK_STATES = "SIRU"  # synchronised, informative, relative, unknown: the last is the worst
ENDS = frozenset("ELRAP")
IMPORT_REGISTER = re.compile(r"(^|:)(0?1|B[0-3]|98)\.0?8\.", re.IGNORECASE)
TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[,.](\d{1,6}))?(Z|[+-]\d\d:?\d\d) ?([A-Z])?", re.ASCII
)
SHIFTS = {"kwh": 0, "wh": -3}
MOST_READINGS = 1000


class Reading(NamedTuple):
    """One entry of RD. ``value_kwh`` is None where it is no energy or cannot be read."""

    at: datetime | None
    clock: str
    transaction: str
    register: str
    value_kwh: Decimal | None


def facts_of(payload: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Fields of a SignedReading, and the doubts to add to its reason."""
    doubts: list[str] = []
    entries = _entries(payload.get("RD"), doubts)
    readings = [_reading(entry, doubts) for entry in entries]
    of_import = _import_readings(readings)
    values = tuple(one.value_kwh for one in of_import if one.value_kwh is not None)
    begins = any(one.transaction == "B" for one in readings)
    ends = any(one.transaction in ENDS for one in readings)
    started_at, ended_at = _span(of_import or readings, begins=begins, ends=ends)
    facts = {
        "energy_kwh": values[-1] - values[0] if len(values) > 1 else None,
        "started_at": started_at,
        "ended_at": ended_at,
        "time_status": max((one.clock for one in readings), key=_badness, default=""),
        "meter_status": _worst_status(entries),
        "error_flags": _error_flags(entries),
        "meter_id": word(payload.get("MS")) or word(payload.get("GS")),
        "pagination": word(payload.get("PG")),
        "transaction_begin": begins,
        "transaction_end": ends,
        "readings_kwh": values,
        "identification": word(payload.get("ID")),
    }
    return facts, list(dict.fromkeys(doubts))


def _entries(told: object, doubts: list[str]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    if not isinstance(told, list) or len(told) > MOST_READINGS:
        doubts.append("the readings are no list, or too many")
        return entries
    for entry in told:
        if isinstance(entry, dict):
            entries.append({**(entries[-1] if entries else {}), **_known(entry)})
        else:
            doubts.append("a reading is no object")
    if not entries:
        doubts.append("there is no reading")
    return entries


def _known(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        name: entry[name] for name in ("TM", "TX", "RV", "RI", "RU", "EF", "ST") if name in entry
    }


def _reading(entry: dict[str, Any], doubts: list[str]) -> Reading:
    at, clock = _time(entry.get("TM"))
    if at is None:
        doubts.append("a time cannot be read")
    unit = word(entry.get("RU")).lower()
    value = _value(entry.get("RV"), SHIFTS[unit]) if unit in SHIFTS else None
    if value is None and unit in SHIFTS:
        doubts.append("a number cannot be read")
    return Reading(at, clock, word(entry.get("TX")), word(entry.get("RI")), value)


def _time(told: object) -> tuple[datetime | None, str]:
    """``2018-07-24T13:22:04,000+0200 S``, in UTC."""
    parts = TIME.fullmatch(told.strip()) if isinstance(told, str) else None
    if parts is None:
        return None, ""
    second, fraction, zone, clock = parts.groups()
    clock = clock if clock and clock in CLOCK_STATES else ""
    try:
        at = datetime.fromisoformat(f"{second}.{(fraction or '0').ljust(6, '0')}{zone}")
        return at.astimezone(UTC), clock
    except (ValueError, OverflowError):
        return None, clock


def _value(told: object, shift: int) -> Decimal | None:
    """Some meters write the number as text, with blanks before it."""
    try:
        number = Decimal(told.strip()) if isinstance(told, str) else told
    except (InvalidOperation, ValueError):
        return None
    # Bounded before the shift as well: no arithmetic on a number of any size.
    if not isinstance(number, Decimal) or kwh(number) is None:
        return None
    return kwh(number.scaleb(shift))


def _import_readings(readings: list[Reading]) -> list[Reading]:
    """Those of one register: the first that counts energy taken, else the first of energy."""
    energies = [one for one in readings if one.value_kwh is not None]
    imports = [one for one in energies if IMPORT_REGISTER.search(one.register)] or energies
    return [one for one in imports if one.register == imports[0].register]


def _span(
    readings: list[Reading], *, begins: bool, ends: bool
) -> tuple[datetime | None, datetime | None]:
    """A single reading at the begin of a session tells no end, and the other way round."""
    if not readings:
        return None, None
    is_single = len(readings) == 1
    return (
        None if is_single and ends and not begins else readings[0].at,
        None if is_single and begins and not ends else readings[-1].at,
    )


def _badness(clock: str) -> int:
    return CLOCK_STATES.find(clock) if clock else -1


def _worst_status(entries: list[dict[str, Any]]) -> str:
    states = [state for entry in entries if (state := word(entry.get("ST"))[:1])]
    return next((state for state in states if state != "G"), "G" if states else "")


def _error_flags(entries: list[dict[str, Any]]) -> str:
    flags = set("".join(word(entry.get("EF")) for entry in entries))
    return "".join(sorted(flag for flag in flags if flag.isascii() and flag.isalpha()))
