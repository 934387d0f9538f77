"""Break rating by hand: each break must turn one of its promises red, with the same examples."""

import inspect
import textwrap
from typing import NamedTuple

import pytest

from roaming.rules.rating import compiled, figures, price, quantities, slices, steps, trace
from tests.roaming import rating_promises as promises


class Mutant(NamedTuple):
    """In the function ``owner.name``, ``fragment``, which must be there once, is replaced.

    ``users`` are the modules that imported the function; ``owner`` may be a class.
    """

    title: str
    owner: object
    name: str
    fragment: str
    replacement: str
    promise: object
    users: tuple = ()


MUTANTS = [
    Mutant(
        "forgets that parking came last",
        quantities,
        "quantities_by_sums",
        "parking_came_last = some_parking > 0",
        "parking_came_last = False",
        promises.sums_and_pieces_agree,
    ),
    Mutant(
        "counts a piece from the start",
        slices,
        "pieces_of",
        "upto.energy - done.energy",
        "upto.energy",
        promises.the_pieces_of_a_session_are_the_session,
        (quantities,),
    ),
    Mutant(
        "lets the end of a time match",
        compiled,
        "_fits_clock",
        "starts <= minute < ends",
        "starts <= minute <= ends",
        promises.each_minute_has_the_first_element_that_matches,
    ),
    Mutant(
        "takes winter for summer",
        compiled.Compiled,
        "_day",
        "local_time(instant, self.zone)",
        "local_time(instant, __import__('zoneinfo').ZoneInfo('Etc/GMT-1'))",
        promises.each_minute_has_the_first_element_that_matches,
    ),
    Mutant(
        "has the last element win",
        slices,
        "rate_of",
        "in candidates",
        "in reversed(candidates)",
        promises.each_minute_has_the_first_element_that_matches,
        (quantities,),
    ),
    Mutant(
        "looks past an element without restrictions",
        compiled,
        "_up_to_the_first_sure",
        "candidates[: index + 1]",
        "candidates[index:][::-1]",
        promises.nothing_gets_past_an_element_without_restrictions,
    ),
    Mutant(
        "rounds a step down",
        steps,
        "surplus_of",
        "-total % (rate.step_size * _MICRO_PER_WH)",
        "0 - total % (rate.step_size * _MICRO_PER_WH)",
        promises.a_step_rounds_energy_up_to_the_next_whole_one,
        (quantities,),
    ),
    Mutant(
        "cuts the total",
        figures,
        "half_up",
        "return (2 * numerator + denominator) // (2 * denominator)",
        "return numerator // denominator",
        promises.the_trace_adds_up_to_the_price,
        (price,),
    ),
    Mutant(
        "hides the step in the trace",
        trace,
        "trace",
        "in _sorted(priced.surplus)",
        "in ()",
        promises.the_trace_adds_up_to_the_price,
        (promises,),
    ),
    Mutant(
        "cuts a period at the wrong end",
        slices,
        "_share",
        "2 * whole * part + of",
        "2 * whole * (of - part) + of",
        promises.a_cut_period_costs_what_the_whole_does,
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.title)
def test_a_broken_rule_turns_red(mutant, monkeypatch):
    source = textwrap.dedent(inspect.getsource(getattr(mutant.owner, mutant.name)))
    assert source.count(mutant.fragment) == 1
    module = inspect.getmodule(mutant.owner)
    names = dict(vars(module))
    exec(source.replace(mutant.fragment, mutant.replacement), names)
    for owner in (mutant.owner, *mutant.users):
        monkeypatch.setattr(owner, mutant.name, names[mutant.name])

    with pytest.raises(AssertionError):
        mutant.promise()
