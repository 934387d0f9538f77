"""What limits and extras change about the price that the rates make.

In this order: a session below the minimum is waived; otherwise the tariff's least and greatest
price, then the discount of the agreement on what that left; at last the idle fee.
"""

from collections.abc import Sequence
from typing import NamedTuple

from roaming.rules.rating.compiled import RESERVATION, Compiled, Rate
from roaming.rules.rating.extras import Extras, IdleFee, idle_minutes, is_below_minimum
from roaming.rules.rating.figures import (
    AMOUNT_DIGITS,
    FROM_EXCL,
    FROM_INCL,
    MICRO,
    MICRO_DIGITS,
    text_of,
)
from roaming.rules.rating.tariff import PriceLimit, Tariff
from roaming.rules.rating.usage import Usage

_FROM_MICRO = 10 ** (AMOUNT_DIGITS - MICRO_DIGITS)
Quantity = tuple[Rate, int]


class Adjustment(NamedTuple):
    """``excl`` and ``incl`` in units of 10^-24. ``minutes`` (millionths) of an idle fee have a
    price and VAT; other adjustments are amounts alone.
    """

    name: str
    excl: int
    incl: int
    because: str
    bucket: str = ""
    minutes: int | None = None
    fee: IdleFee | None = None


def adjust(
    usage: Usage, compiled: Compiled, extras: Extras, quantities: Sequence[Quantity]
) -> tuple[Adjustment, ...]:
    """The adjustments of a session, in the order in which they apply."""
    minimum = extras.session_minimum
    if minimum is not None and is_below_minimum(usage, minimum):
        return (_waiver(quantities, extras),)
    found = _limits(compiled.tariff, *_sum_of(quantities))
    if extras.discount_micro:
        found.append(_discount(quantities, found, extras.discount_micro))
    if extras.idle_fee is not None:
        minutes = idle_minutes(usage, extras.idle_fee, compiled.zone)
        found += _idle(minutes, extras.idle_fee)
    return tuple(found)


def _sum_of(quantities: Sequence[Quantity]) -> tuple[int, int]:
    excl = sum(quantity * rate.price for rate, quantity in quantities)
    incl = sum(quantity * rate.price * rate.vat_factor for rate, quantity in quantities)
    return excl * FROM_EXCL, incl * FROM_INCL


def _waiver(quantities: Sequence[Quantity], extras: Extras) -> Adjustment:
    excl, incl = _sum_of([one for one in quantities if one[0].bucket != RESERVATION])
    minimum = extras.session_minimum
    because = (
        ""
        if minimum is None
        else (f"below {text_of(minimum.energy_micro, MICRO_DIGITS)} kWh and {minimum.duration_s} s")
    )
    return Adjustment("SESSION_MINIMUM", -excl, -incl, because)


def _limits(tariff: Tariff, excl: int, incl: int) -> list[Adjustment]:
    """Without and with VAT independently, as OCPI says."""
    found = []
    for name, limit, clamp in (
        ("MIN_PRICE", tariff.min_price, max),
        ("MAX_PRICE", tariff.max_price, min),
    ):
        if limit is None:
            continue
        to_excl = clamp(excl, limit.excl_micro * _FROM_MICRO)
        to_incl = clamp(incl, limit.incl_micro * _FROM_MICRO)
        if (to_excl, to_incl) != (excl, incl):
            found.append(Adjustment(name, to_excl - excl, to_incl - incl, _told(limit)))
        excl, incl = to_excl, to_incl
    return found


def _told(limit: PriceLimit) -> str:
    excl, incl = (text_of(one, MICRO_DIGITS) for one in (limit.excl_micro, limit.incl_micro))
    return f"{excl} without VAT, {incl} with VAT"


def _discount(
    quantities: Sequence[Quantity], limits: Sequence[Adjustment], rate_micro: int
) -> Adjustment:
    excl, incl = _sum_of(quantities)
    excl += sum(one.excl for one in limits)
    incl += sum(one.incl for one in limits)
    # All amounts so far have eighteen decimals, so a millionth of them is a whole number here.
    because = f"{text_of(rate_micro, MICRO_DIGITS - 2)} % off the tariff's price"
    return Adjustment("DISCOUNT", -excl * rate_micro // MICRO, -incl * rate_micro // MICRO, because)


def _idle(minutes: int, fee: IdleFee) -> list[Adjustment]:
    if not minutes:
        return []
    amount = minutes * fee.per_minute_micro
    excl, incl = amount * FROM_EXCL, amount * fee.vat_factor * FROM_INCL
    because = f"parked beyond {fee.grace_min} min"
    found = [Adjustment("IDLE_FEE", excl, incl, because, "parking", minutes, fee)]
    if fee.most_micro is not None and amount > fee.most_micro * MICRO:
        most = fee.most_micro * MICRO
        cut, cut_incl = most - amount, (most - amount) * fee.vat_factor
        because = f"at most {text_of(fee.most_micro, MICRO_DIGITS)} without VAT"
        cap = Adjustment("IDLE_FEE_CAP", cut * FROM_EXCL, cut_incl * FROM_INCL, because, "parking")
        found.append(cap)
    return found
