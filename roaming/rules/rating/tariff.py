"""A tariff in one shape, whichever protocol told it. Immutable; figures are millionths."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum


class Kind(Enum):
    """What a price component charges for: kWh, hours, or once."""

    ENERGY = "ENERGY"
    TIME = "TIME"
    PARKING_TIME = "PARKING_TIME"
    FLAT = "FLAT"


class Reservation(Enum):
    """An element for reservations: all of them, or only those that end unused."""

    USED_OR_NOT = "RESERVATION"
    EXPIRED = "RESERVATION_EXPIRES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A price without VAT per kWh or hour, or once.

    ``step_size`` is in Wh or seconds. ``vat_micro`` is the rate as a fraction in millionths: 21 %
    is 210000. ``None`` means that no VAT applies, which is not 0 %.
    """

    kind: Kind
    price_micro: int
    vat_micro: int | None = None
    step_size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """All must match. Minimum and start are inclusive, maximum and end exclusive.

    ``start_minute``/``end_minute``: local minutes of the day, 24 × 60 for its end; an end before
    the start wraps around midnight. ``days``: local weekdays, Monday is 0. Energy is cumulative in
    the session, duration is since its start. Current is the sum over the phases.
    """

    start_minute: int | None = None
    end_minute: int | None = None
    start_date: date | None = None
    end_date: date | None = None
    days: frozenset[int] | None = None
    min_energy_micro: int | None = None
    max_energy_micro: int | None = None
    min_duration_s: int | None = None
    max_duration_s: int | None = None
    min_power_micro: int | None = None
    max_power_micro: int | None = None
    min_current_micro: int | None = None
    max_current_micro: int | None = None
    reservation: Reservation | None = None

    @property
    def is_of_the_calendar(self) -> bool:
        """It asks for the local time, date or weekday."""
        asked = (self.start_minute, self.end_minute, self.start_date, self.end_date, self.days)
        return any(one is not None for one in asked)

    @property
    def is_of_the_session(self) -> bool:
        """It asks for energy, duration, power or current."""
        asked = (
            self.min_energy_micro,
            self.max_energy_micro,
            self.min_duration_s,
            self.max_duration_s,
            self.min_power_micro,
            self.max_power_micro,
            self.min_current_micro,
            self.max_current_micro,
        )
        return any(one is not None for one in asked)


NO_RESTRICTIONS = Restrictions()


@dataclass(frozen=True, slots=True)
class Element:
    """Price components that apply while the restrictions match."""

    components: tuple[Component, ...]
    restrictions: Restrictions = NO_RESTRICTIONS


@dataclass(frozen=True, slots=True)
class PriceLimit:
    """A least or greatest price of a session, without and with VAT, clamped independently."""

    excl_micro: int
    incl_micro: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Elements in order: the first that matches has the component of its kind.

    Valid for sessions that start in [``starts_at``, ``ends_at``).
    """

    tariff_id: str
    currency: str
    elements: tuple[Element, ...] = field(repr=False)
    min_price: PriceLimit | None = None
    max_price: PriceLimit | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def is_valid_at(self, instant: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= instant) and (
            self.ends_at is None or instant < self.ends_at
        )
