"""An offer to agree: which step follows which, whose step it is, and what no offer may say.

One table of steps, held again by the trigger ``offer_step_follows``. What is wrong is told by a
key; its words are those of whoever shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

MAKER, TAKER, CLOCK = "MAKER", "TAKER", "CLOCK"
OFFERED = "OFFERED"
# Who is silent for so long has not agreed.
VALID_FOR = timedelta(days=30)
# More open ones of a party are no offers but a nuisance.
MOST_OPEN = 50
_MOST_DAYS = 366
_DAYS = ("acceptance_days", "warn_after_days", "refuse_after_days", "tariff_notice_days")


class Step(NamedTuple):
    """Where a verb leads, and which side may say it."""

    to: str
    side: str


VERBS: Mapping[str, Step] = {
    "accept": Step("ACCEPTED", TAKER),
    "decline": Step("DECLINED", TAKER),
    "counter": Step("COUNTERED", TAKER),
    "withdraw": Step("WITHDRAWN", MAKER),
    "expire": Step("EXPIRED", CLOCK),
}
# "" is before an offer is made. What was answered stays answered: a change of mind is a new offer.
STEPS: Mapping[str, frozenset[str]] = {
    "": frozenset({OFFERED}),
    OFFERED: frozenset(step.to for step in VERBS.values()),
    **{step.to: frozenset() for step in VERBS.values()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What two sides agree between themselves; the rest is as before, or as is usual here.

    ``reduction``: by how much the buyer pays less than the claim, as a fraction.
    """

    mode: str
    service_class: str
    price_basis: str
    acceptance: str
    acceptance_days: int
    warn_after_days: int | None
    refuse_after_days: int | None
    tariff_notice_days: int
    reduction: Decimal
    starts_at: datetime
    ends_at: datetime | None = None


def standing(state: str, *, expires_at: datetime, now: datetime) -> str:
    """How an offer stands at ``now``: it runs out on time, also where the clock is late."""
    return "EXPIRED" if state == OFFERED and expires_at <= now else state


def verbs_of(side: str, state: str) -> list[str]:
    """What a side may say while the offer stands so, in the order of the table."""
    return [name for name, step in VERBS.items() if step.side == side and step.to in STEPS[state]]


def runs_out_at(made_at: datetime, starts_at: datetime) -> datetime:
    """After 30 days, or when it was to start: nobody agrees about the past."""
    return min(made_at + VALID_FOR, starts_at)


def wrong_terms(
    terms: Terms,
    *,
    now: datetime,
    begun_at: datetime | None,
    ended_at: datetime | None,
    house_keeps_commission: bool,
) -> dict[str, str]:
    """Keys of what is wrong, by field; empty is good.

    ``begun_at``, ``ended_at``: of the version that it follows. ``house_keeps_commission``: that
    version pays the clearing house, which two partners cannot agree away.
    """
    wrong = {
        "starts_at": _wrong_start(terms.starts_at, now, begun_at, ended_at),
        "reduction": _wrong_reduction(terms.reduction, house_keeps_commission),
        **{name: "too_many_days" if _is_too_long(getattr(terms, name)) else "" for name in _DAYS},
    }
    if terms.ends_at is not None and terms.ends_at <= terms.starts_at:
        wrong["ends_at"] = "empty_period"
    if terms.acceptance == "DEEMED" and not terms.acceptance_days:
        wrong["acceptance_days"] = "no_days"
    return {name: key for name, key in wrong.items() if key}


def _wrong_start(
    starts_at: datetime, now: datetime, begun_at: datetime | None, ended_at: datetime | None
) -> str:
    if starts_at <= now:
        return "past"
    if begun_at is not None and starts_at <= begun_at:
        return "before_version"
    return "within_version" if ended_at is not None and starts_at < ended_at else ""


def _wrong_reduction(reduction: Decimal, house_keeps_commission: bool) -> str:
    if not 0 <= reduction <= 1:
        return "no_fraction"
    return "house_commission" if house_keeps_commission and reduction else ""


def _is_too_long(days: int | None) -> bool:
    return days is not None and not 0 <= days <= _MOST_DAYS
