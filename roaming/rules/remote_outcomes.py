"""What becomes of the outcome that a CSO tells of a remote request.

Only an accepted request has an outcome, and one alone; but a request that we gave up waiting for
may still come to its real end, and a place that was kept may be taken away later.
Source: protocols.md §1.10.
"""

from enum import Enum


class OutcomeVerdict(Enum):
    """What to do with an outcome."""

    TAKE = "it is stored and told to the asker"
    REPEAT = "it is known already: answered, not told again"
    NOTHING_WAITS = "the request was not accepted, so it has no outcome"


# What was not answered may have been accepted all the same: its outcome can be faster than its
# answer, or the answer was lost.
_MAY_HAVE_AN_OUTCOME = frozenset({"", "ACCEPTED", "NOT_REACHED"})


def judge_outcome(*, kind: str, answer: str, before: str, told: str) -> OutcomeVerdict:
    """``before`` is the outcome that is stored, "" none; ``told`` the one that came."""
    if answer not in _MAY_HAVE_AN_OUTCOME:
        return OutcomeVerdict.NOTHING_WAITS
    if not before:
        return OutcomeVerdict.TAKE
    if before == "TIMED_OUT" and told != "TIMED_OUT":
        return OutcomeVerdict.TAKE
    if kind == "RESERVE" and before == "DONE" and told == "CANCELED":
        return OutcomeVerdict.TAKE
    return OutcomeVerdict.REPEAT


def reservation_after(*, kind: str, outcome: str) -> str:
    """What a place becomes by the outcome of a request about it; "" where it stays as it is."""
    if kind == "CANCEL_RESERVATION":
        return "CANCELED" if outcome in ("DONE", "UNKNOWN_RESERVATION") else ""
    if kind != "RESERVE" or outcome == "TIMED_OUT":
        return ""
    return {"DONE": "RESERVED", "CANCELED": "CANCELED"}.get(outcome, "REFUSED")
