"""What a session used, in the figures that rating computes with."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """Since 1970, exactly; the instant is aware."""
    return (instant - _EPOCH) // _MICROSECOND


class Stretch(NamedTuple):
    """One charging period in [``start_us``, ``end_us``), microseconds since 1970.

    Energy is in millionths of a kWh, times are in millionths of an hour as measured by the seller:
    they are what is billed, while the clock tells which price applies. Power and current are
    ``None`` where nothing tells them.
    """

    start_us: int
    end_us: int
    energy: int = 0
    charging: int = 0
    parking: int = 0
    reserved: int = 0
    power: int | None = None
    current: int | None = None

    @property
    def is_reservation(self) -> bool:
        """The EVSE was kept for the driver, and nothing else happened."""
        return bool(self.reserved) and not (self.energy or self.charging or self.parking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The stretches of a service session in their order, at least one.

    ``outages`` are [start, end) in microseconds in which the EVSE was out of order.
    """

    stretches: tuple[Stretch, ...]
    outages: tuple[tuple[int, int], ...] = ()

    @property
    def energy(self) -> int:
        return sum(stretch.energy for stretch in self.stretches)

    @property
    def is_only_reserved(self) -> bool:
        """The reservation ended unused."""
        return all(one.is_reservation for one in self.stretches)
