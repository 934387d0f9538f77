"""The life of a service session as a pure rule: what is over stays, and nothing goes back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.models import ServiceSession
from roaming.rules.session_states import FINAL, TRANSITIONS, Known, Told, Verdict, judge

NOON = datetime(2026, 11, 14, 12, tzinfo=UTC)
STATES = sorted(state for state in TRANSITIONS if state not in ("", "AUTHORIZED"))
told = st.builds(
    Told,
    st.sampled_from(STATES),
    st.integers(0, 20).map(lambda s: NOON + timedelta(seconds=s)),
    st.sampled_from(["a", "b", "c", "d"]),
)


def run(words: list[Told]) -> list[Known]:
    """A session through everything that is told of it, one state after each word."""
    known, life = None, []
    for word in words:
        if judge(known, word) is Verdict.WRITE:
            known = Known(*word)
        life.append(known)
    return life


@given(st.lists(told, min_size=1, max_size=12))
def test_what_is_over_never_changes(words):
    life = run(words)
    over = next((at for at, known in enumerate(life) if known.state in FINAL), None)
    if over is not None:
        assert set(life[over:]) == {life[over]}


@given(st.lists(told, min_size=1, max_size=12))
def test_a_session_is_never_older_than_it_was(words):
    stamps = [known.updated_at for known in run(words)]
    assert stamps == sorted(stamps)


@given(st.lists(told, min_size=1, max_size=12))
def test_what_runs_never_goes_back(words):
    states = [known.state for known in run(words)]
    if "ACTIVE" in states:
        after = states[states.index("ACTIVE") :]
        assert set(after) <= {"ACTIVE", "COMPLETED", "INVALID"}


@given(st.lists(told, min_size=1, max_size=12))
def test_telling_all_of_it_again_changes_nothing_once_it_is_over(words):
    life = run(words)
    if life[-1].state in FINAL:
        assert run([*words, *words])[-1] == life[-1]


def test_the_first_word_may_be_the_last():
    assert judge(None, Told("COMPLETED", NOON, "a")) is Verdict.WRITE


def test_a_session_that_only_we_know_of_takes_whatever_its_cso_says_first():
    known = Known("AUTHORIZED", None, "")
    assert judge(known, Told("PENDING", NOON - timedelta(hours=1), "a")) is Verdict.WRITE


@pytest.mark.parametrize(
    ("known", "said", "verdict"),
    [
        (Known("ACTIVE", NOON, "a"), Told("ACTIVE", NOON, "a"), Verdict.SAME),
        (Known("ACTIVE", NOON, "a"), Told("ACTIVE", NOON, "b"), Verdict.WRITE),
        (
            Known("ACTIVE", NOON, "a"),
            Told("COMPLETED", NOON - timedelta(seconds=1), "b"),
            Verdict.OLDER,
        ),
        (Known("ACTIVE", NOON, "a"), Told("PENDING", NOON, "b"), Verdict.BACKWARDS),
        (Known("COMPLETED", NOON, "a"), Told("COMPLETED", NOON, "a"), Verdict.SAME),
        (Known("COMPLETED", NOON, "a"), Told("ACTIVE", NOON, "b"), Verdict.OVER),
        (Known("COMPLETED", NOON, "a"), Told("INVALID", NOON, "b"), Verdict.OVER),
        (Known("RESERVED", NOON, "a"), Told("COMPLETED", NOON, "b"), Verdict.WRITE),
    ],
)
def test_each_verdict(known, said, verdict):
    assert judge(known, said) is verdict


def test_the_table_knows_the_states_of_the_model():
    assert set(TRANSITIONS) - {""} == set(ServiceSession.State.values)
