"""A partner's life: which step follows which, what each one asks for, and what it lets happen.

One table of steps, one of effects; code that must know asks them, and the page shows them.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from clearinghouse.periods import DEFAULT_TIME_ZONE

# "" is before the first step. ACTIVE at once: who was a partner before checklists were kept.
STEPS: Mapping[str, frozenset[str]] = {
    "": frozenset({"PROSPECT", "ONBOARDING", "ACTIVE"}),
    "PROSPECT": frozenset({"ONBOARDING", "CLOSED"}),
    "ONBOARDING": frozenset({"ACTIVE", "CLOSED"}),
    "ACTIVE": frozenset({"SUSPENDED", "LEAVING"}),
    "SUSPENDED": frozenset({"ACTIVE", "LEAVING"}),
    # LEAVING again: at another date. ACTIVE: it stays after all. Both only while it is served.
    "LEAVING": frozenset({"LEAVING", "ACTIVE", "CLOSED"}),
    "CLOSED": frozenset(),
}
# A LEAVING partner whose service has ended: no state of its own, the clock makes it.
LEFT = "LEFT"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a partner may do while it stands so; each flag with the words of its cell.

    ``authorizes``: its drivers and stations may begin a session. ``sends``: its records are taken
    in. ``is_paid``: payouts leave for it. ``writes``: its people may change something in the
    portal. ``connects``: its systems may call. Clearing is never asked who stands how: what was
    accepted is owed.
    """

    authorizes: bool
    sends: bool
    is_paid: bool
    writes: bool
    connects: bool
    authorization: str
    intake: str
    clearing: str
    payout: str
    portal: str


_NOTHING = "Nothing to clear."
EFFECTS: Mapping[str, Effect] = {
    "": Effect(
        False, False, False, False, True,
        "Refused.", "Rejected or held: V003.", _NOTHING, "None.", "Read only.",
    ),
    "PROSPECT": Effect(
        False, False, False, True, True,
        "Refused.", "Rejected; a record for it is held: V003.", _NOTHING, "None.",
        "Open; systems may call.",
    ),
    "ONBOARDING": Effect(
        False, False, False, True, True,
        "In TEST only.", "In TEST only; in LIVE rejected, for it held: V003.", "In TEST only.",
        "None.", "Open; systems may call.",
    ),
    "ACTIVE": Effect(
        True, True, True, True, True,
        "Answered.", "Taken in.", "Each hour.", "Paid when due.", "Open; systems may call.",
    ),
    "SUSPENDED": Effect(
        False, False, False, True, True,
        "Refused.", "Held until the suspension ends: V003.", "What was accepted is cleared.",
        "Waits.", "Open; systems may call.",
    ),
    "LEAVING": Effect(
        True, True, True, True, True,
        "Answered until its service ends.", "Taken in.", "Each hour.", "Paid when due.",
        "Open; systems may call until its service ends.",
    ),
    LEFT: Effect(
        False, True, True, True, False,
        "Refused.",
        "Sessions that started before the end are taken in, however late; later ones get V004.",
        "What was accepted is cleared, late records in the window then open.", "Paid when due.",
        "Open; clients revoked, connections ended.",
    ),
    "CLOSED": Effect(
        False, False, False, False, False,
        "Refused.", "Rejected: V003, or V004 where the session started after the end.",
        "Nothing is left.", "Nothing is left.", "Documents stay readable; nothing can be changed.",
    ),
}  # fmt: skip


class StepRefused(ValueError):
    """The step does not follow, or not now; the text says what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A step as it stands. ``service_ends_at``: the first instant that is not served any more."""

    state: str = ""
    starts_at: datetime | None = None
    service_ends_at: datetime | None = None


def standing(
    state: str, *, service_ends_at: datetime | None, at: datetime, environment: str = "LIVE"
) -> str:
    """How a partner stands at ``at``: a key of ``EFFECTS``.

    In TEST an ONBOARDING partner is as good as ACTIVE: that is what it has to try.
    """
    if state == "LEAVING" and service_ends_at is not None and service_ends_at <= at:
        return LEFT
    if state == "ONBOARDING" and environment == "TEST":
        return "ACTIVE"
    return state


def standings_that(effect: str) -> frozenset[str]:
    """Where a flag of ``Effect`` is set, such as ``authorizes``."""
    return frozenset(name for name, one in EFFECTS.items() if getattr(one, effect))


def when(instant: datetime) -> str:
    """For people, in Brussels, as on every page."""
    return f"{instant.astimezone(ZoneInfo(DEFAULT_TIME_ZONE)):%-d %B %Y, %H:%M}"


def drivers_erased_at(service_ends_at: datetime) -> datetime:
    """When what names its drivers is erased: 13 months after the end (finance.md 7, [D])."""
    year, month = divmod(service_ends_at.year * 12 + service_ends_at.month - 1 + 13, 12)
    day = min(service_ends_at.day, monthrange(year, month + 1)[1])
    return service_ends_at.replace(year=year, month=month + 1, day=day)


def next_stand(
    before: Stand, to: str, *, at: datetime, service_ends_at: datetime | None = None
) -> Stand:
    """The step ``to`` at ``at`` after ``before``.

    :raises StepRefused: it does not follow, the notice is of the past, or the service has ended.
    """
    if to not in STEPS[before.state]:
        raise StepRefused(f"{before.state or 'A new partner'} does not become {to}.")
    if before.starts_at is not None and at <= before.starts_at:
        raise StepRefused("A life goes forward: the step before began at that time or later.")
    has_left = before.service_ends_at is not None and before.service_ends_at <= at
    if before.state == "LEAVING" and has_left != (to == "CLOSED"):
        raise StepRefused(
            "Its service has ended: it can only be closed."
            if has_left
            else "It is served until its service ends; close it afterwards."
        )
    if to != "LEAVING":
        kept = before.service_ends_at if to == "CLOSED" else None
        return Stand(state=to, starts_at=at, service_ends_at=kept)
    if service_ends_at is None:
        raise StepRefused("Say when its service ends.")
    if service_ends_at < at:
        raise StepRefused("Its service cannot end in the past: what it did until now is settled.")
    return Stand(state=to, starts_at=at, service_ends_at=service_ends_at)


# What keeps a partner that left from being closed, in the order in which it is worked off; each is
# answered by the room that knows.
CLOSING: Mapping[str, str] = {
    "SERVICE_ENDED": "Its service has ended",
    "ACCESS_ENDED": "Clients are revoked, connections ended",
    "RECORDS_SETTLED": "No record is open, held or disputed",
    "STATEMENT_SETTLED": "The final statement is issued and settled",
    "LIMITS_OVER": "Objection, credit and late-record limits are over",
    "PACKAGE_MADE": "Its data package is made",
    "COVER_RELEASED": "Deposit and prefund are released by two persons",
}
# These have to be there before a deposit goes back.
BEFORE_RELEASE = ("SERVICE_ENDED", "RECORDS_SETTLED", "STATEMENT_SETTLED", "LIMITS_OVER")


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """One item of ``CLOSING`` as it stands: ``todo`` is empty where it is done."""

    item: str
    todo: str = ""
    told: str = ""


def in_order(answers: Iterable[OpenEnd]) -> list[OpenEnd]:
    """Every item of ``CLOSING`` once.

    :raises ValueError: a room did not answer, or two answered the same
    """
    given = list(answers)
    by_item = {one.item: one for one in given}
    if len(by_item) != len(given) or set(by_item) != set(CLOSING):
        raise ValueError(f"answered: {sorted(one.item for one in given)}")
    return [by_item[item] for item in CLOSING]
