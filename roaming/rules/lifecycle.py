"""The one transition table of a record's life.

ACCEPTED ends it here: what billing does afterwards is told by billing's rows.
"""

from collections.abc import Mapping, Sequence

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "": frozenset({"RECEIVED"}),
    "RECEIVED": frozenset({"REJECTED", "HELD", "VALIDATED"}),
    # HELD again: checked anew, and held for other reasons, which its sender must hear.
    "HELD": frozenset({"VALIDATED", "REJECTED", "WITHDRAWN", "SUPERSEDED", "HELD"}),
    "VALIDATED": frozenset({"RATED"}),
    "RATED": frozenset({"HELD", "DELIVERED"}),
    # Back to HELD: the CSP kept silent and no authorization of it is known (ageing, day 10).
    "DELIVERED": frozenset({"ACCEPTED", "DISPUTED", "HELD", "WITHDRAWN", "SUPERSEDED"}),
    "DISPUTED": frozenset({"ACCEPTED", "WITHDRAWN", "SUPERSEDED"}),
    "REJECTED": frozenset(),
    "ACCEPTED": frozenset(),
    "WITHDRAWN": frozenset(),
    "SUPERSEDED": frozenset(),
}
LIVE_STATES = frozenset({"HELD", "VALIDATED", "RATED", "DELIVERED", "DISPUTED", "ACCEPTED"})


class IllegalTransition(Exception):
    """A step that the table does not have; nothing was changed."""


def check_path(from_state: str, path: Sequence[str]) -> None:
    """Check every hop of ``path``, which starts after ``from_state`` ("" = a new record).

    :raises IllegalTransition: naming the first hop that the table lacks.
    """
    here = from_state
    for there in path:
        if there not in TRANSITIONS[here]:
            raise IllegalTransition(f"{here or 'nothing'} does not become {there}")
        here = there


def path_of_intake(verdict: str, acceptance: str | None) -> list[str]:
    """The states a new record passes at intake.

    A valid record is rated (until tariffs are agreed the claim is the price), owed to the CSP, and
    where the agreement says ON_VALIDATION accepted at once.
    """
    if verdict != "ACCEPT":
        return list(_PATHS[verdict])
    return list(_PATHS["ON_VALIDATION" if acceptance == "ON_VALIDATION" else "ACCEPT"])


def path_of_credit(state_of_original: str) -> list[str]:
    """A credit of an accepted record is accepted at once; else both disappear pairwise."""
    end = "ACCEPTED" if state_of_original == "ACCEPTED" else "WITHDRAWN"
    return ["RECEIVED", "VALIDATED", "RATED", "DELIVERED", end]


def fate_of_original(state: str, *, is_credit: bool) -> str:
    """Where a credit or replacement moves its original; "" where it stays as it is."""
    if state not in ("HELD", "DELIVERED", "DISPUTED"):
        return ""
    return "WITHDRAWN" if is_credit else "SUPERSEDED"


_PATHS: Mapping[str, tuple[str, ...]] = {
    "REJECT": ("RECEIVED", "REJECTED"),
    "HOLD": ("RECEIVED", "HELD"),
    "ACCEPT": ("RECEIVED", "VALIDATED", "RATED", "DELIVERED"),
    "ON_VALIDATION": ("RECEIVED", "VALIDATED", "RATED", "DELIVERED", "ACCEPTED"),
}
for _path in _PATHS.values():
    check_path("", _path)
