"""What becomes of a service session when its CSO tells of it again.

A session is PENDING or RESERVED, runs (ACTIVE) and is over (COMPLETED); any of them may turn
INVALID, which is never billed. AUTHORIZED is our own: the CSP allowed it, and its CSO has not told
of it yet. Source: OCPI 2.2.1 §9.3.2 (SessionStatus), protocols.md §1.2.6 (out of order), §1.11.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import NamedTuple

FINAL = frozenset({"COMPLETED", "INVALID"})
_BEFORE_IT_RUNS = frozenset({"PENDING", "RESERVED", "ACTIVE", "COMPLETED", "INVALID"})
TRANSITIONS: Mapping[str, frozenset[str]] = {
    # The first that is heard of a session may be its end.
    "": _BEFORE_IT_RUNS | {"AUTHORIZED"},
    "AUTHORIZED": _BEFORE_IT_RUNS,
    "PENDING": _BEFORE_IT_RUNS,
    "RESERVED": _BEFORE_IT_RUNS,
    "ACTIVE": frozenset({"ACTIVE", "COMPLETED", "INVALID"}),
    "COMPLETED": frozenset(),
    "INVALID": frozenset(),
}


class Verdict(Enum):
    """What to do with what was told."""

    WRITE = "it is written"
    SAME = "the same again: nothing changes"
    OLDER = "something newer is known: nothing changes"
    OVER = "the session is over and stays as it is"
    BACKWARDS = "a session that runs does not go back to before it ran"


class Known(NamedTuple):
    """A session as it is stored. ``updated_at`` is its CSO's; None while only we know of it."""

    state: str
    updated_at: datetime | None
    content_sha256: str


class Told(NamedTuple):
    """A session as it is told now."""

    state: str
    updated_at: datetime
    content_sha256: str


def judge(known: Known | None, told: Told) -> Verdict:
    """Whether ``told`` is written over ``known`` (None: a new session).

    What is over stays, so that a record is compared with one and the same session; a repeat of
    what is stored is no fault. Told at the same instant, the later word counts.
    """
    if known is None:
        return Verdict.WRITE
    if told.content_sha256 == known.content_sha256:
        return Verdict.SAME
    if known.state in FINAL:
        return Verdict.OVER
    if known.updated_at is not None and told.updated_at < known.updated_at:
        return Verdict.OLDER
    return Verdict.WRITE if told.state in TRANSITIONS[known.state] else Verdict.BACKWARDS
