"""The price of one session: exact amounts of its rates, and one rounding at the end."""

from typing import NamedTuple

from billing.rules.rating.adjustments import Adjustment, adjust
from billing.rules.rating.compiled import Compiled, Rate
from billing.rules.rating.extras import NO_EXTRAS, Extras
from billing.rules.rating.figures import AMOUNT_DIGITS, FROM_EXCL, FROM_INCL, half_up
from billing.rules.rating.quantities import quantities_of
from billing.rules.rating.usage import Usage
from clearinghouse.money import minor_unit_digits


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

    :raises RecordUnusable: the price depends on a power or current that nothing tells.
    """
    used, surplus, straddling = quantities_of(usage, compiled)
    excl = incl = 0
    for rate, quantity in (*used.items(), *surplus):
        amount = quantity * rate.price
        excl += amount
        incl += amount * rate.vat_factor
    tariff = compiled.tariff
    excl, incl = excl * FROM_EXCL, incl * FROM_INCL
    adjustments: tuple[Adjustment, ...] = ()
    if extras is not NO_EXTRAS or tariff.min_price or tariff.max_price:
        adjustments = adjust(usage, compiled, extras, (*used.items(), *surplus))
        excl += sum(one.excl for one in adjustments)
        incl += sum(one.incl for one in adjustments)
    unit = 10 ** (AMOUNT_DIGITS - minor_unit_digits(tariff.currency))
    return Priced(
        currency=tariff.currency,
        excl_minor=half_up(excl, unit),
        incl_minor=half_up(incl, unit),
        used=used,
        surplus=surplus,
        adjustments=adjustments,
        straddling=straddling,
    )
