"""What happens while the other side keeps silent."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from roaming.models import (
    AgeingStep,
    Authorization,
    CounterRecord,
    Delivery,
    Dispute,
    RawRecord,
    SdrState,
)
from roaming.services import matching
from roaming.services.ageing import age_one_sided
from tests import makers
from tests.makers import NOON, numbered_record, take
from tests.roaming.test_matching import counter, run, send

pytestmark = pytest.mark.django_db


def state() -> str:
    return SdrState.objects.get().state


def on_day(days: int) -> dict[str, int]:
    return age_one_sided(now=NOON + timedelta(days=days))


class TestOnlyTheCsoKnows:
    @pytest.fixture(autouse=True)
    def only_ours(self):
        makers.AgreementMaker(counter_records="REQUIRED", acceptance="DEEMED")
        take(numbered_record(1))
        run()

    def test_nothing_happens_before_its_day(self):
        assert on_day(2) == {}

    def test_the_csp_is_reminded_once(self):
        assert [on_day(3), on_day(4)] == [{"CSO_ONLY_3": 1}, {}]
        reminder = Delivery.objects.get(kind="REMINDER")
        assert (reminder.receiver, reminder.sequence) == (makers.voltaire(), 2)

    def test_without_an_authorization_it_is_held_and_then_rejected(self):
        on_day(10)
        assert state() == "HELD"
        on_day(30)
        assert state() == "REJECTED"

    def test_with_an_authorization_it_is_deemed_accepted(self):
        Authorization.objects.create(
            csp=makers.voltaire(),
            cso=makers.nordlicht(),
            reference="A1",
            is_granted=True,
            service_session_id="S-00001",
            authorized_at=NOON,
        )
        on_day(10)
        assert state() == "ACCEPTED"

    def test_a_late_counter_record_ends_the_ageing(self):
        send(counter(1))
        run("late")
        assert on_day(40) == {}

    @pytest.mark.violates("ageing_stage_is_passed_once")
    def test_a_stage_is_passed_once(self):
        on_day(3)
        step = AgeingStep.objects.get()
        with (
            pytest.raises(IntegrityError, match="ageing_stage_is_passed_once"),
            transaction.atomic(),
        ):
            AgeingStep.objects.create(subject_id=step.subject_id, stage=step.stage, done_at=NOON)


class TestOnlyTheCspKnows:
    def test_reminds_tells_staff_closes_and_erases(self):
        makers.AgreementMaker(counter_records="REQUIRED")
        send(counter(1))
        run()
        assert [on_day(2), on_day(7), on_day(30)] == [
            {"CSP_ONLY_2": 1},
            {"CSP_ONLY_7": 1},
            {"CSP_ONLY_30": 1},
        ]
        assert Delivery.objects.get(kind="REMINDER").receiver == makers.nordlicht()
        assert RawRecord.objects.count() == 1
        assert on_day(60) == {"CSP_ONLY_60": 1}
        assert (RawRecord.objects.count(), CounterRecord.objects.count()) == (0, 1)


class TestMismatch:
    def test_opens_one_dispute(self):
        makers.AgreementMaker(acceptance="DEEMED")
        take(numbered_record(1))
        send(counter(1, energy_kwh="30", amount="15"))
        for _ in range(2):
            matching.match_and_dispute(
                from_at=NOON - timedelta(days=2), until_at=NOON, run_key="one", now=NOON
            )
        assert Dispute.objects.get().is_automatic
        assert state() == "DISPUTED"
