"""Both sides learn what matching found, by the queue that tells them everything."""

from datetime import timedelta

import pytest

from roaming.models import Alert, CounterTally, Delivery, Match, SdrState
from roaming.services import ageing, counter_proof, lifecycle, matching
from roaming.services.ageing import age_one_sided
from tests import makers
from tests.makers import NOON, later, numbered_record, take
from tests.roaming.partner_systems import PartnerSystem
from tests.roaming.test_matching import counter, run, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]
DELIVERIES = "/api/v1/deliveries/"


@pytest.fixture
def agreement():
    makers.fjell()
    return makers.AgreementMaker(counter_records="REQUIRED", acceptance="DEEMED")


def pulled(party, *kinds: str) -> list[dict]:
    page = PartnerSystem(party).get(DELIVERIES, receiver=party.code).json()
    messages = [entry["message"] for entry in page["results"]]
    return [one for one in messages if one["type"] in kinds]


class TestNews:
    @pytest.fixture(autouse=True)
    def found(self, agreement):
        take(*map(numbered_record, (1, 2)))
        alone = counter(3, contract_id="DE-8AA-CZZZZZZZZ-1")
        send(counter(1, energy_kwh="19"), counter(1, counter_id="again"), alone)
        run()

    def test_comes_to_both_sides_in_sequence(self):
        [theirs] = pulled(makers.nordlicht(), "MATCH")
        ours = pulled(makers.voltaire(), "MATCH")

        assert (theirs["match"]["outcome"], theirs["sequence"]) == ("MISMATCH", 1)
        assert sorted(one["match"]["outcome"] for one in ours) == ["DUPLICATE", "MISMATCH"]
        assert [one["sequence"] for one in ours] == [3, 4]
        assert theirs["subject_id"] == theirs["match"]["match_id"]

    def test_names_the_counter_record_to_its_csp_alone(self):
        [theirs] = pulled(makers.nordlicht(), "MATCH")
        ours = [one["match"]["counter_id"] for one in pulled(makers.voltaire(), "MATCH")]

        assert theirs["match"]["counter_id"] == ""
        assert theirs["match"]["counter_record_id"] is None
        assert sorted(ours) == ["VOL-00001", "again"]

    def test_is_owed_once(self):
        run()
        run("again")

        assert Delivery.objects.filter(kind="MATCH").count() == 3

    def test_of_a_newer_match_comes_too(self):
        send(counter(1, counter_id="better", replaces_counter_id="VOL-00001"))
        run("again")

        told = [one["match"]["outcome"] for one in pulled(makers.nordlicht(), "MATCH")]
        assert told == ["MISMATCH", "MATCHED"]

    def test_is_numbered_though_the_first_process_was_killed_before(self):
        Delivery.objects.filter(kind="MATCH").update(sequence=None)
        run()

        assert not Delivery.objects.filter(sequence__isnull=True).exists()

    def test_is_no_strangers(self):
        for stranger in (makers.fjell(), makers.laterne()):
            assert PartnerSystem(stranger).get(DELIVERIES, receiver="FR*VOL").status_code == 404
            assert pulled(stranger, "MATCH") == []


class TestHeldForTheCsp:
    """Beyond the tolerance and no mismatch: the CSP gets as long again to look."""

    @pytest.fixture
    def found(self, agreement):
        take(numbered_record(1))
        send(counter(1, energy_kwh="18.70"))

    def deemed(self, **delta) -> int:
        return lifecycle.deem_accepted(now=later(**delta))

    def test_waits_as_long_again_from_when_it_was_found(self, found):
        days = agreement_days()
        run_on(5)
        assert Match.objects.get().is_held_for_csp

        assert self.deemed(days=days) == self.deemed(days=days + 5, seconds=-1) == 0
        assert self.deemed(days=days + 5) == 1

    def test_never_waits_longer_than_thirty_days(self, found):
        run_on(29)

        assert self.deemed(days=30, seconds=-1) == 0
        assert self.deemed(days=30) == 1

    def test_may_be_accepted_or_disputed_at_once(self, found):
        run_on(5)
        voltaire = PartnerSystem(makers.voltaire())
        record_id = SdrState.objects.get().id

        answer = voltaire.post(f"/api/v1/service-detail-records/{record_id}/accept/", b"{}")

        assert answer.status_code == 200
        assert SdrState.objects.get().state == "ACCEPTED"

    def test_does_not_keep_what_is_within_tolerance(self, agreement):
        take(numbered_record(1))
        send(counter(1, energy_kwh="18.58"))
        run_on(5)

        assert self.deemed(days=agreement_days()) == 1


def agreement_days() -> int:
    state = SdrState.objects.get()
    return (state.accept_by_at - state.delivered_at).days


def run_on(day: int) -> None:
    matching.match(
        from_at=NOON - timedelta(days=2), until_at=NOON, run_key=f"day {day}", now=later(days=day)
    )


class TestOnlyTheCspKnows:
    @pytest.fixture(autouse=True)
    def found(self, agreement):
        send(counter(1), counter(2, contract_id="DE-8AA-CZZZZZZZZ-1"))
        run()

    def test_the_reminder_says_which_session(self):
        age_one_sided(now=later(days=2))

        told = pulled(makers.nordlicht(), "REMINDER")
        assert {one["match"]["service_session_id"] for one in told} == {"S-00001", "S-00002"}
        assert {one["match"]["counter_id"] for one in told} == {""}

    def test_staff_get_one_task_for_the_pair_and_the_cso_hears_of_it(self):
        age_one_sided(now=later(days=6))
        assert not Alert.objects.exists()
        for _ in range(2):
            age_one_sided(now=later(days=7))

        alert = Alert.objects.get()
        assert (alert.kind, alert.party, alert.closed_at) == (
            "ONE_SIDED",
            makers.nordlicht(),
            None,
        )
        assert "FR*VOL reports 2 sessions at DE*NLX" in alert.text
        [told] = Delivery.objects.filter(kind="ALERT")
        assert (told.receiver, told.subject_id) == (makers.nordlicht(), alert.pk)
        assert told.sequence

    def test_the_task_shrinks_and_closes_as_records_come(self):
        age_one_sided(now=later(days=7))
        take(numbered_record(1), received_at=later(days=7))
        run("late")
        age_one_sided(now=later(days=8))
        assert "reports 1 sessions" in Alert.objects.get().text

        age_one_sided(now=later(days=30))
        assert Alert.objects.get().closed_at == later(days=30)

    def test_both_learn_that_it_is_closed_without_a_claim(self):
        age_one_sided(now=later(days=30))

        for party in (makers.nordlicht(), makers.voltaire()):
            told = pulled(party, "MATCH")
            assert [one["version"] for one in told] == [1, 1]
            assert {one["match"]["closed_at"] for one in told} == {"2026-12-14T12:00:00Z"}


class TestProof:
    def test_holds_for_what_was_taken_refused_and_repeated(self, agreement):
        send(counter(1), counter(2, ended_at=None), counter(1), counter(1, energy_kwh="1"))

        assert counter_proof.prove(now=NOON) == []
        assert not Alert.objects.exists()

    def test_tells_what_is_lost(self, agreement):
        send(counter(1))
        first = CounterTally.objects.get()
        CounterTally.objects.create(
            batch=first.batch, sender=first.sender, day=first.day, received=1, taken=0, rejected=1,
            repeated=0,
        )  # fmt: skip

        for _ in range(2):
            [lost] = counter_proof.prove(now=NOON)

        assert (lost.taken, lost.taken_found, lost.rejected, lost.rejected_found) == (1, 1, 1, 0)
        assert "1 refused, 0 found" in Alert.objects.get(kind="CONSERVATION").text


def test_every_stage_is_named_once():
    names = [stage.name for stage in ageing.STAGES]
    assert len(set(names)) == len(names)
    assert {"CSP_ONLY_7", "CSP_ONLY_30"} < set(names)
