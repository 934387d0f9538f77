"""What a conformance case is, and what it can find."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from roaming.protocols.ocpi.simulator.exchanges import Call
from roaming.protocols.ocpi.simulator.options import CPO, EMSP

if TYPE_CHECKING:
    from roaming.protocols.ocpi.certify.visit import Visit

SINCE_2_2 = ("2.2.1", "2.3.0")


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


class Phase(StrEnum):
    """When a case is asked: while we are strangers, registered, or about to leave."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class NotApplicable(Exception):
    """The case cannot be asked of this partner; the message says why."""


@dataclass(frozen=True)
class Seen:
    """What came, in words, and whether that is what was expected."""

    came: str
    ok: bool


@dataclass(frozen=True)
class Case:
    """``asks`` of a partner in one of ``roles`` (OCPI's words) and ``versions``."""

    id: str
    asks: str
    expects: str
    check: Callable[["Visit"], Seen]
    roles: tuple[str, ...]
    versions: tuple[str, ...]
    phase: Phase


CASES: list[Case] = []


def case(
    case_id: str,
    asks: str,
    expects: str,
    *,
    roles: tuple[str, ...] = (CPO, EMSP),
    versions: tuple[str, ...] = ("2.1.1", *SINCE_2_2),
    phase: Phase = Phase.DURING,
) -> Callable[[Callable[["Visit"], Seen]], Callable[["Visit"], Seen]]:
    """Enter a function into ``CASES``, in the order of the files."""

    def enter(check: Callable[["Visit"], Seen]) -> Callable[["Visit"], Seen]:
        CASES.append(Case(case_id, asks, expects, check, roles, versions, phase))
        return check

    return enter


def seen(call: Call, ok: bool, also: str = "") -> Seen:
    """What a call came to, with what else was looked at."""
    return Seen(f"{call.summary}; {also}" if also else call.summary, ok)
