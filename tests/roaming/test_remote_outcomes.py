"""Which outcomes of a remote request are taken: one, but for what came late or was taken away."""

import pytest

from roaming.rules.remote_outcomes import OutcomeVerdict, judge_outcome, reservation_after

TAKE, REPEAT, NOTHING = OutcomeVerdict.TAKE, OutcomeVerdict.REPEAT, OutcomeVerdict.NOTHING_WAITS


@pytest.mark.parametrize(
    ("kind", "answer", "before", "told", "verdict"),
    [
        ("START", "ACCEPTED", "", "DONE", TAKE),
        ("START", "", "", "DONE", TAKE),
        ("START", "NOT_REACHED", "", "DONE", TAKE),
        ("START", "REJECTED", "", "DONE", NOTHING),
        ("START", "UNKNOWN_SESSION", "", "FAILED", NOTHING),
        ("START", "ACCEPTED", "DONE", "DONE", REPEAT),
        ("START", "ACCEPTED", "DONE", "FAILED", REPEAT),
        ("START", "ACCEPTED", "TIMED_OUT", "DONE", TAKE),
        ("START", "ACCEPTED", "TIMED_OUT", "TIMED_OUT", REPEAT),
        ("RESERVE", "ACCEPTED", "DONE", "CANCELED", TAKE),
        ("RESERVE", "ACCEPTED", "CANCELED", "CANCELED", REPEAT),
        ("START", "ACCEPTED", "DONE", "CANCELED", REPEAT),
    ],
)
def test_each_verdict(kind, answer, before, told, verdict):
    assert judge_outcome(kind=kind, answer=answer, before=before, told=told) is verdict


@pytest.mark.parametrize(
    ("kind", "outcome", "state"),
    [
        ("RESERVE", "DONE", "RESERVED"),
        ("RESERVE", "OCCUPIED", "REFUSED"),
        ("RESERVE", "CANCELED", "CANCELED"),
        ("RESERVE", "TIMED_OUT", ""),
        ("CANCEL_RESERVATION", "DONE", "CANCELED"),
        ("CANCEL_RESERVATION", "UNKNOWN_RESERVATION", "CANCELED"),
        ("CANCEL_RESERVATION", "FAILED", ""),
        ("START", "DONE", ""),
    ],
)
def test_what_a_place_becomes(kind, outcome, state):
    assert reservation_after(kind=kind, outcome=outcome) == state
