"""Cut a charging period where another price begins, and tell which rate a piece has.

A seller should cut its periods there himself. Where he did not, energy and time are shared out in
proportion to the clock; the pieces always add up to the period.
"""

from collections.abc import Iterator
from typing import NamedTuple

from roaming.rules.rating.compiled import Candidates, Compiled, Rate
from roaming.rules.rating.figures import MICRO
from roaming.rules.rating.refusals import RecordUnusable
from roaming.rules.rating.tariff import Restrictions
from roaming.rules.rating.usage import Stretch

_HOUR_US = 3_600_000_000


class Piece(NamedTuple):
    """A part of ``stretch`` under one set of prices.

    ``energy_before`` and ``elapsed_us`` are those of the session when the piece starts.
    """

    stretch: Stretch
    energy_before: int
    elapsed_us: int


def pieces_of(
    stretch: Stretch, compiled: Compiled, *, energy_before: int, session_start_us: int
) -> Iterator[Piece]:
    """The pieces of one period, in order; the period itself where nothing cuts it."""
    cuts = _cuts(stretch, compiled, energy_before=energy_before, start_us=session_start_us)
    if not cuts:
        yield Piece(stretch, energy_before, stretch.start_us - session_start_us)
        return
    length = stretch.end_us - stretch.start_us
    done = Stretch(stretch.start_us, stretch.start_us)
    for instant, energy in [*cuts, (stretch.end_us, stretch.energy)]:
        into = instant - stretch.start_us
        is_last = instant == stretch.end_us and energy == stretch.energy
        upto = Stretch(
            instant,
            instant,
            energy,
            stretch.charging if is_last else _share(stretch.charging, into, length),
            stretch.parking if is_last else _share(stretch.parking, into, length),
            stretch.reserved if is_last else _share(stretch.reserved, into, length),
        )
        piece = Stretch(
            done.start_us,
            instant,
            upto.energy - done.energy,
            upto.charging - done.charging,
            upto.parking - done.parking,
            upto.reserved - done.reserved,
            _power_of(stretch),
            stretch.current,
        )
        yield Piece(piece, energy_before + done.energy, done.start_us - session_start_us)
        done = upto


def _cuts(
    stretch: Stretch, compiled: Compiled, *, energy_before: int, start_us: int
) -> list[tuple[int, int]]:
    """Instants inside the period and the energy charged by then, since the period's start."""
    begins, ends, energy = stretch.start_us, stretch.end_us, stretch.energy
    length = ends - begins
    instants = compiled.changes_within(begins, ends)
    instants += [
        start_us + mark for mark in compiled.duration_marks if begins < start_us + mark < ends
    ]
    cuts = [(instant, _share(energy, instant - begins, length)) for instant in instants]
    for mark in compiled.energy_marks:
        into = mark - energy_before
        if 0 < into < energy:
            cuts.append((begins + length * into // energy, into))
    return sorted(set(cuts))


def _share(whole: int, part: int, of: int) -> int:
    """``whole`` × ``part`` / ``of``, halves up; nothing is shared out of an empty period."""
    return (2 * whole * part + of) // (2 * of) if of else 0


def rate_of(candidates: Candidates, piece: Piece) -> Rate | None:
    """The first rate whose questions the piece answers; ``None``: it is free."""
    for rate, asks in candidates:
        if asks is None or fits_session(asks, piece):
            return rate
    return None


def fits_session(asks: Restrictions, piece: Piece) -> bool:
    """Whether energy, duration, power and current of the session are what an element asks for.

    :raises RecordUnusable: it asks for a power or current that the period does not tell.
    """
    return (
        _inside(piece.energy_before, asks.min_energy_micro, asks.max_energy_micro)
        and _inside(
            piece.elapsed_us,
            None if asks.min_duration_s is None else asks.min_duration_s * MICRO,
            None if asks.max_duration_s is None else asks.max_duration_s * MICRO,
        )
        and _power_fits(asks, piece.stretch)
        and _current_fits(asks, piece.stretch)
    )


def _inside(value: int, least: int | None, most: int | None) -> bool:
    return (least is None or least <= value) and (most is None or value < most)


def _power_fits(asks: Restrictions, stretch: Stretch) -> bool:
    if asks.min_power_micro is None and asks.max_power_micro is None:
        return True
    power = _power_of(stretch)
    if power is None:
        raise RecordUnusable("POWER_UNKNOWN", "energy without a time; send the dimension POWER")
    return _inside(power, asks.min_power_micro, asks.max_power_micro)


def _power_of(stretch: Stretch) -> int | None:
    """Millionths of a kW: as told, else the average over the charging time, or over the clock."""
    if stretch.power is not None or not stretch.energy:
        return stretch.power or 0
    if stretch.charging:
        return stretch.energy * MICRO // stretch.charging
    length = stretch.end_us - stretch.start_us
    return stretch.energy * _HOUR_US // length if length else None


def _current_fits(asks: Restrictions, stretch: Stretch) -> bool:
    if asks.min_current_micro is None and asks.max_current_micro is None:
        return True
    current = stretch.current
    if current is None:
        if stretch.energy or stretch.charging:
            raise RecordUnusable("CURRENT_UNKNOWN", "send the dimension CURRENT or MAX_CURRENT")
        current = 0
    return _inside(current, asks.min_current_micro, asks.max_current_micro)
