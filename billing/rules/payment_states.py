"""States of payment files, of single payments, and of positions; the transitions that exist.

A file: DRAFT → APPROVED → EXPORTED → ACKNOWLEDGED → BOOKED; the bank may reject a part or all of
it. A payment follows its file, until the bank's statement books it or gives it back. A position's
state is set by nobody: it is read from what was paid in, instructed, booked and returned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

FILE_MOVES = {
    "DRAFT": frozenset({"APPROVED", "CANCELLED"}),
    "APPROVED": frozenset({"EXPORTED", "CANCELLED"}),
    "EXPORTED": frozenset({"ACKNOWLEDGED", "PART_REJECTED", "BOOKED", "FAILED"}),
    "ACKNOWLEDGED": frozenset({"PART_REJECTED", "BOOKED", "FAILED"}),
    "PART_REJECTED": frozenset({"BOOKED", "FAILED"}),
    "BOOKED": frozenset(),
    "FAILED": frozenset(),
    "CANCELLED": frozenset(),
}
PAYMENT_MOVES = {
    "PROPOSED": frozenset({"INSTRUCTED", "CANCELLED"}),
    "INSTRUCTED": frozenset({"ACKNOWLEDGED", "REJECTED", "BOOKED", "RETURNED"}),
    "ACKNOWLEDGED": frozenset({"REJECTED", "BOOKED", "RETURNED"}),
    # The bank may book and give back later: AC04 of a payout, an R-transaction of a collection.
    "BOOKED": frozenset({"RETURNED"}),
    "REJECTED": frozenset(),
    "RETURNED": frozenset(),
    "CANCELLED": frozenset(),
}
# What no longer comes: its amount is due again.
GONE = frozenset({"REJECTED", "RETURNED", "CANCELLED"})


class NoSuchMove(ValueError):
    """The state does not lead there."""


def move(moves: dict[str, frozenset[str]], state: str, to: str) -> str:
    """Return ``to``.

    :raises NoSuchMove: there is no such transition.
    """
    if to not in moves[state]:
        raise NoSuchMove(f"{state} does not become {to}.")
    return to


def file_state(state: str, payments: Iterable[str]) -> str:
    """What an exported file is, given its payments: the least that is true of all of them.

    BOOKED once none is open and one was booked, FAILED once none is left, PART_REJECTED while one
    was refused and others are open; it never goes back.
    """
    states = set(payments)
    booked = "BOOKED" in states or "RETURNED" in states
    if not states & {"INSTRUCTED", "ACKNOWLEDGED"}:
        wanted = "BOOKED" if booked else "FAILED"
    elif "REJECTED" in states:
        wanted = "PART_REJECTED"
    elif "INSTRUCTED" not in states:
        wanted = "ACKNOWLEDGED"
    else:
        wanted = state
    return wanted if wanted in FILE_MOVES[state] else state


class Told(StrEnum):
    """What the rejected or returned payment asks for."""

    BANK_DATA = "BANK_DATA"
    RETRY = "RETRY"
    MANDATE = "MANDATE"
    CONTACT = "CONTACT"
    ALARM = "ALARM"


_REASONS = {
    "AC01": Told.BANK_DATA,
    "AC04": Told.BANK_DATA,
    "AC06": Told.BANK_DATA,
    "AC13": Told.BANK_DATA,
    "RC01": Told.BANK_DATA,
    "AM04": Told.RETRY,
    "MD01": Told.MANDATE,
    "MD02": Told.MANDATE,
    "MD07": Told.MANDATE,
    "MS02": Told.CONTACT,
    "MS03": Told.CONTACT,
    "AM05": Told.ALARM,
}


def follow_up(code: str) -> Told:
    """What a reason code asks for; an unknown one is asked about."""
    return _REASONS.get(code, Told.CONTACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionFacts:
    """Of one position of a settlement; amounts in minor units, none below zero but ``due_minor``.

    ``due_minor``: what it gets (+) or pays (−). ``funded_minor``: final and not yet final pay-ins;
    ``covered_minor``: paid for it from its cover. ``instructed_minor``: payouts exported and not
    come back; ``booked_minor``: of these, what left the bank.
    """

    due_minor: int
    is_issued: bool = True
    due_date: date | None = None
    is_defaulted: bool = False
    funded_minor: int = 0
    covered_minor: int = 0
    instructed_minor: int = 0
    booked_minor: int = 0


def position_state(facts: PositionFacts, today: date) -> str:
    """Where a position stands on a day.

    Before issue CALCULATED. A debtor: AWAITING_FUNDS, PART_FUNDED, FUNDED; OVERDUE after its due
    date; DEFAULTED until COVERED. A creditor: PAYABLE until all of it is INSTRUCTED, then PAID.
    Nothing due: FLAT.
    """
    if not facts.is_issued:
        return "CALCULATED"
    if not facts.due_minor:
        return "FLAT"
    return _creditor(facts) if facts.due_minor > 0 else _debtor(facts, today)


def _creditor(facts: PositionFacts) -> str:
    if facts.booked_minor >= facts.due_minor:
        return "PAID"
    return "INSTRUCTED" if facts.instructed_minor >= facts.due_minor else "PAYABLE"


def _debtor(facts: PositionFacts, today: date) -> str:
    owed = -facts.due_minor
    if facts.funded_minor >= owed:
        return "FUNDED"
    if facts.funded_minor + facts.covered_minor >= owed:
        return "COVERED"
    if facts.is_defaulted:
        return "DEFAULTED"
    if facts.due_date is not None and today > facts.due_date:
        return "OVERDUE"
    return "PART_FUNDED" if facts.funded_minor else "AWAITING_FUNDS"
