"""How the two records of one session are compared: the slow, readable twin of services/sql.

Source: clearing specification §1.4. A tolerance is the larger of an absolute and a relative part,
the latter of the SDR's value. What one side does not state is not compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

Grade = Literal["EQUAL", "NEAR", "BETWEEN", "OFF"]

# An agreement's match_tolerances override these one by one.
DEFAULT_TOLERANCES: Mapping[str, str] = {
    "energy_kwh": "0.10",
    "energy_fraction": "0.01",
    "energy_off_kwh": "0.50",
    "energy_off_fraction": "0.02",
    "amount": "0.05",
    "amount_fraction": "0.01",
    "amount_off": "0.50",
    "amount_off_fraction": "0.03",
    "time_equal_s": "60",
    "time_s": "300",
}
TIMED_KINDS = frozenset({"TIME", "PARKING", "RESERVATION"})
_ENERGY_STEP, _AMOUNT_STEP = Decimal("0.001"), Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One party's record of a session. ``None`` and "" mean: not stated."""

    started_at: datetime
    ended_at: datetime
    energy_kwh: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    evse_id: str = ""
    pseudonym: str = ""
    tariff_id: str = ""
    item_kinds: tuple[str, ...] = ()


class Comparison(NamedTuple):
    """``differences`` are the fields beyond tolerance.

    MATCHED_TOLERANCE with differences lies between accepting and disputing: the CSP looks at it.
    """

    outcome: Literal["MATCHED", "MATCHED_TOLERANCE", "MISMATCH"]
    differences: list[str]


def compare(sdr: Side, counter: Side, tolerances: Mapping[str, str]) -> Comparison:
    """Compare two records that the ladder brought together."""
    limits = {name: Decimal(value) for name, value in {**DEFAULT_TOLERANCES, **tolerances}.items()}
    amount = _amount(sdr, counter, limits)
    timed = bool(TIMED_KINDS & set(sdr.item_kinds))
    grades: dict[str, Grade] = {
        "energy": _number(sdr.energy_kwh, counter.energy_kwh, "energy", limits),
        "amount": amount,
        "start": _instant(sdr.started_at, counter.started_at, limits, timed=timed),
        "end": _instant(sdr.ended_at, counter.ended_at, limits, timed=timed),
        "evse": _same(sdr.evse_id, counter.evse_id),
        "contract": _same(sdr.pseudonym, counter.pseudonym),
        "currency": _same(sdr.currency, counter.currency),
        "tariff": "EQUAL" if amount == "EQUAL" else _same(sdr.tariff_id, counter.tariff_id),
    }
    differences = [name for name, grade in grades.items() if grade in ("BETWEEN", "OFF")]
    if "OFF" in grades.values():
        return Comparison("MISMATCH", differences)
    is_equal = set(grades.values()) == {"EQUAL"}
    return Comparison("MATCHED" if is_equal else "MATCHED_TOLERANCE", differences)


def tolerance_of(value: Decimal, *, absolute: Decimal, fraction: Decimal) -> Decimal:
    """The larger of both parts, at six decimals as it is stored."""
    relative = (abs(value) * fraction).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return max(absolute, relative)


def _amount(sdr: Side, counter: Side, limits: Mapping[str, Decimal]) -> Grade:
    """Amounts in two currencies are not compared: the currency already differs."""
    if _same(sdr.currency, counter.currency) == "OFF":
        return "EQUAL"
    return _number(sdr.amount, counter.amount, "amount", limits)


def _number(
    ours: Decimal | None, theirs: Decimal | None, kind: str, limits: Mapping[str, Decimal]
) -> Grade:
    if ours is None or theirs is None:
        return "EQUAL"
    energy = kind == "energy"
    step, unit = (_ENERGY_STEP, "_kwh") if energy else (_AMOUNT_STEP, "")
    if ours.quantize(step, ROUND_HALF_UP) == theirs.quantize(step, ROUND_HALF_UP):
        return "EQUAL"
    off_by = abs(ours - theirs)
    for grade, part in (("NEAR", kind), ("BETWEEN", f"{kind}_off")):
        limit = tolerance_of(
            ours, absolute=limits[f"{part}{unit}"], fraction=limits[f"{part}_fraction"]
        )
        if off_by <= limit:
            return "NEAR" if grade == "NEAR" else "BETWEEN"
    return "OFF"


def _instant(
    ours: datetime, theirs: datetime, limits: Mapping[str, Decimal], *, timed: bool
) -> Grade:
    """Whole seconds. Beyond tolerance it only matters where the price depends on time."""
    off_by_s = abs(seconds_between(ours, theirs))
    if off_by_s <= limits["time_equal_s"]:
        return "EQUAL"
    if off_by_s <= limits["time_s"]:
        return "NEAR"
    return "OFF" if timed else "BETWEEN"


def seconds_between(ours: datetime, theirs: datetime) -> int:
    """Whole seconds from ``ours`` to ``theirs``, cut towards zero."""
    return int((theirs - ours).total_seconds())


def _same(ours: str, theirs: str) -> Grade:
    return "EQUAL" if not ours or not theirs or ours == theirs else "OFF"
