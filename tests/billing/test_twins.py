"""SQL and its slow twins say the same of any story; order and grouping do not matter."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.netting import ClearedRow, pair_sums, positions, positions_sha256, postings
from clearinghouse.uuid7 import new_uuid7
from tests.billing.stories import (
    DECEMBER_ENDS_AT,
    NOVEMBER_ENDS_AT,
    OCTOBER_ENDS_AT,
    Story,
    a_world,
    close_october,
    compare_clearing,
    compare_conservation,
    compare_netting,
    tell,
)
from tests.examples import asked_of_the_database
from tests.makers import NOON

PARTNERS = [new_uuid7() for _ in range(4)]
PARTIES = {partner: [new_uuid7(), new_uuid7()] for partner in PARTNERS}
HOUSE = new_uuid7()

amounts = st.one_of(
    st.none(),
    # Half cents, half yen, half fils, on both sides of zero.
    st.builds(lambda n, p: Decimal(n).scaleb(-p), st.integers(-2000, 2000), st.integers(1, 4)),
    st.decimals("-99999", "99999", places=6, allow_nan=False),
)
an_instant = timedelta(microseconds=1)
ends = st.sampled_from(
    [
        NOON,
        NOON - timedelta(days=3650),
        OCTOBER_ENDS_AT - an_instant,
        OCTOBER_ENDS_AT,
        NOVEMBER_ENDS_AT - an_instant,
        NOVEMBER_ENDS_AT,
        NOVEMBER_ENDS_AT + an_instant,
        DECEMBER_ENDS_AT - an_instant,
        DECEMBER_ENDS_AT,
    ]
)
rates = st.lists(
    st.integers(0, 1_000_000).map(lambda millionths: str(Decimal(millionths).scaleb(-6))),
    min_size=6,
    max_size=6,
)
beneficiaries = st.lists(st.sampled_from(["CLEARING_HOUSE", "BUYER"]), min_size=6, max_size=6)
stories = st.lists(
    st.builds(
        Story,
        claim=amounts,
        seller=st.integers(0, 1),
        buyer=st.integers(0, 2),
        ended_at=ends,
        energy_kwh=st.decimals("0", "200", places=6),
        state=st.sampled_from(["ACCEPTED", "ACCEPTED", "ACCEPTED", "HELD", "DISPUTED"]),
    ),
    max_size=12,
)
database = asked_of_the_database(40)


@st.composite
def cleared_rows(draw):
    seller, buyer = draw(st.sampled_from(PARTNERS)), draw(st.sampled_from(PARTNERS))
    claim = draw(st.integers(-50_000, 50_000))
    return ClearedRow(
        seller=PARTIES[seller][0],
        buyer=PARTIES[buyer][1],
        seller_partner=seller,
        buyer_partner=buyer,
        claim_minor=claim,
        payout_minor=claim * draw(st.integers(0, 100)) // 100,
        beneficiary=draw(st.sampled_from(["CLEARING_HOUSE", "BUYER"])),
    )


windows = st.lists(cleared_rows(), max_size=20)


@pytest.mark.django_db
class TestClearingBySql:
    @database
    @given(
        told=stories,
        currency=st.sampled_from(["EUR", "JPY", "KWD"]),
        rates=rates,
        beneficiaries=beneficiaries,
    )
    def test_gives_each_record_what_its_twin_gives_it(self, told, currency, rates, beneficiaries):
        with transaction.atomic():
            world = a_world(currency=currency, rates=rates, beneficiaries=beneficiaries)
            close_october(world)
            tell(world, *told)

            compare_clearing(world)
            compare_conservation(world)

            transaction.set_rollback(True)


@pytest.mark.django_db
class TestNettingBySql:
    @asked_of_the_database(25)
    @given(told=stories.filter(bool), rates=rates, beneficiaries=beneficiaries)
    def test_posts_and_nets_what_its_twin_does(self, told, rates, beneficiaries):
        with transaction.atomic():
            world = a_world(rates=rates, beneficiaries=beneficiaries)
            tell(world, *told, Story(Decimal("1.00")))

            compare_netting(world)

            transaction.set_rollback(True)


class TestNetting:
    @given(windows)
    def test_sums_to_zero(self, rows):
        assert sum(position.net_minor for position in positions(rows, house=HOUSE)) == 0

    @given(windows.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
    def test_does_not_look_at_the_order_of_records(self, both):
        rows, shuffled = both

        assert positions(rows, house=HOUSE) == positions(shuffled, house=HOUSE)
        assert postings(rows, house=HOUSE) == postings(shuffled, house=HOUSE)

    @given(windows)
    def test_of_all_is_the_sum_of_what_pairs_settle(self, rows):
        bilateral = dict.fromkeys([*PARTNERS, HOUSE], 0)
        for pair, total in pair_sums(rows).items():
            bilateral[pair.seller_partner] += total.owed_minor - total.fee_minor
            bilateral[pair.buyer_partner] -= total.owed_minor
            bilateral[HOUSE] += total.fee_minor

        for position in positions(rows, house=HOUSE):
            assert position.net_minor == bilateral.pop(position.partner), position.partner
        assert not any(bilateral.values())

    @given(windows)
    def test_moves_in_the_ledger_what_it_states_in_positions(self, rows):
        balances = dict.fromkeys([*PARTNERS, HOUSE], 0)
        for posting in postings(rows, house=HOUSE):
            assert posting.amount_minor > 0
            balances[posting.debit] -= posting.amount_minor
            balances[posting.credit] += posting.amount_minor

        for position in positions(rows, house=HOUSE):
            assert position.net_minor == balances.pop(position.partner), position.partner
        assert not any(balances.values())

    @given(windows, cleared_rows())
    def test_of_a_record_and_its_mirror_is_as_if_neither_were(self, rows, row):
        mirror = ClearedRow(
            seller=row.seller,
            buyer=row.buyer,
            seller_partner=row.seller_partner,
            buyer_partner=row.buyer_partner,
            claim_minor=-row.claim_minor,
            payout_minor=-row.payout_minor,
            beneficiary=row.beneficiary,
        )

        nets = {p.partner: p.net_minor for p in positions(rows, house=HOUSE)}
        nets_with_both = positions([*rows, row, mirror], house=HOUSE)

        assert {p.partner: p.net_minor for p in nets_with_both if p.net_minor} == {
            partner: net for partner, net in nets.items() if net
        }

    @given(windows.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
    def test_hashes_to_one_value(self, both):
        first, second = (positions(rows, house=HOUSE) for rows in both)

        assert positions_sha256(first) == positions_sha256(reversed(second))
