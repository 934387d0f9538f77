"""A settlement is calculated, shown, cancelled or issued; what waits is not lost."""

from datetime import UTC, date, datetime

import pytest

from billing.models import Transfer
from billing.services import adjustments, sealing, settling
from billing.services.closing import close_window
from billing.services.settling import NotReleasable
from partners.models import TaxRegistration, User
from partners.services.approvals import NotDecidable
from tests.billing.oracle_world import BUSINESS_DAY_3, BUSINESS_DAY_6, a_record, an_oracle
from tests.makers import take

pytestmark = pytest.mark.django_db
NEXT_CLOSING = datetime(2027, 3, 8, 17, 0, tzinfo=UTC)
FEBRUARY = datetime(2027, 2, 15, 12, 0, tzinfo=UTC)


def sell(oracle, seller, buyer, *, cents, number=1, received_at=BUSINESS_DAY_3, **changes):
    fields = a_record(oracle, seller, buyer, number=number, cents=cents, **changes)
    (outcome,) = take(fields, sender=oracle.sellers[seller], received_at=received_at)
    assert outcome.outcome == "accepted", outcome


def nets(oracle, settlement):
    rows = settlement.positions.select_related("partner")
    return oracle.names({row.partner: row.net_minor for row in rows})


def dues(oracle, settlement):
    rows = settlement.positions.select_related("partner")
    return oracle.names({row.partner: row.due_minor for row in rows})


def in_february(number):
    ended = datetime(2027, 2, 10, 10 + number, 50, tzinfo=UTC)
    return {"started_at": ended.replace(minute=0).isoformat(), "ended_at": ended.isoformat()}


class TestBlocked:
    """B's registration was never checked: reverse charge to B cannot be decided."""

    @pytest.fixture
    def oracle(self):
        oracle = an_oracle(with_fees=False)
        TaxRegistration.objects.filter(partner=oracle.partners["B"]).update(
            check_number="", check_date=None
        )
        sell(oracle, "A", "B", cents=1000, number=1)
        sell(oracle, "A", "C", cents=500, number=2)
        return oracle

    def test_a_pair_that_cannot_be_decided_waits_and_holds_up_no_other(self, oracle):
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement

        assert nets(oracle, settlement) == {"A": 605, "B": 0, "C": -605, "CH": 0}
        (block,) = settlement.blocks.all()
        assert (block.amount_minor, block.sdrs) == (1000, 1)
        assert block.reasons[0]["code"] == "REGISTRATION_NOT_CHECKED"
        assert settlement.preview["blocked"][0]["amount_minor"] == 1000

    def test_the_next_settlement_settles_it_once_the_fact_is_there(self, oracle):
        first = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        TaxRegistration.objects.filter(partner=oracle.partners["B"]).update(
            check_number="WAPI1", check_date=date(2027, 2, 10)
        )

        second = close_window(oracle.group, now=NEXT_CLOSING).settlement

        assert nets(oracle, second) == {"A": 1000, "B": -1000, "CH": 0}
        assert first.blocks.get().settled_in_id == second.pk
        assert Transfer.objects.get(kind="ENERGY", amount_minor=1000).window_id == first.window_id
        sealing.seal(now=NEXT_CLOSING)
        assert sealing.verify().ok

    def test_it_waits_on_while_the_fact_is_missing(self, oracle):
        first = close_window(oracle.group, now=BUSINESS_DAY_6).settlement

        second = close_window(oracle.group, now=NEXT_CLOSING).settlement

        assert first.blocks.get().settled_in is None
        assert second.preview["blocked"][0]["amount_minor"] == 1000


def test_a_small_position_is_carried_into_the_next_window():
    oracle = an_oracle(with_fees=False, minimum_payment_minor=500, taxes="NOT_APPLIED")
    sell(oracle, "A", "B", cents=300, number=1)
    first = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
    assert nets(oracle, first) == {"A": 300, "B": -300, "CH": 0}
    assert dues(oracle, first) == {"A": 0, "B": 0, "CH": 0}
    assert not first.instructions.exists()

    sell(oracle, "A", "B", cents=250, number=2, received_at=FEBRUARY, **in_february(2))
    second = close_window(oracle.group, now=NEXT_CLOSING).settlement

    assert dues(oracle, second) == {"A": 550, "B": -550, "CH": 0}


class TestRelease:
    @pytest.fixture
    def calculated(self):
        oracle = an_oracle(with_fees=False, release="TWO_PERSONS")
        sell(oracle, "A", "C", cents=500)
        return close_window(oracle.group, now=BUSINESS_DAY_6).settlement

    def test_a_cancelled_settlement_is_calculated_anew(self, calculated):
        settling.cancel(calculated, reason="a fee was missing", now=BUSINESS_DAY_6)

        again = close_window(calculated.window, now=BUSINESS_DAY_6).settlement

        assert again.pk != calculated.pk
        assert again.positions_sha256 == calculated.positions_sha256
        assert calculated.window.settlements.count() == 2

    def test_another_preview_is_not_released(self, calculated):
        with pytest.raises(NotReleasable, match="not the preview"):
            settling.release(calculated, preview_sha256="0" * 64, approval=None, now=BUSINESS_DAY_6)
        assert not Transfer.objects.exists()

    def test_an_issued_settlement_is_not_cancelled(self):
        oracle = an_oracle(with_fees=False)
        sell(oracle, "A", "C", cents=500)
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement

        with pytest.raises(NotReleasable, match="only documents"):
            settling.cancel(settlement, reason="a slip", now=BUSINESS_DAY_6)


def test_a_manual_adjustment_is_posted_by_a_second_person_as_a_line_of_its_own():
    oracle = an_oracle(with_fees=False)
    sell(oracle, "A", "C", cents=500)
    mia, kai = (User.objects.create(username=name, is_staff=True) for name in ("mia", "kai"))
    window = oracle.group.windows.order_by("supply_ends_at").first()
    asked = adjustments.request(
        window,
        oracle.partners["A"],
        -150,
        counter_account="4190",
        reason="reminder fee of December",
        maker=mia,
        now=BUSINESS_DAY_3,
    )
    with pytest.raises(NotDecidable):
        adjustments.decide(asked.pk, approve=True, checker=mia, now=BUSINESS_DAY_3)
    adjustments.decide(asked.pk, approve=True, checker=kai, now=BUSINESS_DAY_3)

    settlement = close_window(window, now=BUSINESS_DAY_6).settlement

    assert nets(oracle, settlement) == {"A": 455, "C": -605, "CH": 150}
    statement = settlement.documents.get(partner=oracle.partners["A"])
    assert [
        (line["text"], line["amount_minor"])
        for line in statement.content["further"]
        if line["kind"] == "ADJUSTMENT"
    ] == [("Manual adjustment: reminder fee of December", -150)]
