"""Exposure: what counts, who is warned, whose purchases wait, and that nothing of it is lost."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import ClearedSdr, ExposureBlock
from billing.queries_whereabouts import where_is
from billing.rules.exposure import level_of, limit_of
from billing.services import conservation, cover, exposure
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from partners.models import ParticipationContract
from tests.billing.oracle_world import BUSINESS_DAY_3, BUSINESS_DAY_6, a_record, an_oracle
from tests.makers import take
from tests.roaming.partner_systems import PartnerSystem

EUR = {"currency": "EUR", "environment": "LIVE"}
LATER = datetime(2027, 2, 4, 12, 0, tzinfo=UTC)


class TestRules:
    @pytest.mark.parametrize(
        ("exposure_minor", "limit", "level"),
        [
            (0, 0, "FREE"),
            (1, 0, "BLOCKED"),
            (79_99, 100_00, "FREE"),
            (80_00, 100_00, "WARNED"),
            (99_99, 100_00, "WARNED"),
            (100_00, 100_00, "BLOCKED"),
            (10**12, None, "FREE"),
        ],
    )
    def test_levels(self, exposure_minor, limit, level):
        assert level_of(exposure_minor, limit) == level

    @given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**9))
    def test_more_cover_never_makes_it_worse(self, exposure_minor, cap, more):
        order = ["FREE", "WARNED", "BLOCKED"]
        before = level_of(exposure_minor, limit_of(cap, prefund_minor=0, deposit_minor=0))
        after = level_of(exposure_minor, limit_of(cap, prefund_minor=more, deposit_minor=0))
        assert order.index(after) <= order.index(before)


@pytest.mark.django_db
class TestBlocking:
    @pytest.fixture
    def oracle(self):
        """B may owe 20.00 and bought for 12.00 and 15.00."""
        oracle = an_oracle(with_fees=False, taxes="NOT_APPLIED")
        ParticipationContract.objects.filter(partner=oracle.partners["B"]).update(
            exposure_cap_minor=2000
        )
        self.sell(oracle, 1, 1200)
        return oracle

    def sell(self, oracle, number, cents, **changes):
        fields = a_record(oracle, "A", "B", number=number, cents=cents, **changes)
        (outcome,) = take(fields, sender=oracle.sellers["A"], received_at=BUSINESS_DAY_3)
        assert outcome.outcome == "accepted", outcome

    def read(self, oracle, now=BUSINESS_DAY_3):
        readings = exposure.read_exposures(oracle.group, now=now)
        return next(one for one in readings if one.partner == oracle.partners["B"])

    def test_the_parts_are_added_up(self, oracle):
        assert self.read(oracle).parts["waiting"] == 1200
        clear_group(oracle.group, run_key="one", now=BUSINESS_DAY_3)
        self.sell(oracle, 2, 500)

        reading = self.read(oracle, LATER)

        assert (reading.parts["cleared"], reading.parts["waiting"]) == (1200, 500)
        assert (reading.exposure_minor, reading.limit_minor, reading.level) == (
            1700,
            2000,
            "WARNED",
        )

    def test_at_the_limit_purchases_wait_and_others_go_on(self, oracle):
        self.sell(oracle, 2, 1500)
        take(
            a_record(oracle, "A", "C", number=3, cents=700),
            sender=oracle.sellers["A"],
            received_at=BUSINESS_DAY_3,
        )

        assert self.read(oracle).level == "BLOCKED"
        cleared = clear_group(oracle.group, run_key="one", now=BUSINESS_DAY_3)

        assert cleared.left == {"BUYER_AT_ITS_LIMIT": 2}
        assert ClearedSdr.objects.get().buyer_partner == oracle.partners["C"]
        assert conservation.prove(now=LATER) == []

    def test_both_sides_are_told_why_it_waits(self, oracle):
        self.sell(oracle, 2, 1500)
        self.read(oracle)
        clear_group(oracle.group, run_key="one", now=BUSINESS_DAY_3)

        told = [self.whereabouts(oracle, side) for side in ("A", "B")]

        assert told[0].steps == told[1].steps
        step = told[0].steps[-3]
        assert (step.name, step.status) == ("CLEARED", "STOPPED")
        assert "V703" in step.text
        assert f"{oracle.buyers['B'].code} reached its exposure limit on 3 February" in step.text
        assert "gives more cover" in told[0].next_step
        assert told[0].state == "ACCEPTED"

    def test_what_others_bought_and_credits_are_not_said_to_wait(self, oracle):
        self.sell(oracle, 2, 1500)
        take(
            a_record(oracle, "A", "C", number=3, cents=700),
            sender=oracle.sellers["A"],
            received_at=BUSINESS_DAY_3,
        )
        self.read(oracle)

        told = self.whereabouts(oracle, "A", sdr_id="A-0003")

        assert told.summary.startswith("Is cleared")

    def test_the_seller_reads_it_by_api_and_a_stranger_nothing(self, oracle):
        self.sell(oracle, 2, 1500)
        self.read(oracle)
        asked = {"sdr_id": "A-0002"}

        told = PartnerSystem(oracle.sellers["A"]).get("/api/v1/whereabouts/", **asked)
        stranger = PartnerSystem(oracle.sellers["C"]).get("/api/v1/whereabouts/", **asked)

        assert "V703" in told.json()["attempts"][0]["summary"]
        assert stranger.status_code == 404

    def whereabouts(self, oracle, side, sdr_id="A-0002"):
        partner = oracle.partners[side]
        found = where_is(sdr_id, for_partner=partner, environment="LIVE", now=BUSINESS_DAY_3)
        return found.attempts[0]

    def test_cover_paid_in_lifts_the_block_and_all_is_cleared(self, oracle):
        self.sell(oracle, 2, 1500)
        self.read(oracle)
        cover.pay_in(
            oracle.partners["B"], cover.PREFUND, 5000, reference="bank 1", now=LATER, **EUR
        )

        assert self.read(oracle, LATER).level == "FREE"

        block = ExposureBlock.objects.get()
        assert (block.lifted_by, block.lifted_at) == ("clock", LATER)
        assert clear_group(oracle.group, run_key="two", now=LATER).run.cleared == 2

    def test_a_debt_issued_and_not_paid_counts(self, oracle):
        close_window(oracle.group, now=BUSINESS_DAY_6)

        assert self.read(oracle, BUSINESS_DAY_6).parts["unpaid"] == 1200

    def test_without_a_cap_nothing_is_blocked(self, oracle):
        ParticipationContract.objects.update(exposure_cap_minor=None)
        self.sell(oracle, 2, 1_900)

        assert self.read(oracle).level == "FREE"
