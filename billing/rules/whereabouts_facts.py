"""What is known of one record where *Where is my record?* is asked, and how sentences are said."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, gettext_noop

from billing.rules.supply_period import local_instant
from billing.rules.whereabouts_told import (
    AnswerTold,
    BookedTold,
    DisputeTold,
    FindingTold,
    SentTold,
    StatementTold,
    WindowTold,
)

# Times in sentences are on the group's clocks; records without an agreement have none.
DEFAULT_ZONE = "Europe/Brussels"
BY_ITSELF = gettext_noop("Nothing; it comes by itself.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the tables say of one record; ``window`` is where it is or, uncleared, would go.

    ``buyer_blocked_at``: since then what its buyer bought in this group waits at clearing (V703).
    """

    sent: SentTold
    state: str
    changed_at: datetime
    delivered_at: datetime | None
    accepted_at: datetime | None
    reason: str
    was_held: bool
    findings: tuple[FindingTold, ...]
    acceptance: str
    acceptance_days: int
    window: WindowTold | None
    booked: BookedTold | None
    settled_at: datetime | None
    statement: StatementTold | None
    money_flow: str
    credits_sdr_id: str = ""
    dispute: DisputeTold | None = None
    answers: tuple[AnswerTold, ...] = ()
    buyer_blocked_at: datetime | None = None
    is_blocked_by_hand: bool = False


def say(text: str, **values: object) -> str:
    """In the language of who reads it, which is English for systems."""
    return gettext(text) % values if values else gettext(text)


def in_time(facts: Facts) -> str:
    """Until when a held record must be released to be in the next statement."""
    if facts.window is None:
        return ""
    told = say(
        "Released before %(closing)s it goes into the statement of %(period)s.",
        closing=closing(facts.window),
        period=facts.window.title,
    )
    return f" {told}"


def next_of_dispute(facts: Facts) -> str:
    if facts.dispute is None or not facts.dispute.next_step:
        return ""
    if facts.dispute.deadline_at is None:
        return say(facts.dispute.next_step)
    zone = facts.window.time_zone if facts.window else DEFAULT_ZONE
    until = say("Until %(day)s.", day=local_instant(facts.dispute.deadline_at, zone))
    return f"{say(facts.dispute.next_step)} {until}"


def closing(window: WindowTold) -> str:
    return local_instant(window.closes_at, window.time_zone)
