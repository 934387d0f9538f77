"""Which two records speak of one session: the slow, readable twin of services/sql/match_2* to 4*.

Source: clearing specification §1.4. Each step looks only at what earlier steps left over, and
takes a pair only where neither side has another candidate; what several candidates share is left
to a person.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from roaming.rules.matching import Side, compare

SAME_START = timedelta(seconds=300)
SHARE_OF_THE_SHORTER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Side):
    """One side's record. ``in_window``: it is asked about now; others only make pairs ambiguous.

    ``is_required`` (SDR): the agreement asks for a counter-record. ``is_open`` (counter-record): it
    has no SDR yet.
    """

    id: UUID
    cso: UUID
    csp: UUID
    authorization_reference: str = ""
    service_session_id: str = ""
    location_id: str = ""
    in_window: bool = True
    is_required: bool = True
    is_open: bool = True


class Found(NamedTuple):
    """One pair, or one side that stays alone."""

    record_id: UUID | None
    counter_id: UUID | None
    step: int
    outcome: str
    differences: tuple[str, ...] = ()
    duplicate_of_id: UUID | None = None


def match_all(
    sdrs: Collection[Told], counters: Collection[Told], tolerances: Mapping[str, str]
) -> set[Found]:
    """What the ladder and the comparison find among these records."""
    found = _duplicates(counters)
    for step, fits in enumerate((_authorization, _session, _contract_and_evse), 1):
        found |= {
            Found(sdr.id, counter.id, step, *_compared(sdr, counter, tolerances))
            for sdr, counter in _unique(_candidates(sdrs, counters, found, fits))
        }
    found |= _doubtful(_candidates(sdrs, counters, found, _contract_and_place), tolerances)
    left_sdrs, left_counters = _left(sdrs, counters, found)
    found |= {
        Found(one.id, None, 0, "CSO_ONLY") for one in left_sdrs if one.in_window and one.is_required
    }
    return found | {Found(None, one.id, 0, "CSP_ONLY") for one in left_counters if one.in_window}


def _compared(sdr: Told, counter: Told, tolerances: Mapping[str, str]) -> tuple[str, tuple]:
    outcome, differences = compare(sdr, counter, tolerances)
    return outcome, tuple(differences)


def _duplicates(counters: Collection[Told]) -> set[Found]:
    """What says again, within minutes, what an earlier one of the same CSP says."""
    found = set()
    for one in counters:
        earlier = [
            other.id
            for other in counters
            if other.id < one.id and _same_parties(other, one) and _says_the_same(other, one)
        ]
        if one.is_open and earlier:
            found.add(Found(None, one.id, 0, "DUPLICATE", (), min(earlier)))
    return found


def _says_the_same(one: Told, other: Told) -> bool:
    is_named_alike = _session(one, other) or _authorization(one, other)
    return is_named_alike and abs(one.started_at - other.started_at) <= SAME_START


def _same_parties(one: Told, other: Told) -> bool:
    return (one.cso, one.csp) == (other.cso, other.csp)


def _authorization(sdr: Told, counter: Told) -> bool:
    return sdr.authorization_reference == counter.authorization_reference != ""


def _session(sdr: Told, counter: Told) -> bool:
    return sdr.service_session_id == counter.service_session_id != ""


def _contract_and_evse(sdr: Told, counter: Told) -> bool:
    return (
        sdr.pseudonym == counter.pseudonym != ""
        and sdr.evse_id == counter.evse_id != ""
        and abs(sdr.started_at - counter.started_at) <= SAME_START
    )


def _contract_and_place(sdr: Told, counter: Told) -> bool:
    shared = min(sdr.ended_at, counter.ended_at) - max(sdr.started_at, counter.started_at)
    shorter = min(sdr.ended_at - sdr.started_at, counter.ended_at - counter.started_at)
    return (
        sdr.pseudonym == counter.pseudonym != ""
        and sdr.location_id == counter.location_id != ""
        and shared >= SHARE_OF_THE_SHORTER * shorter
    )


_Pairs = Sequence[tuple[Told, Told]]


def _left(
    sdrs: Collection[Told], counters: Collection[Told], found: Collection[Found]
) -> tuple[list[Told], list[Told]]:
    """What no earlier step took."""
    records, taken = {one.record_id for one in found}, {one.counter_id for one in found}
    return (
        [one for one in sdrs if one.id not in records],
        [one for one in counters if one.is_open and one.id not in taken],
    )


def _candidates(
    sdrs: Collection[Told],
    counters: Collection[Told],
    found: Collection[Found],
    fits: Callable[[Told, Told], bool],
) -> _Pairs:
    left_sdrs, left_counters = _left(sdrs, counters, found)
    return [
        (sdr, counter)
        for sdr in left_sdrs
        for counter in left_counters
        if _same_parties(sdr, counter) and fits(sdr, counter)
    ]


def _unique(candidates: _Pairs) -> _Pairs:
    """Pairs of which neither side stands in another one, and that are asked about."""
    return [
        (sdr, counter)
        for sdr, counter in candidates
        if sum(sdr is one for one, _ in candidates) == 1
        and sum(counter is other for _, other in candidates) == 1
        and (sdr.in_window or counter.in_window)
    ]


def _doubtful(candidates: _Pairs, tolerances: Mapping[str, str]) -> set[Found]:
    """Each side once: with its partner where both are each other's first, else alone."""
    pairs = [
        (sdr, counter)
        for sdr, counter in candidates
        if sdr.id == min(one.id for one, other in candidates if other is counter)
        and counter.id == min(other.id for one, other in candidates if one is sdr)
        and (sdr.in_window or counter.in_window)
    ]
    records, counters = {sdr.id for sdr, _ in pairs}, {counter.id for _, counter in pairs}
    found = {
        Found(sdr.id, counter.id, 4, "AMBIGUOUS", _compared(sdr, counter, tolerances)[1])
        for sdr, counter in pairs
    }
    for sdr, counter in candidates:
        if sdr.in_window and sdr.id not in records:
            found.add(Found(sdr.id, None, 4, "AMBIGUOUS"))
        if counter.in_window and counter.id not in counters:
            found.add(Found(None, counter.id, 4, "AMBIGUOUS"))
    return found
