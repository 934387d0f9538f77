"""Netting, least payment, instructions, default: the worked example, then whatever one may owe."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.rules.default import (
    Cover,
    Draw,
    default_under_agency,
    pro_rata,
    unwind,
    waterfall,
)
from billing.rules.instructions import instructions
from billing.rules.multilateral import (
    Obligation,
    bilateral,
    netted_by_clause,
    novated,
    positions_of,
    with_least_payment,
)
from billing.rules.vat.facts import DomesticRow
from tests.billing.fee_makers import A, B, C, D
from tests.billing.three_partners import (
    COMPANIES,
    HOUSE,
    document,
    energy_documents,
    energy_obligations,
    fee_documents,
    fee_obligations,
    named,
    obligations,
    sales,
)
from tests.billing.vat_facts import DEFAULTS, LONG_AGO


class TestThreePartners:
    def test_invoice_what_they_sold(self):
        found = {
            (*pair,): (line.category, line.excl_tax_minor, line.vat_minor, line.incl_tax_minor)
            for pair, line in energy_documents().items()
        }

        assert found == {
            (A, B): ("AE", 100_000, 0, 100_000),
            (A, C): ("S", 40_000, 8400, 48_400),
            (B, A): ("AE", 60_000, 0, 60_000),
            (B, C): ("AE", 30_000, 0, 30_000),
            (C, A): ("S", 20_000, 4200, 24_200),
            (C, B): ("AE", 50_000, 0, 50_000),
        }
        assert sum(line[-1] for line in found.values()) == 312_600

    def test_are_invoiced_their_fees(self):
        found = {
            partner: (line.category, line.excl_tax_minor, line.vat_minor, line.incl_tax_minor)
            for partner, line in fee_documents().items()
        }

        assert found == {
            A: ("AE", 4120, 0, 4120),
            B: ("S", 3540, 673, 4213),
            C: ("AE", 3320, 0, 3320),
        }

    def test_owe_three_payments_between_each_two(self):
        assert named(bilateral(energy_obligations())) == [
            ("B", "A", 40_000),
            ("B", "C", 20_000),
            ("C", "A", 24_200),
        ]

    def test_have_one_position_each(self):
        assert positions_of(energy_obligations()) == {A: 64_200, B: -60_000, C: -4200}
        assert positions_of(obligations()) == {A: 60_080, B: -64_213, C: -7520, HOUSE: 11_653}

    def test_pay_each_other_in_three_payments(self):
        assert named(instructions(positions_of(obligations()))) == [
            ("B", "A", 60_080),
            ("B", "House", 4133),
            ("C", "House", 7520),
        ]

    def test_unwind_without_c(self):
        found = unwind(obligations(), defaulter=C)

        assert found.positions == {A: 35_880, B: -44_213, HOUSE: 8333}
        assert named(found.claims) == [
            ("B", "C", 20_000),
            ("C", "A", 24_200),
            ("C", "House", 3320),
        ]

    def test_cover_the_default_of_c_from_deposit_and_fund(self):
        found = waterfall(7520, [Cover("deposit", 5000), Cover("default fund", 10_000)])

        assert found.draws == [Draw("deposit", 5000, 0), Draw("default fund", 2520, 7480)]
        assert found.uncovered_minor == 0

    def test_a_correction_run_moves_the_difference_alone(self):
        """A sold C a hundred records at 11.80 instead of 9.80; the fee is 1 %."""
        corrected = {(A, C): 98_000 - 118_000}
        (line,) = [
            document(COMPANIES[seller], COMPANIES[buyer], minor, kind="ELECTRICITY")
            for (seller, buyer), minor in corrected.items()
        ]
        fee = document(COMPANIES[HOUSE], COMPANIES[A], -200, kind="SERVICE")
        owed = [Obligation(C, A, line.incl_tax_minor), Obligation(A, HOUSE, fee.incl_tax_minor)]

        assert (line.excl_tax_minor, line.vat_minor) == (-20_000, -4200)
        assert positions_of(owed) == {A: -24_000, C: 24_200, HOUSE: -200}

    def test_covers_that_reach_keep_the_window(self):
        found = default_under_agency(
            obligations(),
            defaulter=C,
            owed_minor=7520,
            covers=[Cover("prefund", 5000), Cover("guarantee", 2520)],
        )

        assert [draw.drawn_minor for draw in found.draws] == [5000, 2520]
        assert found.unwound is None

    def test_a_cent_too_little_unwinds_it_and_draws_nothing(self):
        found = default_under_agency(
            obligations(),
            defaulter=C,
            owed_minor=7520,
            covers=[Cover("prefund", 5000), Cover("guarantee", 2519)],
        )

        assert found.draws == []
        assert found.unwound == unwind(obligations(), defaulter=C)

    def test_without_the_clause_c_settles_with_each_alone(self):
        found = netted_by_clause(obligations(), with_clause=[A, B], house=HOUSE)

        assert found.positions == {A: 35_880, B: -44_213, HOUSE: 8333}
        assert named(found.pairs) == [
            ("B", "C", 20_000),
            ("C", "A", 24_200),
            ("C", "House", 3320),
        ]

    def test_next_window_with_the_dispute_settled_and_a_credit(self):
        """A→B agreed at 8.00; C credits A 10.00 and 2.10 VAT."""
        next_window = [Obligation(B, A, 800), Obligation(A, C, -1000), Obligation(A, C, -210)]

        assert positions_of(next_window) == {A: 2010, B: -800, C: -1210}
        assert named(instructions(positions_of(next_window))) == [("C", "A", 1210), ("B", "A", 800)]

    def test_central_counterparty_buys_and_sells_with_its_own_vat(self):
        """German supplies at home at 19 %, to exercise VAT on both sides of the house."""
        german = DomesticRow(country="DE", applies=False, from_date=LONG_AGO, source="example")
        rules = replace(DEFAULTS, domestic=(german,))
        owed, input_vat, output_vat = fee_obligations(), 0, 673
        for (seller, buyer), minor in sales().items():
            bought = document(
                COMPANIES[seller], COMPANIES[HOUSE], minor, kind="ELECTRICITY", rules=rules
            )
            sold = document(
                COMPANIES[HOUSE], COMPANIES[buyer], minor, kind="ELECTRICITY", rules=rules
            )
            owed += [
                Obligation(HOUSE, seller, bought.incl_tax_minor),
                Obligation(buyer, HOUSE, sold.incl_tax_minor),
            ]
            input_vat += bought.vat_minor
            output_vat += sold.vat_minor

        assert positions_of(owed) == {A: 55_880, B: -75_613, C: -3320, HOUSE: 23_053}
        assert (input_vat, output_vat) == (17_100, 29_173)


class TestLeastPayment:
    def carried(self, lines) -> dict[UUID, int]:
        return {line.partner: line.carried_out_minor for line in lines}

    def paid(self, lines) -> dict[UUID, int]:
        return {line.partner: line.paid_minor for line in lines}

    @pytest.mark.parametrize(
        ("net", "paid"), [(499, 0), (-499, 0), (500, 500), (-500, -500), (0, 0)]
    )
    def test_is_paid_from_five_euros_on(self, net, paid):
        lines = with_least_payment({A: net, HOUSE: -net}, house=HOUSE)

        assert self.paid(lines) == {A: paid, HOUSE: -paid}
        assert self.carried(lines) == {A: net - paid, HOUSE: paid - net}

    def test_is_stood_in_for_by_the_house(self):
        lines = with_least_payment({A: 5000, B: -4700, C: -450, HOUSE: 150}, house=HOUSE)

        assert self.paid(lines) == {A: 5000, B: -4700, C: 0, HOUSE: -300}
        assert self.carried(lines) == {A: 0, B: 0, C: -450, HOUSE: 450}

    def test_adds_up_over_windows(self):
        first = with_least_payment({A: -300, HOUSE: 300}, house=HOUSE)
        second = with_least_payment(
            {A: -250, HOUSE: 250}, house=HOUSE, carried_in=self.carried(first)
        )

        assert self.paid(second) == {A: -550, HOUSE: 550}
        assert self.carried(second) == {A: 0, HOUSE: 0}

    def test_pays_a_leaving_partner_to_the_cent(self):
        lines = with_least_payment({A: 3, B: 4, HOUSE: -7}, house=HOUSE, leaving=[A])

        assert self.paid(lines) == {A: 3, B: 0, HOUSE: -3}

    def test_takes_another_least_amount(self):
        lines = with_least_payment({A: 3, HOUSE: -3}, house=HOUSE, least_minor=0)

        assert self.paid(lines) == {A: 3, HOUSE: -3}

    @pytest.mark.parametrize(("positions", "carried"), [({A: 1}, {}), ({A: 1, HOUSE: -1}, {A: 3})])
    def test_refuses_what_does_not_add_up(self, positions, carried):
        with pytest.raises(ValueError, match="not to zero"):
            with_least_payment(positions, house=HOUSE, carried_in=carried)


class TestInstructions:
    def test_break_ties_by_id(self):
        positions = {D: -10, C: -10, B: 10, A: 10}

        assert named_ids(instructions(positions)) == [(C, A, 10), (D, B, 10)]

    def test_refuse_positions_that_do_not_add_up(self):
        with pytest.raises(ValueError, match="not to zero"):
            instructions({A: 1})

    def test_are_none_where_nobody_owes(self):
        assert instructions({A: 0, B: 0}) == []


def named_ids(found) -> list[tuple[UUID, UUID, int]]:
    return [tuple(one) for one in found]


class TestWaterfall:
    def test_says_what_no_pot_covers(self):
        found = waterfall(100, [Cover("prefund", 30), Cover("guarantee", 0), Cover("house", 20)])

        assert [draw.drawn_minor for draw in found.draws] == [30, 0, 20]
        assert found.uncovered_minor == 50

    @pytest.mark.parametrize(("owed", "pot"), [(-1, 1), (1, -1)])
    def test_refuses_less_than_nothing(self, owed, pot):
        with pytest.raises(ValueError, match="below zero"):
            waterfall(owed, [Cover("pot", pot)])

    @pytest.mark.parametrize(
        ("amount", "weights", "shares"),
        [
            (2520, {A: 1, B: 1, C: 2}, {A: 630, B: 630, C: 1260}),
            (100, {A: 1, B: 1, C: 1}, {A: 34, B: 33, C: 33}),
            (2, {A: 1, B: 5, C: 4}, {A: 0, B: 1, C: 1}),
            (7, {A: 0, B: 1}, {A: 0, B: 7}),
        ],
    )
    def test_shares_to_the_last_cent(self, amount, weights, shares):
        assert pro_rata(amount, weights) == shares

    @pytest.mark.parametrize(
        ("amount", "weights"), [(1, {}), (1, {A: 0}), (-1, {A: 1}), (1, {A: -1, B: 3})]
    )
    def test_shares_nothing_among_nobody(self, amount, weights):
        with pytest.raises(ValueError, match="above zero"):
            pro_rata(amount, weights)


everybody = st.sampled_from([A, B, C, D, HOUSE, UUID(int=1), UUID(int=2)])
minors = st.integers(-(10**9), 10**9)
owed = st.lists(st.builds(Obligation, everybody, everybody, minors), max_size=25)
balanced = st.lists(st.tuples(everybody, minors), max_size=12).map(
    lambda pairs: positions_of(Obligation(HOUSE, who, minor) for who, minor in pairs)
)


# Told each time before what is made up: a ring, a debt both ways, and one to oneself.
STORY = [
    Obligation(A, B, 1000),
    Obligation(B, A, 300),
    Obligation(B, C, 500),
    Obligation(C, A, 401),
    Obligation(C, HOUSE, 7),
    Obligation(D, D, 9),
]
WINDOW = {A: -300, B: 700, C: -5000, HOUSE: 4600}


def without_flat(positions: dict[UUID, int]) -> dict[UUID, int]:
    return {who: net for who, net in positions.items() if net}


@example(STORY)
@given(owed)
def test_positions_add_up_to_zero(owed):
    assert sum(positions_of(owed).values()) == 0


@example(STORY)
@given(owed)
def test_multilateral_is_the_sum_of_bilateral(owed):
    assert without_flat(positions_of(bilateral(owed))) == without_flat(positions_of(owed))


@given(owed)
def test_bilateral_leaves_one_payment_between_two(owed):
    left = bilateral(owed)

    assert all(one.amount_minor > 0 for one in left)
    pairs = Counter(frozenset(one[:2]) for one in left)
    assert set(pairs.values()) <= {1}
    assert all(len(pair) == 2 for pair in pairs)


@given(owed, st.randoms())
def test_the_order_of_obligations_is_irrelevant(owed, random):
    shuffled = random.sample(owed, len(owed))

    assert positions_of(owed) == positions_of(shuffled)
    assert bilateral(owed) == bilateral(shuffled)
    assert unwind(owed, defaulter=A) == unwind(shuffled, defaulter=A)
    assert instructions(positions_of(owed)) == instructions(positions_of(shuffled))


@example(STORY)
@given(owed)
def test_an_obligation_and_its_credit_are_nothing(owed):
    credits = [one._replace(amount_minor=-one.amount_minor) for one in owed]

    assert without_flat(positions_of([*owed, *credits])) == {}
    assert bilateral([*owed, *credits]) == []


@example(STORY, {A, B})
@given(owed, st.sets(everybody))
def test_the_clause_changes_no_position(owed, with_clause):
    found = netted_by_clause(owed, with_clause=with_clause, house=HOUSE)

    assert sum(found.positions.values()) == 0
    assert set(found.positions) <= {*with_clause, HOUSE}
    assert all(not {one.debtor, one.creditor} <= {*with_clause, HOUSE} for one in found.pairs)
    whole = Counter(found.positions)
    whole.update(positions_of(found.pairs))
    assert without_flat(whole) == without_flat(positions_of(owed))


@example(STORY)
@given(owed)
def test_novation_changes_no_position(owed):
    through_the_house = novated(owed, house=HOUSE)

    assert without_flat(positions_of(through_the_house)) == without_flat(positions_of(owed))
    assert all(HOUSE in (one.debtor, one.creditor) for one in through_the_house)


@example(positions_of(STORY))
@given(balanced)
def test_instructions_settle_every_position_exactly(positions):
    found = instructions(positions)

    assert all(one.amount_minor > 0 for one in found)
    assert without_flat(positions_of(Obligation(*one) for one in found)) == without_flat(positions)
    assert len(found) <= max(len(without_flat(positions)) - 1, 0)


@example(STORY, A)
@given(owed, everybody)
def test_unwinding_adds_up_and_loses_nothing(owed, defaulter):
    found = unwind(owed, defaulter=defaulter)

    assert sum(found.positions.values()) == 0
    assert defaulter not in found.positions
    whole = Counter(found.positions)
    whole.update(positions_of(found.claims))
    assert without_flat(whole) == without_flat(positions_of(owed))
    assert all(defaulter in (one.debtor, one.creditor) for one in found.claims)


@example([WINDOW, WINDOW], 500)
@given(st.lists(balanced, max_size=5), st.integers(0, 10**6))
def test_what_is_carried_is_paid_in_the_end(windows, least):
    carried: dict[UUID, int] = {}
    paid: Counter[UUID] = Counter()
    for positions in windows:
        lines = with_least_payment(positions, house=HOUSE, carried_in=carried, least_minor=least)
        carried = {line.partner: line.carried_out_minor for line in lines}
        for line in lines:
            assert (
                line.carried_in_minor + line.net_minor == line.paid_minor + line.carried_out_minor
            )
            assert line.partner == HOUSE or line.carried_out_minor == 0 or not line.paid_minor
            assert line.partner == HOUSE or abs(line.carried_out_minor) < max(least, 1)
            paid[line.partner] += line.paid_minor
        assert sum(line.paid_minor for line in lines) == 0

    everything: Counter[UUID] = Counter()
    for positions in windows:
        everything.update(positions)
    paid.update(carried)
    assert without_flat(paid) == without_flat(everything)


@example(75, [50, 100])
@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), max_size=6))
def test_the_waterfall_takes_what_is_owed_and_no_pot_below_zero(owed, pots):
    found = waterfall(owed, [Cover(str(number), pot) for number, pot in enumerate(pots)])

    assert sum(draw.drawn_minor for draw in found.draws) + found.uncovered_minor == owed
    assert all(draw.left_minor >= 0 for draw in found.draws)
    assert not found.uncovered_minor or not any(draw.left_minor for draw in found.draws)
    touched = [draw.drawn_minor > 0 for draw in found.draws]
    for number, draw in enumerate(found.draws):
        assert not draw.left_minor or not any(touched[number + 1 :])


@example(100, {A: 1, B: 1, C: 1})
@given(
    st.integers(0, 10**9),
    st.dictionaries(everybody, st.integers(0, 10**6), min_size=1).filter(
        lambda weights: any(weights.values())
    ),
)
def test_shares_add_up_and_are_near_their_weight(amount, weights):
    shares = pro_rata(amount, weights)

    assert sum(shares.values()) == amount
    whole = sum(weights.values())
    assert all(abs(shares[who] * whole - amount * weights[who]) < whole for who in weights)
