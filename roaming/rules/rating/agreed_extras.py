"""The extras of an agreement from its JSON (``RoamingAgreement.tariff_extras``).

``{"idle_fee": {"grace_min": 30, "per_min": "0.10", "max_per_session": "12.00", "vat": "21",
"exempt": ["22:00", "07:00"], "ac_from_kw": "11"}, "session_minimum": {"energy_kwh": "0.1",
"duration_s": 120}, "volume_discount": [{"from_kwh": "10000", "percent": "2"}]}``; each part may be
absent. Numbers are texts or whole numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from roaming.rules.rating.extras import Extras, IdleFee, SessionMinimum, reached_discount
from roaming.rules.rating.figures import MICRO, micro_rounded

_MOST_GRACE_MIN = 240
_NAMES = {"idle_fee", "session_minimum", "volume_discount"}


class ExtrasUnreadable(ValueError):
    """The agreement's extras cannot be read; the text says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedExtras:
    """As read. ``tiers``: (energy of last month, discount), both in millionths.

    ``ac_from_kw``: at AC stations below this power no idle fee is due.
    """

    idle_fee: IdleFee | None = None
    session_minimum: SessionMinimum | None = None
    tiers: tuple[tuple[int, int], ...] = ()
    ac_from_kw: Decimal | None = None

    def of_session(
        self, *, last_month_micro: int, current_type: str = "", max_power_kw: Decimal | None = None
    ) -> Extras:
        """What holds for one session; the discount is the tier that last month's energy reached."""
        slow = (
            self.ac_from_kw is not None
            and current_type.upper().startswith("AC")
            and max_power_kw is not None
            and max_power_kw < self.ac_from_kw
        )
        return Extras(
            idle_fee=None if slow else self.idle_fee,
            session_minimum=self.session_minimum,
            discount_micro=reached_discount(self.tiers, last_month_micro),
        )


def read_extras(told: Mapping[str, object]) -> AgreedExtras:
    """Read the JSON of an agreement.

    :raises ExtrasUnreadable: an unknown part, or a figure that is none.
    """
    if unknown := set(told) - _NAMES:
        raise ExtrasUnreadable(f"tariff_extras has no part {sorted(unknown)[0]!r}")
    try:
        fee = _part(told, "idle_fee")
        minimum = _part(told, "session_minimum")
        tiers = told.get("volume_discount") or []
        if not isinstance(tiers, list):
            raise ExtrasUnreadable("volume_discount is no list")
        return AgreedExtras(
            idle_fee=_idle_fee(fee) if fee else None,
            session_minimum=_minimum(minimum) if minimum else None,
            tiers=tuple(_tier(one) for one in tiers),
            ac_from_kw=_number(fee["ac_from_kw"]) if fee and "ac_from_kw" in fee else None,
        )
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        if isinstance(error, ExtrasUnreadable):
            raise
        raise ExtrasUnreadable(f"tariff_extras cannot be read: {error!r}") from error


def _part(told: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = told.get(name) or {}
    if not isinstance(part, Mapping):
        raise ExtrasUnreadable(f"{name} is no object")
    return part


def _idle_fee(told: Mapping[str, object]) -> IdleFee:
    grace = int(_number(told["grace_min"]))
    if not 0 <= grace <= _MOST_GRACE_MIN:
        raise ExtrasUnreadable(f"grace_min is 0 to {_MOST_GRACE_MIN}")
    exempt = told.get("exempt") or []
    if not isinstance(exempt, list) or len(exempt) not in (0, 2):
        raise ExtrasUnreadable('exempt is a pair of local times, as ["22:00", "07:00"]')
    begins, ends = (_minute(one) for one in exempt) if exempt else (None, None)
    return IdleFee(
        grace_min=grace,
        per_minute_micro=_micro(told["per_min"]),
        most_micro=_micro(told["max_per_session"]) if "max_per_session" in told else None,
        exempt_from_minute=begins,
        exempt_until_minute=ends,
        vat_micro=_micro(_number(told["vat"]) / 100) if "vat" in told else None,
    )


def _minimum(told: Mapping[str, object]) -> SessionMinimum:
    return SessionMinimum(
        energy_micro=_micro(told["energy_kwh"]), duration_s=int(_number(told["duration_s"]))
    )


def _tier(told: object) -> tuple[int, int]:
    if not isinstance(told, Mapping):
        raise ExtrasUnreadable("volume_discount holds objects with from_kwh and percent")
    discount = _micro(_number(told["percent"]) / 100)
    if discount > MICRO:
        raise ExtrasUnreadable("a discount is at most 100 percent")
    return _micro(told["from_kwh"]), discount


def _minute(told: object) -> int:
    hours, minutes = str(told).split(":")
    minute = int(hours) * 60 + int(minutes)
    if not 0 <= minute <= 24 * 60:
        raise ExtrasUnreadable(f"{told} is no time of the day")
    return minute


def _micro(told: object) -> int:
    return micro_rounded(_number(told))


def _number(told: object) -> Decimal:
    """A finite number that is not negative; a JSON float has lost its decimals already."""
    if isinstance(told, float | bool):
        raise ExtrasUnreadable(f"write {told} as a text")
    number = Decimal(str(told))
    if not number.is_finite() or number < 0:
        raise ExtrasUnreadable(f"{told} is no price, time or share")
    return number
