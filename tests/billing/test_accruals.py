"""Accruals: the SQL is its twin, whatever came when; and the same whenever it is run."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.queries_accruals import (
    SETTLES_IN,
    Wanted,
    accruals,
    accruals_complete_until,
    accrued_records,
)
from billing.queries_books import NotCompleteYet
from partners.models import Job
from tests.billing.accrual_world import Accrual, compare_accruals, day, tell_accruals
from tests.billing.stories import NOVEMBER_ENDS_AT, Story, World, a_world
from tests.makers import NOON, laterne, nordlicht, partner_of

pytestmark = pytest.mark.django_db

TEN = Story(Decimal("10.005"))
LATER = day(40)
an_instant = timedelta(microseconds=1)

days = st.integers(-1, 6)
states = st.sampled_from(
    ["VALIDATED", "HELD", "DELIVERED", "DISPUTED", "ACCEPTED", "ACCEPTED", "WITHDRAWN"]
)
steps = st.lists(st.tuples(days, states), min_size=1, max_size=3).map(
    lambda rows: tuple((at, state) for (at, _), (_, state) in zip(sorted(rows), rows, strict=True))
)
told = st.lists(
    st.builds(
        Accrual,
        story=st.builds(
            Story,
            claim=st.sampled_from([Decimal("10.005"), Decimal("-3.0015"), Decimal("7.5")]),
            seller=st.integers(0, 1),
            buyer=st.integers(0, 2),
            ended_at=st.sampled_from([NOON, NOVEMBER_ENDS_AT - an_instant, NOVEMBER_ENDS_AT]),
        ),
        steps=steps,
        cleared=st.none() | days,
        settled=st.none() | st.integers(3, 6),
        dispute=st.none() | st.tuples(days, st.just(7)),
    ),
    max_size=5,
)


@pytest.mark.long
@given(told)
@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_lines_are_those_of_the_twin(records):
    with transaction.atomic():
        compare_accruals(a_world(), records)
        transaction.set_rollback(True)


class TestLines:
    def lines(self, *records: Accrual, as_of=LATER, world: World | None = None, **key):
        tell_accruals(world or a_world(), records)
        return self.read(as_of, **key)

    def read(self, as_of=LATER, **key):
        return accruals(as_of=as_of, now=as_of + SETTLES_IN, environment="LIVE", **key)

    def test_count_and_sum_by_standing(self):
        found = self.lines(
            Accrual(story=TEN),
            Accrual(story=TEN),
            Accrual(story=TEN, steps=((0, "DELIVERED"),)),
            Accrual(story=TEN, dispute=(0, None)),
            Accrual(story=TEN, steps=((0, "HELD"),)),
        )

        assert {line.standing: (line.sdrs, line.claim_minor) for line in found} == {
            "ACCEPTED": (2, 2002),
            "DISPUTED": (1, 1001),
            "HELD": (1, 1001),
            "OPEN": (1, 1001),
        }
        assert {line.supply_month for line in found} == {"2026-11"}

    def test_are_the_same_before_and_after_what_comes_later(self):
        world = a_world()
        first = self.lines(Accrual(story=TEN), as_of=day(2), world=world)
        records = [
            Accrual(story=TEN, steps=((3, "ACCEPTED"),)),
            Accrual(story=TEN, steps=((-1, "REJECTED"),)),
        ]
        tell_accruals(world, records)

        assert self.read(day(2)) == first
        assert self.read(day(3)) != first

    def test_forget_what_was_settled_and_what_was_credited_in_time(self):
        credit = replace(TEN, claim=Decimal("-10.005"))
        found = self.lines(
            Accrual(story=TEN, cleared=1, settled=2),
            Accrual(story=TEN),
            Accrual(story=credit, credits=1, linked=1),
        )

        assert found == []
        [line] = self.read(day(0))
        assert (line.sdrs, line.claim_minor) == (2, 2002)
        [line] = self.read(day(1))
        assert (line.sdrs, line.claim_minor) == (1, 1008)

    def test_a_credit_of_what_was_settled_is_owed_back(self):
        credit = replace(TEN, claim=Decimal("-10.005"))
        [line] = self.lines(
            Accrual(story=TEN, cleared=1, settled=2),
            Accrual(story=credit, credits=1, linked=3, steps=((3, "ACCEPTED"),)),
        )

        assert (line.sdrs, line.claim_minor) == (1, -1001)

    def test_name_the_month_of_the_groups_time_zone(self):
        found = self.lines(
            Accrual(story=replace(TEN, ended_at=NOVEMBER_ENDS_AT - an_instant)),
            Accrual(story=replace(TEN, ended_at=NOVEMBER_ENDS_AT)),
        )

        assert [line.supply_month for line in found] == ["2026-11", "2026-12"]

    def test_leave_direct_agreements_out(self):
        assert self.lines(Accrual(story=TEN), world=a_world(agreed={"mode": "DIRECT"})) == []

    def test_leave_own_network_out(self):
        assert self.lines(Accrual(story=replace(TEN, buyer=2))) == []

    def test_are_those_of_the_partner_that_asks(self):
        held = Accrual(story=TEN, steps=((0, "HELD"),))
        world = a_world()
        tell_accruals(world, [Accrual(story=TEN), held])
        seller, buyer = partner_of(nordlicht()), partner_of(world.buyers[0])

        assert len(self.read(partner=seller)) == 2
        assert [line.standing for line in self.read(partner=buyer)] == ["ACCEPTED"]
        assert self.read(partner=partner_of(laterne())) == []

    def test_lead_to_their_records_page_by_page(self):
        world = a_world()
        tell_accruals(world, [Accrual(story=TEN)] * 3)
        key = {"as_of": LATER, "now": LATER + SETTLES_IN, "environment": "LIVE"}
        wanted = Wanted(supply_month="2026-11", standing="ACCEPTED", currency="EUR")

        first = accrued_records(**key, wanted=wanted, limit=2)
        rest = accrued_records(**key, wanted=wanted, limit=2, after_id=first[-1].record_id)

        assert {row.record_id for row in first + rest} == set(world.told)
        assert [row.line.claim_minor for row in rest] == [1001]
        for other in (Wanted(supply_month="2026-12"), Wanted(standing="OPEN"),
                      Wanted(currency="SEK"), Wanted(seller_id=partner_of(laterne()).pk),
                      Wanted(buyer_id=partner_of(laterne()).pk)):  # fmt: skip
            assert accrued_records(**key, wanted=other) == []


class TestCompleteness:
    def test_an_instant_that_just_passed_is_refused(self):
        with pytest.raises(NotCompleteYet):
            accruals(as_of=NOON, now=NOON + SETTLES_IN - an_instant, environment="LIVE")

    def test_a_job_that_runs_may_still_date_what_it_writes(self):
        Job.objects.create(
            kind="roaming.import_file", run_key="1", title="t", state="RUNNING", started_at=NOON
        )

        assert accruals_complete_until(now=day(3)) == NOON - an_instant
        with pytest.raises(NotCompleteYet):
            accruals(as_of=NOON, now=day(3), environment="LIVE")
        accruals(as_of=NOON - an_instant, now=day(3), environment="LIVE")
