"""What people of a partner are told by mail: kinds, whom they concern, and how often.

One table; a person's choice counts where the kind leaves one. Silence has consequences in some of
them, so these cannot be switched off by those whose work they are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from clearinghouse.periods import DEFAULT_TIME_ZONE
from partners.rules.roles import ADMINISTER, AGREE, FINANCE, OPERATE, SEE_FINANCE

AT_ONCE, DAILY, OFF = "AT_ONCE", "DAILY", "OFF"
_EVERY_MODE = (AT_ONCE, DAILY, OFF)
# What came together in a day is told at this local time.
DIGEST_TIME = time(7, 0)
_ZONE = ZoneInfo(DEFAULT_TIME_ZONE)


@dataclass(frozen=True, slots=True)
class Kind:
    """``right``: whose work it is, of ``partners.rules.roles``; empty: everybody's. ``modes``: what
    may be chosen; one alone cannot be switched off.
    """

    right: str
    usual: str
    modes: tuple[str, ...] = _EVERY_MODE

    @property
    def is_fixed(self) -> bool:
        return OFF not in self.modes


KINDS: Mapping[str, Kind] = {
    "RECORDS": Kind(OPERATE, DAILY, (DAILY, OFF)),
    "DISPUTES": Kind(OPERATE, AT_ONCE),
    "DEADLINES": Kind(OPERATE, AT_ONCE, (AT_ONCE,)),
    "TARIFFS": Kind(OPERATE, DAILY),
    "AGREEMENTS": Kind(AGREE, AT_ONCE, (AT_ONCE,)),
    # The company's finance address is told of each document anyway.
    "DOCUMENTS": Kind(SEE_FINANCE, OFF),
    "PAYMENTS": Kind(FINANCE, DAILY, (DAILY,)),
    "CONNECTIONS": Kind(OPERATE, AT_ONCE),
    "SECRETS": Kind(ADMINISTER, AT_ONCE, (AT_ONCE,)),
    "NOTICES": Kind("", AT_ONCE),
}

# Messages to systems that a company may have left out of its webhook. From the others limits run,
# or money depends on them: they are sent.
MUTABLE_MESSAGES = ("MATCH", "HEALED", "REMINDER", "MANIFEST", "ALERT", "AGREEMENT")


def kinds_for(rights: Collection[str]) -> list[str]:
    """The kinds that concern somebody with these rights, in the order of the table."""
    return [name for name, kind in KINDS.items() if not kind.right or kind.right in rights]


def mode_of(kind: str, chosen: str = "") -> str:
    """What counts: the choice where the kind leaves it, else the usual."""
    known = KINDS[kind]
    return chosen if chosen in known.modes else known.usual


def due_at(mode: str, *, now: datetime) -> datetime:
    """When it is mailed: now, or at the next digest.

    :raises ValueError: it is switched off
    """
    if mode == AT_ONCE:
        return now
    if mode != DAILY:
        raise ValueError(f"{mode} is mailed never")
    local = now.astimezone(_ZONE)
    day = local.date() + timedelta(days=local.time() >= DIGEST_TIME)
    return datetime.combine(day, DIGEST_TIME, _ZONE)


def digest_day(now: datetime) -> str:
    """The day whose digest has begun: before its hour it is the day before."""
    local = now.astimezone(_ZONE)
    return (local.date() - timedelta(days=local.time() < DIGEST_TIME)).isoformat()
