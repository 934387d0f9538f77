"""How much of a session falls to which rate, and what the step sizes add.

Two ways to one answer: by pieces, which knows all of OCPI; by sums, in a third of the time, for a
session within which no price changes, as nine of ten. A property test holds them together.
"""

from typing import NamedTuple

from roaming.rules.rating.compiled import Candidates, Compiled, Rate, Row, SimpleRates
from roaming.rules.rating.figures import MICRO
from roaming.rules.rating.slices import Piece, pieces_of, rate_of
from roaming.rules.rating.steps import Totals, surplus_of
from roaming.rules.rating.tariff import Kind
from roaming.rules.rating.usage import Stretch, Usage

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

    :raises RecordUnusable: the price depends on a power or current that nothing tells.
    """
    row, holds_until_us = compiled.row_at(usage.stretches[0].start_us)
    if row.simple is not None and usage.stretches[-1].end_us <= holds_until_us:
        by_sums = quantities_by_sums(usage, row.simple)
        if by_sums is not None:
            return by_sums
    return quantities_by_pieces(usage, compiled)


def quantities_by_sums(usage: Usage, rates: SimpleRates) -> Quantities | None:
    """One rate per kind, times the sum of that kind; ``None`` if something was reserved."""
    energy = charging = parking = reserved = 0
    parking_came_last = False
    for _, _, some_energy, some_charging, some_parking, some_reserved, _, _ in usage.stretches:
        energy += some_energy
        reserved += some_reserved
        if some_charging or some_parking:
            charging += some_charging
            parking += some_parking
            parking_came_last = some_parking > 0
    if reserved:
        return None
    stepped = rates.parking if rates.parking_rounds(came_last=parking_came_last) else rates.time
    used = {} if rates.flat is None else {rates.flat: ONCE}
    surplus = []
    for rate, quantity in (
        (rates.energy, energy),
        (rates.time, charging),
        (rates.parking, parking),
    ):
        if rate is not None and quantity:
            used[rate] = quantity
            if rate.is_priced and (rate is stepped or rate is rates.energy):
                added = surplus_of(rate, quantity)
                if added:
                    surplus.append((rate, added))
    return Quantities(used, surplus)


def quantities_by_pieces(usage: Usage, compiled: Compiled) -> Quantities:
    """Period by period, cut where prices change.

    Duration counts from the start of charging, for a reservation from its own start.
    """
    is_expired = usage.is_only_reserved
    sharing = _Sharing(compiled, is_expired=is_expired)
    reserved_from = charging_from = usage.stretches[0].start_us
    if usage.stretches[0].reserved and not is_expired:
        charging_from = next(one.start_us for one in usage.stretches if not one.is_reservation)
    for stretch in usage.stretches:
        sharing.add(stretch, reserved_from if stretch.reserved else charging_from)
    return Quantities(sharing.used, sharing.totals.surplus(), sharing.straddling)


class _Sharing:
    """What the periods so far came to."""

    __slots__ = ("_compiled", "_energy", "_is_expired", "straddling", "totals", "used")

    def __init__(self, compiled: Compiled, *, is_expired: bool) -> None:
        self.used: dict[Rate, int] = {}
        self.totals = Totals()
        self.straddling = 0
        self._compiled = compiled
        self._is_expired = is_expired
        self._energy = 0

    def add(self, stretch: Stretch, session_start_us: int) -> None:
        compiled = self._compiled
        row, holds_until_us = compiled.row_at(stretch.start_us)
        if stretch.end_us <= holds_until_us and not compiled.has_marks:
            elapsed_us = stretch.start_us - session_start_us
            self._use_piece(Piece(stretch, self._energy, elapsed_us), row)
        else:
            self._add_cut(stretch, session_start_us)
        self._energy += stretch.energy

    def _add_cut(self, stretch: Stretch, session_start_us: int) -> None:
        prices = set()
        for piece in pieces_of(
            stretch, self._compiled, energy_before=self._energy, session_start_us=session_start_us
        ):
            row, _ = self._compiled.row_at(piece.stretch.start_us)
            prices.add(self._use_piece(piece, row))
        self.straddling += len(prices) > 1

    def _use_piece(self, piece: Piece, row: Row) -> tuple[Rate | None, ...]:
        """Share one piece out; parking after charging, for the step size."""
        _, _, energy, charging, parking, reserved, _, _ = piece.stretch
        found: list[Rate | None] = []
        if reserved:
            time, flat = row.expired if self._is_expired else row.reserved
            found.append(self._use(time, reserved, piece, (Kind.TIME, True)))
            found.append(self._use_once(flat, piece))
            if piece.stretch.is_reservation:
                return tuple(found)
        if row.flat:
            found.append(self._use_once(row.flat, piece))
        if energy:
            found.append(self._use(row.energy, energy, piece, (Kind.ENERGY, False)))
        if charging:
            found.append(self._use(row.time, charging, piece, (Kind.TIME, False)))
        if parking:
            found.append(self._use(row.parking, parking, piece, (Kind.PARKING_TIME, False)))
        return tuple(found)

    def _use(
        self, candidates: Candidates, quantity: int, piece: Piece, free: tuple[Kind, bool]
    ) -> Rate | None:
        rate = rate_of(candidates, piece) or self._compiled.free.get(free)
        if rate is not None:
            self.used[rate] = self.used.get(rate, 0) + quantity
            if rate.is_priced:
                self.totals.add(rate, quantity)
        return rate

    def _use_once(self, candidates: Candidates, piece: Piece) -> Rate | None:
        rate = rate_of(candidates, piece)
        if rate is not None:
            self.used[rate] = ONCE
        return rate
