"""Supplies, fees, positions, corrections and exposures by SQL say what their slow twins say."""

from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.services.closing import close_window
from tests.billing.comparisons import (
    Supply,
    compare_corrections,
    compare_exposures,
    compare_positions,
    compare_self_assessed,
)
from tests.billing.stories import (
    NOVEMBER_ENDS_AT,
    OCTOBER_ENDS_AT,
    Story,
    a_world,
    close_october,
    compare_netting,
    compare_supplies,
    tell,
)
from tests.billing.test_twins import amounts, beneficiaries, ends, rates
from tests.billing.waiting_world import Wait, compare_waiting
from tests.examples import asked_of_the_database
from tests.makers import NOON

pytestmark = pytest.mark.django_db

database = asked_of_the_database(25)
parts = st.decimals("0", "50", places=4)
stories = st.lists(
    st.builds(
        Story,
        claim=amounts,
        seller=st.integers(0, 1),
        buyer=st.integers(0, 2),
        ended_at=ends,
        energy_kwh=st.decimals("0", "200", places=6),
        state=st.sampled_from(["ACCEPTED", "ACCEPTED", "DELIVERED", "HELD", "DISPUTED"]),
        parking=parts,
        reservation=parts,
        country=st.sampled_from(["DE", "NL", ""]),
    ),
    max_size=10,
)
codes = st.lists(st.sampled_from(["V003", "V301", "V402"]), max_size=2).map(tuple)
waits = st.lists(
    st.builds(
        Wait,
        story=st.builds(
            Story,
            claim=amounts,
            seller=st.integers(0, 1),
            buyer=st.integers(0, 1),
            ended_at=ends,
            state=st.sampled_from(["HELD", "HELD", "DELIVERED", "DELIVERED", "ACCEPTED"]),
        ),
        codes=codes,
        earlier_codes=codes,
        after_days=st.integers(-3, 60),
        has_agreement=st.booleans(),
        has_deadline=st.booleans(),
        match=st.none()
        | st.tuples(
            st.sampled_from(["MATCHED", "MATCHED_TOLERANCE", "CSO_ONLY", "MISMATCH"]), st.booleans()
        ),
    ).filter(lambda one: one.has_agreement or one.story.state == "HELD"),
    max_size=10,
)
minor = st.integers(-2_000, 2_000)
supplies = st.lists(
    st.builds(Supply, st.integers(-1, 3), st.integers(0, 3), minor, minor).filter(
        lambda one: one.supplier != one.customer
    ),
    max_size=10,
)


def undone(compare, *, told=(), currency="EUR", by=None, **group):
    """Tell a world, compare, and roll all of it back."""
    with transaction.atomic():
        world = a_world(currency=currency, **(by or {}), **group)
        close_october(world)
        tell(world, *told)
        compare(world)
        transaction.set_rollback(True)


@database
@given(told=stories, currency=st.sampled_from(["EUR", "JPY", "KWD"]), beneficiaries=beneficiaries)
def test_supplies_and_what_fees_see(told, currency, beneficiaries):
    by = {"rates": ["0.1", "0.015"], "beneficiaries": beneficiaries}

    undone(compare_supplies, told=told, currency=currency, by=by)


@database
@given(told=stories.filter(bool), rates=rates, beneficiaries=beneficiaries)
def test_postings_of_a_central_counterparty(told, rates, beneficiaries):
    by = {"rates": rates, "beneficiaries": beneficiaries}

    undone(compare_netting, told=[*told, Story(Decimal(1))], by=by, model="CCP")


@database
@given(
    given_supplies=supplies,
    adjusted=st.lists(st.tuples(st.integers(0, 3), minor.filter(bool)), max_size=3),
    carried=st.lists(st.tuples(st.integers(0, 3), minor), max_size=3),
    exchanged=st.lists(st.tuples(st.integers(0, 3), minor), max_size=3),
    exchangers=st.sampled_from([(), (0, 1, 2, 3), (0, 1, 2), (1, 3)]),
    minimum=st.integers(0, 1_000),
)
def test_positions_of_any_supplies(
    given_supplies, adjusted, carried, exchanged, exchangers, minimum
):
    undone(
        lambda world: compare_positions(
            world,
            given_supplies,
            adjusted=adjusted,
            carried=carried,
            exchanged=exchanged,
            exchangers=exchangers,
        ),
        told=[Story(Decimal(1), seller=1, buyer=2)],
        minimum_payment_minor=minimum,
    )


@database
@given(owed=st.lists(st.tuples(minor, st.sampled_from(["0.19", "0.055", "0.0825"])), max_size=5))
def test_what_the_house_owes_of_any_sums(owed):
    undone(lambda world: compare_self_assessed(world, owed), told=[Story(Decimal(1))])


@asked_of_the_database(15)
@given(told=stories, rates=rates, beneficiaries=beneficiaries)
def test_corrections(told, rates, beneficiaries):
    by = {"rates": rates, "beneficiaries": beneficiaries}

    undone(compare_corrections, told=[*told, Story(Decimal("7.77"))], by=by)


@asked_of_the_database(15)
@given(told=stories, beneficiaries=beneficiaries, model=st.sampled_from(["AGENCY", "CCP"]))
def test_exposures(told, beneficiaries, model):
    by = {"rates": ["0.1"], "beneficiaries": beneficiaries}

    undone(compare_exposures, told=[*told, Story(Decimal(1))], by=by, model=model)


class TestWhatACounterpartyMayRelyOn:
    @database
    @given(told=stories.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
    def test_the_order_of_records_is_irrelevant(self, told):
        nets = [nets_of([*one, Story(Decimal(1))]) for one in told]

        assert nets[0] == nets[1]
        assert sum(nets[0].values()) == 0

    @database
    @given(told=stories, claim=st.decimals("0.01", "500", places=2))
    def test_a_record_and_its_credit_are_nothing(self, told, claim):
        pair = [Story(claim, parking=claim / 3), Story(-claim, parking=claim / 3)]

        assert nets_of([*told, *pair, Story(Decimal(1))]) == nets_of([*told, Story(Decimal(1))])


def nets_of(told) -> dict[str, int]:
    """Close November; the net of each partner by name."""
    found: dict[str, int] = {}

    def close(world) -> None:
        closing = close_window(world.group, now=NOON)
        found.update({row.partner.name: row.net_minor for row in closing.positions})

    undone(close, told=told, by={"rates": ["0.1", "0.015"]})
    return found


@database
@given(
    told=waits,
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    counter_records=st.sampled_from(["IF_PRESENT", "REQUIRED"]),
)
def test_what_a_window_waits_for(told, currency, counter_records):
    with transaction.atomic():
        world = a_world(currency=currency, agreed={"counter_records": counter_records})
        compare_waiting(world, told)
        transaction.set_rollback(True)


def test_late_records_and_foreign_days():
    """What Hypothesis may not find: a local day that is not the UTC day, and a late record."""
    told = [Story(Decimal(5), ended_at=at) for at in (OCTOBER_ENDS_AT, NOVEMBER_ENDS_AT)]

    undone(compare_supplies, told=told)
