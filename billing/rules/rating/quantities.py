"""How much of a session falls to which rate, and what the step sizes add."""

from typing import NamedTuple

from billing.rules.rating.compiled import Candidates, Compiled, Rate, Row
from billing.rules.rating.figures import MICRO
from billing.rules.rating.slices import Piece, pieces_of, rate_of
from billing.rules.rating.steps import Totals
from billing.rules.rating.tariff import Kind
from billing.rules.rating.usage import Stretch, Usage

ONCE = MICRO


class Quantities(NamedTuple):
    """``used``: millionths of kWh, of hours, or once, by rate.

    ``surplus``: what a step size adds, at the rate that came last. ``straddling``: how many periods
    had to be cut because another price began inside.
    """

    used: dict[Rate, int]
    surplus: list[tuple[Rate, int]]
    straddling: int = 0


def quantities_of(usage: Usage, compiled: Compiled) -> Quantities:
    """Share the session out to the rates of the tariff.

    Duration counts from the start of charging, for a reservation from its own start.

    :raises RecordUnusable: the price depends on a power or current that nothing tells.
    """
    sharing = _Sharing(compiled, is_expired=usage.is_only_reserved)
    reserved_from = usage.stretches[0].start_us
    charging_from = next(
        (one.start_us for one in usage.stretches if not one.is_reservation), reserved_from
    )
    for stretch in usage.stretches:
        sharing.add(stretch, reserved_from if stretch.is_reservation else charging_from)
    return Quantities(sharing.used, sharing.totals.surplus(), sharing.straddling)


class _Sharing:
    """What the periods so far came to."""

    def __init__(self, compiled: Compiled, *, is_expired: bool) -> None:
        self.used: dict[Rate, int] = {}
        self.totals = Totals()
        self.straddling = 0
        self._compiled = compiled
        self._is_expired = is_expired
        self._energy = 0

    def add(self, stretch: Stretch, session_start_us: int) -> None:
        prices = set()
        for piece in pieces_of(
            stretch,
            self._compiled,
            energy_before=self._energy,
            session_start_us=session_start_us,
        ):
            row = self._compiled.row_at(piece.stretch.start_us)
            prices.add(
                tuple(
                    self._use(kind, candidates, piece, quantity)
                    for kind, candidates, quantity in self._asked(piece.stretch, row)
                )
            )
        self.straddling += len(prices) > 1
        self._energy += stretch.energy

    def _asked(self, used: Stretch, row: Row) -> list[tuple[Kind, Candidates, int]]:
        """What a piece used, and who may price it; parking after charging, for the step size."""
        asked = []
        if used.reserved:
            time, flat = row.expired if self._is_expired else row.reserved
            asked += [(Kind.TIME, time, used.reserved), (Kind.FLAT, flat, ONCE)]
        if not used.is_reservation:
            asked += [
                (Kind.FLAT, row.flat, ONCE),
                (Kind.ENERGY, row.energy, used.energy),
                (Kind.TIME, row.time, used.charging),
                (Kind.PARKING_TIME, row.parking, used.parking),
            ]
        return [one for one in asked if one[2]]

    def _use(self, kind: Kind, candidates: Candidates, piece: Piece, quantity: int) -> Rate | None:
        is_reserved = piece.stretch.is_reservation
        rate = rate_of(candidates, piece) or self._compiled.free.get((kind, is_reserved))
        if rate is None:
            return None
        if kind is Kind.FLAT:
            self.used[rate] = ONCE
        else:
            self.used[rate] = self.used.get(rate, 0) + quantity
            self.totals.add(rate, quantity)
        return rate
