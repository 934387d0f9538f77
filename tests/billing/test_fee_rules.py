"""The fees of the house: per record and per month, shared, bounded, scoped, and given back."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.rules.fees.facts import LostDispute
from billing.rules.fees.record import fee_of_record
from billing.rules.fees.scope import AmbiguousFees, chosen
from billing.rules.fees.terms import WrongTerms
from billing.rules.fees.window import carry, fees_of_window
from tests.billing.fee_makers import (
    DAY,
    FEBRUARY,
    JANUARY,
    A,
    B,
    C,
    D,
    by_payer,
    component,
    credit_of,
    members,
    new_id,
    record,
    scope,
    three_partners_components,
    three_partners_records,
    tiered,
)


def fee(terms, **facts) -> list[int]:
    return [int(share.amount) for share in fee_of_record(terms, record(**facts))]


class TestThreePartners:
    def test_pay_what_the_worked_example_says(self):
        lines = fees_of_window(
            three_partners_components(),
            records=three_partners_records(),
            memberships=members(A, B, C),
        )

        assert by_payer(lines) == {A: 4120, B: 3540, C: 3320}
        assert [(line.component.kind, line.amount_minor) for line in lines if line.payer == A] == [
            ("BP_OF_AMOUNT", 1400),
            ("MONTHLY", 2500),
            ("PER_SDR", 220),
        ]

    def test_a_correction_gives_back_the_share_and_takes_no_second_fee(self):
        """A hundred records were settled at 11.80 instead of 9.80; 1 % and 0.02 a record."""
        components = three_partners_components()[:2]
        wrong = [record(1180, buyer=C) for _ in range(100)]
        first = fees_of_window(components, records=wrong)
        right = [record(980, buyer=C, is_correction=True) for _ in wrong]

        second = fees_of_window(
            components,
            records=[*map(credit_of, wrong), *right],
            counted=carry({}, first),
        )
        assert by_payer(first) == {A: 1180 + 200}
        assert by_payer(second) == {A: -200}


class TestOneRecord:
    @pytest.mark.parametrize(
        ("kind", "rate", "facts", "expected"),
        [
            ("PER_SDR", "2", {}, [2]),
            ("PER_SDR", "1.5", {}, [2]),
            ("PER_SDR", "0.4", {}, [0]),
            ("BP_OF_AMOUNT", "100", {"minor": 1250}, [13]),
            ("BP_OF_AMOUNT", "100", {"minor": 1249}, [12]),
            ("BP_OF_AMOUNT", "12.5", {"minor": 100_000}, [125]),
            ("PER_KWH", "0.25", {"kwh": "18.400"}, [5]),
            ("PER_KWH", "0.25", {"kwh": "18"}, [5]),
            ("PER_KWH", "0.25", {"kwh": "17.999"}, [4]),
            ("LATE_SDR", "50", {}, []),
            ("LATE_SDR", "50", {"is_late": True}, [50]),
        ],
    )
    def test_costs_quantity_times_rate_half_up(self, kind, rate, facts, expected):
        assert fee(component(kind, rate), **facts) == expected

    @pytest.mark.parametrize(
        ("minor", "expected"), [(0, 5), (100, 5), (500, 5), (600, 6), (5000, 50), (10_000, 50)]
    )
    def test_has_a_least_and_a_most(self, minor, expected):
        terms = component("BP_OF_AMOUNT", "100", min_minor=5, max_minor=50)

        assert fee(terms, minor=minor) == [expected]
        original = record(minor)
        (back,) = fee_of_record(terms, credit_of(original))
        assert int(back.amount) == -expected

    def test_is_shared_to_the_last_cent(self):
        terms = component("PER_SDR", "5", payer="SPLIT", cso_share=Decimal("0.5"))

        shares = fee_of_record(terms, record())
        assert [(share.payer, share.amount) for share in shares] == [(A, 3), (B, 2)]

    @pytest.mark.parametrize(("payer", "expected"), [("CSO", A), ("CSP", B)])
    def test_is_paid_by_one_side(self, payer, expected):
        (share,) = fee_of_record(component(payer=payer), record())

        assert (share.payer, share.payee) == (expected, None)

    def test_reduces_the_price_of_the_buyer(self):
        terms = component("BP_OF_AMOUNT", "100", beneficiary="BUYER")

        (share,) = fee_of_record(terms, record(1000))
        assert share == (A, B, 10)
        assert fee_of_record(terms, record(1000, buyer=A)) == []

    def test_of_ones_own_network_costs_a_fee(self):
        assert fee(component("PER_SDR", "2"), buyer=A) == [2]

    def test_with_tiers_is_not_known_by_itself(self):
        with pytest.raises(WrongTerms):
            fee_of_record(tiered("GRADUATED", ("0", "2")), record())


class TestCredits:
    @pytest.mark.parametrize(
        ("kind", "house_fault", "left"),
        [
            ("BP_OF_AMOUNT", False, 0),
            ("PER_KWH", False, 0),
            ("PER_SDR", False, 2),
            ("LATE_SDR", False, 2),
            ("PER_SDR", True, 0),
            ("LATE_SDR", True, 0),
            ("BP_OF_AMOUNT", True, 0),
        ],
    )
    def test_leave_the_fee_for_handling_unless_the_house_erred(self, kind, house_fault, left):
        terms = component(kind, "2")
        original = record(10_000, "1", is_late=True)
        credit = credit_of(original, is_late=True, is_house_fault=house_fault)

        charged = fees_of_window([terms], records=[original, credit])
        assert sum(line.amount_minor for line in charged) == left

    def test_take_a_price_reduction_back_whatever_its_kind(self):
        terms = component("PER_SDR", "2", beneficiary="BUYER")
        original = record()

        assert by_payer(fees_of_window([terms], records=[original, credit_of(original)])) == {A: 0}

    def test_in_a_later_window_take_back_the_tier_of_the_first(self):
        """The 1,001st record cost 1 cent, and 1 cent comes back though February is young."""
        terms = tiered("GRADUATED", ("0", "300"), ("10000", "100"), kind="BP_OF_AMOUNT")
        records = [record(10_000), record(1_000)]
        first = fees_of_window([terms], records=records, months_over=[JANUARY])
        second = fees_of_window(
            [terms],
            records=[credit_of(records[1]), record(100, service_date=FEBRUARY)],
            counted=carry({}, first),
            months_over=[JANUARY],
        )

        assert [line.amount_minor for line in first] == [310]
        assert [(line.month, line.amount_minor) for line in second] == [
            (JANUARY, -10),
            (FEBRUARY, 3),
        ]


class TestTiers:
    PER_RECORD = (("0", "10"), ("100", "5"), ("200", "1"))

    @pytest.mark.parametrize(
        ("mode", "count", "expected"),
        [
            ("GRADUATED", 99, 990),
            ("GRADUATED", 100, 1000),
            ("GRADUATED", 101, 1005),
            ("GRADUATED", 201, 1501),
            ("VOLUME", 99, 990),
            ("VOLUME", 100, 500),
            ("VOLUME", 200, 200),
        ],
    )
    def test_price_each_slice_or_all_of_it(self, mode, count, expected):
        terms = tiered(mode, *self.PER_RECORD)

        (line,) = fees_of_window([terms], records=[record() for _ in range(count)])
        assert line.amount_minor == expected
        assert sum(step.quantity for step in line.steps) == count
        assert sum(step.amount for step in line.steps) == expected

    @pytest.mark.parametrize(
        ("mode", "second", "in_all"), [("GRADUATED", 530, 1130), ("VOLUME", 30, 630)]
    )
    def test_are_counted_by_month_and_not_by_window(self, mode, second, in_all):
        """60 records in the first week cost 600. Those and 66 more cost 1,000 + 26 × 5 graduated,
        and 126 × 5 by volume."""
        terms = tiered(mode, *self.PER_RECORD)
        weeks = [[record() for _ in range(count)] for count in (60, 66)]
        first = fees_of_window([terms], records=weeks[0])
        late = fees_of_window([terms], records=weeks[1], counted=carry({}, first))

        assert first[0].amount_minor == 600
        assert late[0].amount_minor == second
        assert late[0].after.charged_minor == in_all

    def test_are_counted_for_each_payer_alone(self):
        terms = tiered("GRADUATED", ("0", "10"), ("2", "1"))
        records = [record(seller=seller) for seller in (A, A, A, C, C, C)]

        assert by_payer(fees_of_window([terms], records=records)) == {A: 21, C: 21}

    def test_begin_again_with_the_month_of_the_service(self):
        terms = tiered("GRADUATED", ("0", "10"), ("1", "1"))
        records = [record(), record(), record(service_date=FEBRUARY)]

        lines = fees_of_window([terms], records=records)
        assert [(line.month, line.amount_minor) for line in lines] == [
            (JANUARY, 11),
            (FEBRUARY, 10),
        ]


class TestMonths:
    def test_have_a_cap_over_all_their_windows(self):
        terms = component("PER_SDR", "10", cap_minor=25)
        first = fees_of_window([terms], records=[record(), record()])
        second = fees_of_window([terms], records=[record(), record()], counted=carry({}, first))

        assert [line.amount_minor for line in (*first, *second)] == [20, 5]

    def test_have_a_floor_when_they_are_over(self):
        terms = component("PER_SDR", "10", floor_minor=100)
        first = fees_of_window([terms], records=[record()])
        second = fees_of_window([terms], counted=carry({}, first), months_over=[JANUARY])
        third = fees_of_window(
            [terms],
            records=[record() for _ in range(10)],
            counted=carry(carry({}, first), second),
            months_over=[JANUARY],
        )

        assert [line.amount_minor for line in (*first, *second, *third)] == [10, 90, 10]

    def test_have_no_floor_for_who_did_nothing(self):
        terms = component("PER_SDR", "10", floor_minor=100)

        assert fees_of_window([terms], memberships=members(A), months_over=[JANUARY]) == []

    def test_cost_a_membership_once(self):
        terms = component("MONTHLY", "2500")
        first = fees_of_window([terms], memberships=[*members(A), *members(A, B)])
        second = fees_of_window(
            [terms],
            memberships=[*members(A), *members(A, month=FEBRUARY)],
            counted=carry({}, first),
        )

        assert by_payer(first) == {A: 2500, B: 2500}
        assert [(line.month, line.amount_minor) for line in second] == [(FEBRUARY, 2500)]

    def test_cost_a_joining_once_for_ever(self):
        terms = component("ONE_OFF", "50000")
        first = fees_of_window([terms], memberships=members(A))
        second = fees_of_window(
            [terms], memberships=members(A, month=FEBRUARY), counted=carry({}, first)
        )

        assert by_payer(first) == {A: 50_000}
        assert second == []

    def test_cost_a_member_its_own_price(self):
        own = component("MONTHLY", "1000", scope=scope(partner=B))

        lines = fees_of_window([component("MONTHLY", "2500"), own], memberships=members(A, B))
        assert by_payer(lines) == {A: 2500, B: 1000}


class TestLostDisputes:
    @pytest.mark.parametrize(("lost_by", "payer"), [("CSO", A), ("CSP", B)])
    def test_are_paid_by_who_lost(self, lost_by, payer):
        lost = LostDispute(id=new_id(), seller=A, buyer=B, lost_by=lost_by, closed_date=DAY)

        lines = fees_of_window([component("DISPUTE_LOST", "1500")], disputes=[lost])
        assert by_payer(lines) == {payer: 1500}


class TestScope:
    GENERAL = component(rate="1")
    SELLING = component(rate="2", scope=scope(direction="AS_SELLER"))
    WITH_B = component(rate="3", scope=scope(counterparty=B))
    OF_A = component(rate="4", scope=scope(partner=A))
    OF_A_SELLING = component(rate="5", scope=scope(partner=A, direction="AS_SELLER"))
    A_WITH_B = component(rate="6", scope=scope(partner=A, counterparty=B))
    A_TO_B = component(rate="7", scope=scope(partner=A, counterparty=B, direction="AS_SELLER"))
    RISING = (GENERAL, SELLING, WITH_B, OF_A, OF_A_SELLING, A_WITH_B, A_TO_B)

    @pytest.mark.parametrize("count", range(1, 8))
    def test_takes_the_most_specific(self, count):
        for components in (self.RISING[:count], self.RISING[count - 1 :: -1]):
            (found,) = chosen(components, seller=A, buyer=B, on=DAY)
            assert found.rate == count

    @pytest.mark.parametrize(
        ("terms", "seller", "buyer", "is_taken"),
        [
            (OF_A, A, C, True),
            (OF_A, C, A, True),
            (OF_A, B, C, False),
            (OF_A_SELLING, C, A, False),
            (A_WITH_B, B, A, True),
            (A_WITH_B, A, C, False),
            (A_TO_B, B, A, False),
            (WITH_B, B, D, True),
            (WITH_B, C, D, False),
        ],
    )
    def test_takes_the_records_it_names(self, terms, seller, buyer, is_taken):
        assert bool(chosen([terms], seller=seller, buyer=buyer, on=DAY)) == is_taken

    def test_prefers_the_seller_where_both_sides_have_a_price(self):
        of_b = component(rate="9", scope=scope(partner=B))

        for components in ([self.OF_A, of_b], [of_b, self.OF_A]):
            assert chosen(components, seller=A, buyer=B, on=DAY) == [self.OF_A]
            assert chosen(components, seller=B, buyer=A, on=DAY) == [of_b]

    def test_does_not_guess_between_equals(self):
        with pytest.raises(AmbiguousFees):
            chosen([self.GENERAL, component(rate="8")], seller=A, buyer=B, on=DAY)

    def test_adds_up_fees_of_other_codes(self):
        other = component("PER_KWH", "1")

        assert chosen([other, self.GENERAL], seller=A, buyer=B, on=DAY) == [other, self.GENERAL]

    @pytest.mark.parametrize(
        ("day", "rate"),
        [(date(2026, 12, 31), 1), (date(2027, 1, 1), 2), (date(2025, 12, 31), None)],
    )
    def test_changes_between_two_days(self, day, rate):
        old = replace(self.GENERAL, until_date=JANUARY)
        new = component(rate="2", from_date=JANUARY)

        found = chosen([old, new], seller=A, buyer=B, on=day)
        assert [one.rate for one in found] == ([rate] if rate else [])


class TestLines:
    def test_round_once_where_the_terms_say_so(self):
        """Three halves of a cent: 1.5 is 2, but 1 + 1 + 1 is 3."""
        records = [record() for _ in range(3)]
        together = component(rate="0.5", rounding="PER_WINDOW")
        apart = component(rate="0.5", rounding="PER_SDR")

        assert by_payer(fees_of_window([together], records=records)) == {A: 2}
        assert by_payer(fees_of_window([apart], records=records)) == {A: 3}

    def test_carry_their_fractions_to_the_next_window_of_the_month(self):
        terms = component(rate="0.4", rounding="PER_WINDOW")
        counted, charged = {}, []
        for _ in range(5):
            lines = fees_of_window([terms], records=[record()], counted=counted)
            counted = carry(counted, lines)
            charged += [line.amount_minor for line in lines]

        assert charged == [0, 1, 0, 1, 0]

    def test_name_each_buyer_of_a_price_reduction(self):
        terms = component("BP_OF_AMOUNT", "100", beneficiary="BUYER")

        lines = fees_of_window([terms], records=[record(1000), record(500, buyer=C)])
        assert Counter({line.payee: line.amount_minor for line in lines}) == {B: 10, C: 5}

    def test_count_their_records(self):
        original = record()
        terms = component("BP_OF_AMOUNT", "100")

        (line,) = fees_of_window([terms], records=[original, credit_of(original), record(500)])
        assert (line.records, line.quantity, line.amount_minor) == (3, 500, 5)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: component(payer="PARTICIPANT"),
        lambda: component("MONTHLY", payer="CSO"),
        lambda: component("DISPUTE_LOST", payer="CSO"),
        lambda: component(payer="SPLIT"),
        lambda: component(cso_share=Decimal("0.5")),
        lambda: component(payer="SPLIT", cso_share=Decimal("1.5")),
        lambda: component(rate="-1"),
        lambda: component(min_minor=5, max_minor=4),
        lambda: component(floor_minor=5, cap_minor=4),
        lambda: component(tier_mode="VOLUME"),
        lambda: tiered("VOLUME", ("1", "2")),
        lambda: tiered("VOLUME", ("0", "2"), ("0", "1")),
        lambda: tiered("VOLUME", ("0", "2"), min_minor=1),
        lambda: replace(tiered("VOLUME", ("0", "2")), rounding="PER_SDR"),
        lambda: tiered("VOLUME", ("0", "2"), payer="SPLIT", cso_share=Decimal("0.5")),
        lambda: component(beneficiary="BUYER", payer="CSP"),
        lambda: component("MONTHLY", beneficiary="BUYER"),
        lambda: component(beneficiary="BUYER", floor_minor=5),
        lambda: component(until_date=date(2026, 1, 1)),
    ],
)
def test_wrong_terms_are_refused(wrong):
    with pytest.raises(WrongTerms):
        wrong()
