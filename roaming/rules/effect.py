"""What another rule set does to a record: its verdict before and after, and by which codes."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from roaming.rules.catalog import Verdict, verdict_of
from roaming.rules.findings import Finding

Effect: TypeAlias = Literal["newly_held", "newly_rejected", "newly_passed", "unchanged"]
EFFECTS: tuple[Effect, ...] = ("newly_held", "newly_rejected", "newly_passed", "unchanged")
_OF_VERDICT: dict[Verdict, Effect] = {
    "HOLD": "newly_held",
    "REJECT": "newly_rejected",
    "ACCEPT": "newly_passed",
}
_CATCHING = frozenset({"HOLD", "REJECT"})


class Compared(NamedTuple):
    """One record under two rule sets.

    ``codes``: those that moved it; of a record that stayed where it was, those that caught it.
    """

    before: Verdict
    after: Verdict
    effect: Effect
    codes: frozenset[str]


def compare(before: Sequence[Finding], after: Sequence[Finding]) -> Compared:
    """Compare the findings of one record; WARN alone moves nothing.

    What makes a held record rejected counts as newly rejected, what lets a rejected one be held
    as newly held.
    """
    verdict_before, verdict_after = verdict_of(list(before)), verdict_of(list(after))
    caught_before, caught_after = _caught(before), _caught(after)
    if verdict_before == verdict_after:
        codes = frozenset(code for code, _ in caught_after)
        return Compared(verdict_before, verdict_after, "unchanged", codes)
    moved = frozenset(code for code, _ in caught_before ^ caught_after)
    return Compared(verdict_before, verdict_after, _OF_VERDICT[verdict_after], moved)


def _caught(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    return {(one.code, one.severity) for one in findings if one.severity in _CATCHING}
