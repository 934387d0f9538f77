"""The transition table: what may follow what, and what intake takes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.models import SdrState
from roaming.rules.lifecycle import (
    LIVE_STATES,
    TRANSITIONS,
    IllegalTransition,
    check_path,
    path_of_intake,
)

STATES = sorted(SdrState.State.values)


class TestTable:
    def test_knows_exactly_the_states_of_the_database(self):
        assert set(TRANSITIONS) - {""} == set(STATES)

    def test_leads_every_state_to_an_end(self):
        ends = {state for state, following in TRANSITIONS.items() if not following}

        assert ends == {"REJECTED", "ACCEPTED", "WITHDRAWN", "SUPERSEDED"}

    def test_counts_as_live_whatever_was_not_refused_or_taken_back(self):
        dead = {"RECEIVED", "REJECTED", "WITHDRAWN", "SUPERSEDED"}

        assert set(STATES) - dead == LIVE_STATES

    @given(st.lists(st.sampled_from(STATES), max_size=6))
    def test_takes_a_path_only_hop_by_hop(self, path):
        hops = list(zip(["", *path], path, strict=False))
        is_legal = all(there in TRANSITIONS[here] for here, there in hops)

        if is_legal:
            check_path("", path)
        else:
            with pytest.raises(IllegalTransition):
                check_path("", path)


class TestIntake:
    @pytest.mark.parametrize(
        ("verdict", "acceptance", "end"),
        [
            ("REJECT", None, "REJECTED"),
            ("HOLD", None, "HELD"),
            ("ACCEPT", "DEEMED", "DELIVERED"),
            ("ACCEPT", "EXPLICIT", "DELIVERED"),
            ("ACCEPT", "ON_VALIDATION", "ACCEPTED"),
        ],
    )
    def test_ends_where_verdict_and_agreement_say(self, verdict, acceptance, end):
        path = path_of_intake(verdict, acceptance)

        check_path("", path)
        assert path[-1] == end
