"""The life of a record: every transition by its mover, with actor, instant and reason."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.models import Delivery, Hold, ReceiverOutage, SdrEvent, SdrState, SessionKey
from roaming.rules.lifecycle import TRANSITIONS, IllegalTransition, check_path
from roaming.services import lifecycle
from tests.makers import NOON, AgreementMaker, later, take_one

pytestmark = pytest.mark.django_db
FINAL = {"REJECTED", "ACCEPTED", "WITHDRAWN", "SUPERSEDED"}
# How a record gets to each state from which the table lets it go on.
WAYS = {
    "HELD": ("HELD", []),
    "DELIVERED": ("DELIVERED", []),
    "DISPUTED": ("DELIVERED", ["DISPUTED"]),
}
PASSED_AT_ONCE = {"RECEIVED", "VALIDATED", "RATED", ""}


def held():
    return take_one(csp_id="FR*NEW").record_id


def delivered(**terms):
    AgreementMaker(acceptance=terms.pop("acceptance", "EXPLICIT"), **terms)
    return take_one().record_id


def stand_in(state: str):
    start, path = WAYS[state]
    record_id = held() if start == "HELD" else delivered()
    for hop in path:
        lifecycle.move(record_id, hop, actor="maker", reason="on the way", now=NOON)
    return record_id


def hops():
    for here, theres in TRANSITIONS.items():
        if here in WAYS:
            yield from ((here, there) for there in sorted(theres))


@pytest.mark.parametrize(("here", "there"), list(hops()))
def test_each_transition_is_told_with_actor_instant_and_reason(here, there):
    record_id = stand_in(here)
    before = SdrState.objects.get(id=record_id)

    after = lifecycle.move(record_id, there, actor="olga", reason="because", now=later(hours=1))

    event = SdrEvent.objects.get(record_id=record_id, version=before.version + 1)
    assert (event.from_state, event.to_state, event.path) == (here, there, [there])
    assert (event.actor, event.reason, event.at) == ("olga", "because", later(hours=1))
    assert (after.state, after.version) == (there, before.version + 1)
    assert Hold.objects.filter(record_id=record_id).exists() == (there == "HELD")


def test_each_transition_of_intake_is_told_with_actor_instant_and_reason():
    """Intake passes several states at one instant; the reason is the codes of what it found."""
    passed = delivered()
    refused = take_one(sdr_id="NLX-R", service_session_id="S-R", energy_kwh="-3").record_id
    waiting = take_one(sdr_id="NLX-H", service_session_id="S-H", csp_id="FR*NEW").record_id
    anew = ["VALIDATED", "RATED", "HELD"]
    lifecycle.move(waiting, anew, actor="olga", reason="rated anew", now=later(hours=1))

    told = set()
    reasons = {(passed, 1): "", (refused, 1): "V201", (waiting, 1): "V003"}
    for (record_id, version), reason in (reasons | {(waiting, 2): "rated anew"}).items():
        event = SdrEvent.objects.get(record_id=record_id, version=version)
        told |= set(pairwise([event.from_state, *event.path]))
        assert event.actor == ("olga" if version > 1 else "tests")
        assert event.at == (later(hours=1) if version > 1 else NOON)
        assert reason in event.reason
        assert bool(reason) == bool(event.reason)
    here = {(a, b) for a, theres in TRANSITIONS.items() if a not in WAYS for b in theres}
    assert here <= told


def test_the_table_has_no_other_way_out():
    assert {here for here, theres in TRANSITIONS.items() if not theres} == FINAL
    assert set(TRANSITIONS) - FINAL - PASSED_AT_ONCE == set(WAYS)


@pytest.mark.parametrize("final", ["ACCEPTED", "WITHDRAWN", "SUPERSEDED"])
def test_nothing_leaves_a_final_state(final):
    record_id = delivered()
    lifecycle.move(record_id, final, actor="olga", reason="end", now=NOON)

    for state in TRANSITIONS:
        if state:
            with pytest.raises(IllegalTransition):
                lifecycle.move(record_id, state, actor="olga", reason="more", now=NOON)

    assert SdrState.objects.get(id=record_id).version == 2


def test_a_record_that_ends_frees_its_session():
    record_id = delivered()

    lifecycle.move(record_id, "WITHDRAWN", actor="cso", reason="wrong card", now=NOON)

    assert not SessionKey.objects.filter(record_id=record_id).exists()


def test_both_sides_hear_of_a_move_in_order():
    record_id = delivered()
    state = lifecycle.move(record_id, "DISPUTED", actor="csp", reason="D01", now=NOON)

    kinds = Delivery.objects.filter(receiver=state.buyer_id).order_by("sequence")
    assert [d.kind for d in kinds] == ["SDR", "SDR_STATE"]
    news = Delivery.objects.get(receiver=state.seller_id)
    assert (news.kind, news.subject_version, news.sequence) == ("SDR_STATE", 2, 1)


def test_what_was_moved_meanwhile_is_left_alone():
    record_id = delivered()
    lifecycle.move(record_id, "DISPUTED", actor="csp", reason="D01", now=NOON)

    moved = lifecycle.move_many(
        [record_id], "DELIVERED", ["ACCEPTED"], actor="clock", reason="late", now=NOON
    )

    assert moved == []
    assert SdrState.objects.get(id=record_id).state == "DISPUTED"


class TestDeemedAcceptance:
    def test_comes_when_the_days_are_over(self):
        record_id = delivered(acceptance="DEEMED", acceptance_days=10)

        assert lifecycle.deem_accepted(now=later(days=10) - timedelta(seconds=1)) == 0
        assert lifecycle.deem_accepted(now=later(days=10)) == 1
        assert lifecycle.deem_accepted(now=later(days=11)) == 0
        state = SdrState.objects.get(id=record_id)
        assert (state.state, state.accepted_at) == ("ACCEPTED", later(days=10))

    def test_waits_while_the_csp_cannot_be_reached(self):
        record_id = delivered(acceptance="DEEMED", acceptance_days=10)
        state = SdrState.objects.get(id=record_id)
        ReceiverOutage.objects.create(
            receiver_id=state.buyer_id, starts_at=later(days=2), ends_at=later(days=5)
        )

        assert lifecycle.deem_accepted(now=later(days=12)) == 0
        assert lifecycle.deem_accepted(now=later(days=13)) == 1

    def test_passes_over_what_is_disputed(self):
        record_id = delivered(acceptance="DEEMED", acceptance_days=10)
        lifecycle.move(record_id, "DISPUTED", actor="csp", reason="D01", now=NOON)

        assert lifecycle.deem_accepted(now=later(days=30)) == 0

    def test_never_comes_where_the_csp_must_say_so(self):
        delivered(acceptance="EXPLICIT")

        assert lifecycle.deem_accepted(now=later(days=400)) == 0


@given(st.lists(st.sampled_from([s for s in TRANSITIONS if s]), max_size=12))
def test_no_sequence_of_moves_leaves_the_table(path):
    try:
        check_path("", path)
    except IllegalTransition:
        return
    here = ""
    for there in path:
        assert there in TRANSITIONS[here]
        assert here not in FINAL
        here = there
