"""The price of one session: exact amounts of its rates, and one rounding at the end."""

from typing import NamedTuple

from roaming.rules.rating.adjustments import Adjustment, adjust
from roaming.rules.rating.compiled import Compiled, Rate
from roaming.rules.rating.extras import NO_EXTRAS, Extras
from roaming.rules.rating.figures import FROM_EXCL, FROM_INCL, half_up
from roaming.rules.rating.quantities import quantities_of
from roaming.rules.rating.refusals import RecordUnusable
from roaming.rules.rating.usage import Usage

_BEYOND_MINOR = 10**12


class Priced(NamedTuple):
    """``excl_minor`` and ``incl_minor``: each rounded once, halves away from zero.

    ``used`` and ``surplus`` are quantities in millionths, by rate; ``adjustments`` are what limits
    and extras change. ``straddling``: periods in which the price changed, so that they were shared
    out by the clock. The lines of all this are told by ``trace``.
    """

    currency: str
    excl_minor: int
    incl_minor: int
    used: dict[Rate, int]
    surplus: list[tuple[Rate, int]]
    adjustments: tuple[Adjustment, ...] = ()
    straddling: int = 0


def price(usage: Usage, compiled: Compiled, extras: Extras = NO_EXTRAS) -> Priced:
    """Price a session under a compiled tariff and the extras of an agreement.

    Pure: the same arguments give the same price, today and in ten years.

    :raises RecordUnusable: the price depends on a power or current that nothing tells, or has more
        than twelve digits.
    """
    used, surplus, straddling = quantities_of(usage, compiled)
    excl = incl = 0
    for rate, quantity in used.items():
        amount = quantity * rate.price
        excl += amount
        incl += amount * rate.vat_factor
    for rate, quantity in surplus:
        amount = quantity * rate.price
        excl += amount
        incl += amount * rate.vat_factor
    if extras is NO_EXTRAS and not compiled.has_limits:
        excl_minor = half_up(excl, compiled.excl_unit)
        incl_minor = half_up(incl, compiled.incl_unit)
        _refuse_beyond(excl_minor, incl_minor)
        currency = compiled.tariff.currency
        return Priced(currency, excl_minor, incl_minor, used, surplus, (), straddling)
    adjustments = adjust(usage, compiled, extras, (*used.items(), *surplus))
    excl = excl * FROM_EXCL + sum(one.excl for one in adjustments)
    incl = incl * FROM_INCL + sum(one.incl for one in adjustments)
    excl_minor = half_up(excl, compiled.excl_unit * FROM_EXCL)
    incl_minor = half_up(incl, compiled.incl_unit * FROM_INCL)
    _refuse_beyond(excl_minor, incl_minor)
    return Priced(
        currency=compiled.tariff.currency,
        excl_minor=excl_minor,
        incl_minor=incl_minor,
        used=used,
        surplus=surplus,
        adjustments=adjustments,
        straddling=straddling,
    )


def _refuse_beyond(excl_minor: int, incl_minor: int) -> None:
    """A hostile price must not stop the batch, or the re-rating, that wants to store it."""
    if max(excl_minor, incl_minor) >= _BEYOND_MINOR:
        raise RecordUnusable("PRICE_TOO_LARGE", f"it would be {incl_minor:,} minor units")
