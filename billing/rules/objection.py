"""Until when a statement may be objected to, what stops an objection, and what an answer needs.

finance.md 1.2: a provisional statement until noon of business day 5, which stands on it; a final
one for 60 days, to the end of the day that stands on it.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

LONGEST_TEXT = 2000
# Of the one instant that divides two days, this much belongs to the first.
_LAST_OF_A_DAY = timedelta(microseconds=1)
Remedy = Literal["CANCELLATION", "ADJUSTMENT", "CORRECTION"]


class ObjectionRefused(Exception):
    """``code`` is stable and for programs; the text says what to do instead."""

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code = code


class Contested(NamedTuple):
    """A statement as it stands when somebody objects to it."""

    is_provisional: bool
    settlement_state: str
    until_at: datetime


def objectionable_until(*, until_at: datetime | None, until_date: date, tz: str) -> datetime:
    """The last UTC instant at which a statement may be objected to, from what it states itself."""
    if until_at is not None:
        return until_at
    midnight = datetime.combine(until_date + timedelta(days=1), time(), ZoneInfo(tz))
    return midnight.astimezone(UTC) - _LAST_OF_A_DAY


def refuse_raising(statement: Contested, *, at: datetime) -> None:
    """:raises ObjectionRefused: the statement no longer counts, or the time is over."""
    if statement.settlement_state == "CANCELLED":
        raise ObjectionRefused(
            "STATEMENT_CANCELLED",
            gettext(
                "This calculation was cancelled; object to the statement that comes in its place."
            ),
        )
    if statement.is_provisional and statement.settlement_state != "CALCULATED":
        raise ObjectionRefused(
            "STATEMENT_RELEASED", gettext("The final statement is issued; object to that one.")
        )
    if at > statement.until_at:
        raise ObjectionRefused(
            "OBJECTION_TOO_LATE",
            gettext(
                "Objections were possible until %(day)s UTC. Dispute the records in "
                "question, or write to the clearing house."
            )
            % {"day": f"{statement.until_at:%Y-%m-%d %H:%M}"},
        )


def refuse_grounds(*, text: str, amount_minor: int | None) -> None:
    """:raises ObjectionRefused: no words, too many, or an amount that is not above zero."""
    if not text.strip():
        raise ObjectionRefused("OBJECTION_TEXT_MISSING", gettext("Say in words what is wrong."))
    if len(text) > LONGEST_TEXT:
        raise ObjectionRefused(
            "OBJECTION_TEXT_TOO_LONG",
            gettext("Say it in at most %(most)s characters.") % {"most": f"{LONGEST_TEXT:,}"},
        )
    if amount_minor is not None and not 0 < amount_minor < 2**63:
        raise ObjectionRefused(
            "OBJECTION_AMOUNT_WRONG",
            gettext("The amount in doubt is a positive number of minor units."),
        )


def refuse_remedy(remedy: Remedy, *, is_provisional: bool, settlement_state: str) -> None:
    """Nothing issued is cancelled, and only what is issued is corrected by a run.

    :raises ObjectionRefused: the remedy does not fit the settlement as it stands.
    """
    if remedy == "CANCELLATION" and (not is_provisional or settlement_state == "ISSUED"):
        raise ObjectionRefused(
            "STATEMENT_RELEASED",
            gettext(
                "It is issued and stays as it is: mend it by an adjustment or a correction run."
            ),
        )
    if remedy == "CORRECTION" and settlement_state != "ISSUED":
        raise ObjectionRefused(
            "STATEMENT_NOT_ISSUED",
            gettext(
                "Nothing is issued that a correction run could correct: cancel the calculation, "
                "or adjust."
            ),
        )


def next_step(state: str, remedy: str) -> str:
    """What the partner may expect, in one sentence."""
    if state == "OPEN":
        return gettext(
            "The clearing house answers; a provisional statement does not get final before."
        )
    return {
        "": gettext("The statement stays as it is; what records say can still be disputed."),
        "CANCELLATION": gettext(
            "It is calculated anew; a new provisional statement takes its place."
        ),
        "ADJUSTMENT": gettext("The adjustment stands as a line of its own on the next statement."),
        "CORRECTION": gettext("A credit and a replacement per record stand on the next statement."),
    }[remedy]
