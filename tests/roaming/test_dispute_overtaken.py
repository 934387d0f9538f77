"""The CSO corrects its record while the dispute runs: the dispute ends by what the facts say."""

from decimal import Decimal

import pytest

from roaming.models import Dispute, SdrState
from roaming.services import disputes
from roaming.services.dispute_overtaken import close_overtaken
from tests.makers import NOON, later, numbered_record, take
from tests.roaming.dispute_world import CSO, CSP, opened, records

pytestmark = pytest.mark.django_db


def corrected(**changes) -> str:
    own = {"sdr_id": "NLX-C", "items": None}
    [answer] = take(numbered_record(1, **(own | changes)), received_at=later(hours=1))
    assert answer.outcome == "accepted", answer
    return answer.record_id


def test_a_credit_ends_it_with_nothing_due():
    dispute = opened(records(1)[0])
    assert close_overtaken(now=NOON) == {}
    corrected(credits_sdr_id="NLX-00001", total_amount="-9.02")

    assert close_overtaken(now=later(hours=2)) == {"overtaken": 1}
    assert close_overtaken(now=later(hours=3)) == {}

    dispute.refresh_from_db()
    assert (dispute.stage, dispute.outcome, dispute.decided_amount) == ("CLOSED", "WITHDRAW", 0)
    step = dispute.events.last()
    assert (step.verb, step.side, step.at) == ("overtake", "CLOCK", later(hours=2))


def test_a_replacement_ends_it_and_is_named():
    dispute = opened(records(1)[0])
    replacement = corrected(replaces_sdr_id="NLX-00001", total_amount="5.00")

    close_overtaken(now=later(hours=2))

    dispute.refresh_from_db()
    assert (dispute.outcome, str(dispute.replacement_id)) == ("REPLACEMENT", replacement)
    assert dispute.decided_amount == Decimal(5)


def test_a_credit_of_an_accepted_record_ends_it():
    dispute = opened(records(1, acceptance="ON_VALIDATION")[0], "9.02", reason="D06")
    corrected(credits_sdr_id="NLX-00001", total_amount="-9.02")

    close_overtaken(now=later(hours=2))

    assert Dispute.objects.get().outcome == "CREDIT"
    assert dispute.closed_at is None


def test_an_agreed_replacement_that_a_credit_overtook_stops_no_other():
    one, two = records(2)
    for record_id in (one, two):
        dispute = opened(record_id)
        disputes.act(dispute.pk, "accept", by=CSO, now=NOON)
        disputes.act(dispute.pk, "agree", by=CSP, now=NOON)
    corrected(credits_sdr_id="NLX-00001", total_amount="-9.02")

    assert disputes.replace_agreed(now=later(hours=2)) == {"replaced": 1}
    assert close_overtaken(now=later(hours=2)) == {"overtaken": 1}

    assert SdrState.objects.get(id=two).state == "SUPERSEDED"
    assert Dispute.objects.get(record_id=one).outcome == "WITHDRAW"
