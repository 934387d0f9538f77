"""What nobody disputes clears at once where the agreement says so; and too much is escalated."""

from decimal import Decimal

import pytest

from roaming import queries_chain
from roaming.models import Alert, Dispute, DisputeEvent, Sdr, SdrLink, SdrState
from roaming.services import dispute_escalation, disputes
from roaming.services.disputes import Actor, Complaint
from tests.makers import (
    NOON,
    AgreementMaker,
    fjell,
    later,
    nordlicht,
    numbered_record,
    take,
    take_one,
    voltaire,
)

pytestmark = pytest.mark.django_db
CSP = Actor(side="CSP", name="voltaire")
CSO = Actor(side="CSO", name="nordlicht")
SIGNED = {"meter_start_kwh": "10", "meter_end_kwh": "28.4", "meter_id": "M1"}


def disputed(record_id, amount="4.02", *, reason="D01", now=NOON) -> Dispute:
    complaint = Complaint(reason=reason, amount=Decimal(amount))
    return disputes.open_dispute(record_id, complaint, by=CSP, now=now)


def state_of(record_id) -> str:
    return SdrState.objects.get(id=record_id).state


class TestASplit:
    @pytest.fixture
    def dispute(self):
        AgreementMaker(acceptance="EXPLICIT", split_allowed=True)
        return disputed(take_one(**SIGNED).record_id)

    def test_lets_the_undisputed_part_stand_at_once(self, dispute):
        original = dispute.record_id

        assert disputes.split_undisputed(now=later(minutes=5)) == {"split": 1}
        assert disputes.split_undisputed(now=later(minutes=15)) == {}

        dispute.refresh_from_db()
        assert (dispute.stage, dispute.claim_amount, dispute.disputed_amount) == (
            "OPEN",
            Decimal("4.02"),
            Decimal("4.02"),
        )
        chain = queries_chain.chain_of(original)
        assert [(sdr.claim_amount, sdr.energy_kwh, state_of(sdr.id)) for sdr in chain] == [
            (Decimal("9.02"), Decimal("18.4"), "SUPERSEDED"),
            (Decimal("5.00"), Decimal("10.2"), "ACCEPTED"),
            (Decimal("4.02"), Decimal("8.2"), "DISPUTED"),
        ]
        assert dispute.record_id == chain[2].id
        assert queries_chain.sum_of(chain) == Decimal("9.02")
        assert {sdr.service_session_id for sdr in chain} == {"S-0001"}
        assert [sdr.split_no for sdr in chain] == [0, 0, 1]
        assert {link.kind for link in SdrLink.objects.all()} == {"REPLACEMENT", "SPLIT"}
        assert sum(chain[1].item_amounts + chain[2].item_amounts) == Decimal("9.02")
        assert chain[1].meter_start_kwh is None
        step = DisputeEvent.objects.get(verb="split")
        assert (step.side, step.amount, step.at) == ("CLOCK", Decimal(5), later(minutes=5))

    def test_goes_on_about_the_rest_to_its_end(self, dispute):
        disputes.split_undisputed(now=NOON)
        disputes.act(dispute.pk, "accept", by=CSO, now=NOON)

        ended = disputes.act(dispute.pk, "agree", by=CSP, now=NOON)

        assert (ended.outcome, state_of(ended.record_id)) == ("WITHDRAW", "WITHDRAWN")
        chain = queries_chain.chain_of(ended.record_id)
        assert queries_chain.sum_of(chain) == Decimal(5)

    def test_of_the_rest_leads_to_a_third_record(self, dispute):
        disputes.split_undisputed(now=NOON)
        disputes.act(dispute.pk, "partial", by=CSO, now=NOON, amount=Decimal(1), text="One.")
        disputes.act(dispute.pk, "agree", by=CSP, now=NOON)

        assert disputes.replace_agreed(now=NOON) == {"replaced": 1}
        assert queries_chain.sum_of(queries_chain.chain_of(dispute.record_id)) == Decimal(6)

    def test_waits_for_the_confirmation_of_what_matching_opened(self, dispute):
        Dispute.objects.update(is_confirmed=False)

        assert disputes.split_undisputed(now=NOON) == {}

    def test_is_not_made_of_what_was_answered_already(self, dispute):
        disputes.act(dispute.pk, "reject", by=CSO, now=NOON, text="No.")

        assert disputes.split_undisputed(now=NOON) == {}
        assert Sdr.objects.count() == 1


@pytest.mark.parametrize(("is_allowed", "amount"), [(False, "4.02"), (True, "9.02")])
def test_nothing_is_split_without_the_agreement_or_a_part(is_allowed, amount):
    AgreementMaker(acceptance="EXPLICIT", split_allowed=is_allowed)
    disputed(take_one().record_id, amount)

    assert disputes.split_undisputed(now=NOON) == {}


class TestEscalation:
    @pytest.fixture
    def ids(self):
        """A hundred records of 10.00: 30.00 is three percent of their month."""
        AgreementMaker(acceptance="EXPLICIT")
        price = {"total_amount": "10.00", "items": None}
        return [one.record_id for one in take(*(numbered_record(n, **price) for n in range(100)))]

    def test_comes_above_three_percent_and_goes_below(self, ids):
        for record_id in ids[:2]:
            disputed(record_id, "10.00")
        last = disputed(ids[2], "10.00")
        assert dispute_escalation.watch(now=NOON) == {"escalated": 0, "calmed": 0}

        more = disputed(ids[3], "0.01")
        assert dispute_escalation.watch(now=NOON) == {"escalated": 1, "calmed": 0}
        assert dispute_escalation.watch(now=NOON) == {"escalated": 0, "calmed": 0}
        [alert] = dispute_escalation.alerts_of(more)
        assert alert.kind == "ESCALATION"
        assert "4 open disputes" in alert.text
        assert "30.01 of 1,000.00 EUR of November 2026" in alert.text
        for party in (nordlicht(), voltaire()):
            assert str(party) in alert.text

        disputes.act(last.pk, "withdraw", by=CSP, now=NOON)
        assert dispute_escalation.watch(now=later(hours=1)) == {"escalated": 0, "calmed": 1}
        assert Alert.objects.get().closed_at == later(hours=1)

    def test_is_of_the_pair_alone(self, ids):
        AgreementMaker(acceptance="EXPLICIT", buyer=fjell())
        own = take(numbered_record(500, csp_id="NO*FJL"))[0].record_id
        disputed(ids[0], "0.01")
        other = disputes.open_dispute(own, Complaint(reason="D01"), by=CSP, now=NOON)

        assert dispute_escalation.watch(now=NOON)["escalated"] == 1
        assert len(dispute_escalation.alerts_of(other)) == 1
        assert Alert.objects.get().subject.endswith("EUR 2026-11")

    def test_does_not_count_what_matching_alone_says(self, ids):
        disputed(ids[0], "10.00")
        Dispute.objects.update(disputed_amount=Decimal(900), is_confirmed=False)

        assert dispute_escalation.watch(now=NOON)["escalated"] == 0
