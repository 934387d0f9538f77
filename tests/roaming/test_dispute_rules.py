"""The table of a dispute's stages, its reasons, deadlines, and what an end is worth."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roaming.models import Dispute, DisputeEvent
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused
from tests.makers import NOON, later

VERBS = sorted({verb for _, verb in rules.TRANSITIONS})
SIDES = sorted(DisputeEvent.Side.values)


class TestTable:
    @given(st.lists(st.tuples(st.sampled_from(VERBS), st.sampled_from(SIDES)), max_size=12))
    def test_no_sequence_of_verbs_leaves_it(self, steps):
        stage = "OPEN"
        for verb, side in steps:
            allowed = rules.TRANSITIONS.get((stage, verb))
            if allowed and side in allowed[0]:
                stage = rules.next_stage(stage, verb, side)
                assert stage == allowed[1]
            else:
                with pytest.raises(DisputeRefused):
                    rules.next_stage(stage, verb, side)
        assert stage in Dispute.Stage.values

    def test_knows_every_stage_of_the_database(self):
        reached = {"OPEN"} | {following for _, following in rules.TRANSITIONS.values()}

        assert reached == set(Dispute.Stage.values)

    def test_takes_nothing_at_an_end_and_ends_from_everywhere(self):
        started = {stage for stage, _ in rules.TRANSITIONS}

        assert started.isdisjoint(rules.ENDS)
        assert started | rules.ENDS == set(Dispute.Stage.values)
        assert all((stage, "expire") in rules.TRANSITIONS for stage in started)

    def test_waits_in_every_stage_but_the_ends(self):
        assert set(rules.STAGE_DAYS) == set(Dispute.Stage.values) - rules.ENDS

    def test_never_waits_past_the_absolute_end(self):
        assert rules.deadline_of("OPEN", now=NOON, expires_at=later(days=2)) == later(days=2)
        assert rules.deadline_of("AGREED", now=NOON, expires_at=later(days=2)) is None


class TestOpening:
    def _open(self, reason, text="", *, delivered=0, accepted=None):
        rules.check_opening(
            reason,
            text,
            delivered_at=NOON - timedelta(days=delivered),
            accepted_at=None if accepted is None else NOON - timedelta(days=accepted),
            now=NOON,
        )

    def test_has_fifteen_reasons_each_with_its_evidence(self):
        assert list(rules.REASONS) == [f"D{number:02d}" for number in range(1, 16)]
        assert all(reason.evidence for reason in rules.REASONS.values())

    @pytest.mark.parametrize("reason", sorted(rules.REASONS))
    def test_takes_each_in_time(self, reason):
        self._open(reason, "x" * 20, delivered=10)

    @pytest.mark.parametrize("reason", ["D06", "D11", "D12", "D14"])
    def test_takes_some_long_after_acceptance(self, reason):
        self._open(reason, delivered=70, accepted=60)
        with pytest.raises(DisputeRefused, match="60 days"):
            self._open(reason, delivered=70, accepted=61)

    @pytest.mark.parametrize(
        ("reason", "text", "delivered", "code"),
        [
            ("D99", "", 0, "REASON_UNKNOWN"),
            ("D15", " " * 30 + "x" * 19, 0, "TEXT_TOO_SHORT"),
            ("D01", "", 11, "TOO_LATE"),
        ],
    )
    def test_refuses(self, reason, text, delivered, code):
        with pytest.raises(DisputeRefused) as refused:
            self._open(reason, text, delivered=delivered, accepted=1)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("stage", "following", "worth"),
    [
        ("OPEN", "EXPIRED_CSO", "5"),
        ("OPEN", "WITHDRAWN", "9"),
        ("RESPONDED_PARTIAL", "EXPIRED_CSP", "7"),
        ("RESPONDED_PARTIAL", "AGREED", "7"),
        ("RESPONDED_PARTIAL", "WITHDRAWN", "9"),
        ("MEDIATION", "CLOSED", "7"),
        ("DECIDED", "CLOSED", "6"),
    ],
)
def test_what_an_end_is_worth(stage, following, worth):
    told = rules.worth_at_end(
        stage,
        following,
        claim=Decimal(9),
        disputed=Decimal(4),
        offered=Decimal(7),
        decided=Decimal(6),
    )

    assert told == Decimal(worth)


@pytest.mark.parametrize(
    ("worth", "is_after", "outcome"),
    [
        (9, False, "RELEASE"),
        (9, True, "RELEASE"),
        (0, False, "WITHDRAW"),
        (4, False, "REPLACEMENT"),
        (4, True, "CREDIT"),
        (0, True, "CREDIT"),
    ],
)
def test_what_becomes_of_the_record(worth, is_after, outcome):
    told = rules.outcome_of(Decimal(worth), claim=Decimal(9), is_after_acceptance=is_after)

    assert told == outcome
