"""When money may move, how much of it, and what states it passes: pure rules."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from billing.rules import payment_states
from billing.rules.payment_dates import (
    collection_date,
    cooled_date,
    final_date,
    mandate_ends,
    pay_in_due_date,
    settlement_date,
    submission_date,
)
from billing.rules.payment_states import (
    FILE_MOVES,
    GONE,
    PAYMENT_MOVES,
    NoSuchMove,
    PositionFacts,
    Told,
    file_state,
    follow_up,
    move,
    position_state,
)
from billing.rules.payout import Shortfall, payouts
from clearinghouse.periods import is_business_day
from tests.billing.fee_makers import A, B, C, D

DAYS = st.dates(date(2026, 1, 1), date(2031, 12, 31))
# Of finance.md 4.4: A gets 600.80, the house its fees of 116.53; B and C pay 717.33.
HOUSE = D
ORACLE = {A: 60_080, HOUSE: 11_653}


class TestDays:
    def test_the_statement_of_business_day_6_is_collected_after_14_days_of_notice(self):
        issued = date(2027, 2, 8)

        assert collection_date(issued, due=date(2027, 2, 15), today=issued) == date(2027, 2, 22)

    def test_a_shorter_notice_that_is_agreed(self):
        issued = date(2027, 2, 8)

        assert collection_date(issued, due=date(2027, 2, 15), notice_days=5, today=issued) == date(
            2027, 2, 15
        )

    def test_is_handed_in_the_business_day_before(self):
        assert submission_date(date(2027, 2, 22)) == date(2027, 2, 19)

    def test_over_easter(self):
        """Good Friday and Easter Monday settle nothing."""
        assert settlement_date(date(2027, 3, 26)) == date(2027, 3, 30)
        assert final_date("SDD_B2B", date(2027, 3, 25)) == date(2027, 4, 2)
        assert cooled_date(date(2027, 3, 24)) == date(2027, 3, 31)

    def test_a_transfer_is_final_on_the_next_business_day(self):
        assert final_date("SCT", date(2027, 2, 19)) == date(2027, 2, 22)

    def test_a_b2b_debit_on_the_fourth(self):
        assert final_date("SDD_B2B", date(2027, 2, 22)) == date(2027, 2, 26)

    def test_money_of_unknown_kind_never(self):
        with pytest.raises(KeyError):
            final_date("SDD_CORE", date(2027, 2, 22))

    @pytest.mark.parametrize(
        ("signed", "used", "ends"),
        [
            (date(2024, 2, 29), None, date(2027, 2, 28)),
            (date(2024, 1, 15), None, date(2027, 1, 15)),
            (date(2024, 1, 15), date(2025, 12, 31), date(2028, 12, 31)),
        ],
    )
    def test_a_mandate_ends_36_months_after_its_last_use(self, signed, used, ends):
        assert mandate_ends(signed, used) == ends

    def test_pay_ins_are_due_ten_days_after_issue(self):
        assert pay_in_due_date(date(2027, 2, 8)) == date(2027, 2, 18)

    @given(DAYS, st.integers(0, 60), st.integers(0, 30), st.integers(0, 60))
    def test_collections_keep_every_bound(self, issued, due, notice, later):
        due_date, today = issued + timedelta(days=due), issued + timedelta(days=later)

        found = collection_date(issued, due=due_date, notice_days=notice, today=today)

        assert is_business_day(found)
        assert found >= due_date
        assert found >= issued + timedelta(days=notice)
        assert submission_date(found) >= today or not is_business_day(today)
        assert found > today

    def test_a_notice_below_zero(self):
        with pytest.raises(ValueError, match="cannot be kept"):
            collection_date(date(2027, 2, 8), due=date(2027, 2, 8), notice_days=-1, today=date.max)


class TestTheOracle:
    @pytest.mark.parametrize("final", [0, 60_080, 71_732])
    def test_waits_until_all_is_final(self, final):
        assert payouts(ORACLE, final_minor=final, policy="WAIT") == {}

    @pytest.mark.parametrize("policy", list(Shortfall))
    def test_pays_600_80_once_717_33_is_final(self, policy):
        assert payouts(ORACLE, final_minor=71_733, policy=policy, last={HOUSE}) == ORACLE

    def test_shares_what_b_alone_paid(self):
        assert payouts(ORACLE, final_minor=64_213, policy="PRO_RATA") == {A: 53_782, HOUSE: 10_431}

    def test_pays_partners_before_the_house(self):
        found = payouts(ORACLE, final_minor=64_213, policy="WATERFALL", last={HOUSE})

        assert found == {A: 60_080}

    def test_pays_the_smallest_whole_first(self):
        due = {A: 300, B: 100, C: 200}

        assert payouts(due, final_minor=399, policy="WATERFALL") == {B: 100, C: 200}
        assert payouts(due, final_minor=299, policy="WATERFALL") == {B: 100}
        assert payouts(due, final_minor=99, policy="WATERFALL") == {}

    def test_pays_the_rest_later_and_nothing_twice(self):
        first = payouts(ORACLE, final_minor=64_213, policy="PRO_RATA")
        rest = payouts(ORACLE, final_minor=71_733, policy="PRO_RATA", paid=first)

        assert {who: first[who] + rest[who] for who in ORACLE} == ORACLE
        assert payouts(ORACLE, final_minor=71_733, policy="PRO_RATA", paid=ORACLE) == {}


AMOUNTS = st.dictionaries(st.sampled_from([A, B, C, D]), st.integers(0, 10**9), min_size=1)
POLICIES = st.sampled_from(list(Shortfall))


@given(AMOUNTS, st.lists(st.integers(0, 10**9), max_size=5), POLICIES)
@example({A: 1, B: 1, C: 1}, [1, 1, 1], Shortfall.PRO_RATA)
@example({A: 60_080, D: 11_653}, [64_213, 7520], Shortfall.WAIT)
@example({A: 60_080, D: 11_653}, [64_213, 7520], Shortfall.WATERFALL)
def test_payouts_never_pay_more_than_is_final_nor_than_is_due(due, arriving, policy):
    """Whatever arrives in whatever parts: at each step, and all in the end."""
    paid: dict[UUID, int] = {}
    final = 0
    for minor in arriving:
        final += minor
        now = payouts(due, final_minor=final, policy=policy, paid=paid, last={D})
        assert all(amount > 0 for amount in now.values())
        paid = {who: paid.get(who, 0) + now.get(who, 0) for who in due}
        assert sum(paid.values()) <= final
        assert all(paid[who] <= due[who] for who in due)
        if policy is Shortfall.PRO_RATA:
            assert sum(paid.values()) == min(final, sum(due.values()))
    rest = payouts(due, final_minor=sum(due.values()), policy=policy, paid=paid, last={D})
    assert {who: paid.get(who, 0) + rest.get(who, 0) for who in due} == due


@given(AMOUNTS, st.integers(0, 10**9), POLICIES)
def test_payouts_do_not_hang_on_the_order_of_creditors(due, final, policy):
    turned = dict(reversed(due.items()))

    found = payouts(due, final_minor=final, policy=policy, last={D})

    assert found == payouts(turned, final_minor=final, policy=policy, last={D})


@given(AMOUNTS, st.integers(0, 10**9))
def test_payouts_are_shared_to_within_a_unit(due, final):
    whole = sum(due.values())

    for who, minor in payouts(due, final_minor=final, policy="PRO_RATA").items():
        assert abs(minor * whole - min(final, whole) * due[who]) < whole


class TestPayouts:
    @pytest.mark.parametrize(
        ("due", "final", "paid"),
        [({A: -1}, 0, {}), ({A: 1}, -1, {}), ({A: 1}, 1, {A: -1}), ({A: 1}, 5, {A: 2}),
         ({A: 1}, 5, {B: 1})],
    )  # fmt: skip
    def test_refuse_what_cannot_be(self, due, final, paid):
        with pytest.raises(ValueError, match=r"below zero|more than"):
            payouts(due, final_minor=final, policy="WAIT", paid=paid)

    def test_refuse_a_policy_that_nobody_knows(self):
        with pytest.raises(ValueError, match="HOPE"):
            payouts({A: 1}, final_minor=1, policy="HOPE")


class PaymentFileMachine(RuleBasedStateMachine):
    """A file with three payments between us and the bank, in whatever order the news come."""

    @initialize()
    def draft(self):
        self.state = "DRAFT"
        self.payments = ["PROPOSED"] * 3
        self.sent = 0

    def _tell(self, place: int, to: str) -> None:
        if to in PAYMENT_MOVES[self.payments[place]]:
            self.payments[place] = move(PAYMENT_MOVES, self.payments[place], to)
            before = self.state
            self.state = file_state(self.state, self.payments)
            assert self.state == before or self.state in FILE_MOVES[before]

    @precondition(lambda self: self.state == "DRAFT")
    @rule()
    def approve(self):
        self.state = move(FILE_MOVES, self.state, "APPROVED")

    @precondition(lambda self: self.state == "APPROVED")
    @rule()
    def export(self):
        self.state = move(FILE_MOVES, self.state, "EXPORTED")
        self.payments = [move(PAYMENT_MOVES, one, "INSTRUCTED") for one in self.payments]
        self.sent += 1

    @precondition(lambda self: self.sent == 1)
    @rule(
        place=st.integers(0, 2),
        to=st.sampled_from(["ACKNOWLEDGED", "REJECTED", "BOOKED", "RETURNED"]),
    )
    def bank_says(self, place, to):
        self._tell(place, to)

    @precondition(lambda self: self.state not in ("DRAFT", "APPROVED"))
    @rule(to=st.sampled_from(["DRAFT", "APPROVED", "EXPORTED", "CANCELLED"]))
    def nothing_leads_back(self, to):
        with pytest.raises(NoSuchMove):
            move(FILE_MOVES, self.state, to)

    @invariant()
    def it_is_sent_once(self):
        assert self.sent <= 1
        assert (self.sent == 0) == (self.state in ("DRAFT", "APPROVED"))

    @invariant()
    def it_is_done_only_when_its_payments_are(self):
        is_open = bool({"INSTRUCTED", "ACKNOWLEDGED"} & set(self.payments))
        if self.state in ("BOOKED", "FAILED"):
            assert not is_open
        elif self.sent:
            assert is_open
        if self.state == "FAILED":
            assert set(self.payments) <= GONE


TestPaymentFile = PaymentFileMachine.TestCase
TestPaymentFile.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)


class TestFileStates:
    @pytest.mark.parametrize(
        ("state", "payments", "after"),
        [
            ("EXPORTED", ["INSTRUCTED", "INSTRUCTED"], "EXPORTED"),
            ("EXPORTED", ["ACKNOWLEDGED", "INSTRUCTED"], "EXPORTED"),
            ("EXPORTED", ["ACKNOWLEDGED", "ACKNOWLEDGED"], "ACKNOWLEDGED"),
            ("EXPORTED", ["ACKNOWLEDGED", "REJECTED"], "PART_REJECTED"),
            ("ACKNOWLEDGED", ["ACKNOWLEDGED", "BOOKED"], "ACKNOWLEDGED"),
            ("ACKNOWLEDGED", ["BOOKED", "BOOKED"], "BOOKED"),
            ("ACKNOWLEDGED", ["BOOKED", "RETURNED"], "BOOKED"),
            ("PART_REJECTED", ["ACKNOWLEDGED", "REJECTED"], "PART_REJECTED"),
            ("PART_REJECTED", ["BOOKED", "REJECTED"], "BOOKED"),
            ("EXPORTED", ["REJECTED", "REJECTED"], "FAILED"),
        ],
    )
    def test_are_the_least_that_is_true_of_all(self, state, payments, after):
        assert file_state(state, payments) == after

    def test_every_move_ends_in_a_state_that_exists(self):
        for moves in (FILE_MOVES, PAYMENT_MOVES):
            assert set().union(*moves.values()) <= set(moves)


class TestReasons:
    @pytest.mark.parametrize(
        ("code", "told"),
        [
            ("AC01", Told.BANK_DATA), ("AC04", Told.BANK_DATA), ("AC06", Told.BANK_DATA),
            ("AM04", Told.RETRY), ("MD01", Told.MANDATE), ("MD07", Told.MANDATE),
            ("MS02", Told.CONTACT), ("MS03", Told.CONTACT), ("AM05", Told.ALARM),
            ("XX99", Told.CONTACT), ("", Told.CONTACT),
        ],
    )  # fmt: skip
    def test_ask_for(self, code, told):
        assert follow_up(code) == told


TODAY = date(2027, 2, 19)
DUE = date(2027, 2, 18)


class TestPositions:
    @pytest.mark.parametrize(
        ("facts", "state"),
        [
            ({"due_minor": -100, "is_issued": False}, "CALCULATED"),
            ({"due_minor": 0}, "FLAT"),
            ({"due_minor": -100}, "AWAITING_FUNDS"),
            ({"due_minor": -100, "due_date": TODAY}, "AWAITING_FUNDS"),
            ({"due_minor": -100, "due_date": DUE}, "OVERDUE"),
            ({"due_minor": -100, "funded_minor": 99}, "PART_FUNDED"),
            ({"due_minor": -100, "funded_minor": 99, "due_date": DUE}, "OVERDUE"),
            ({"due_minor": -100, "funded_minor": 100, "due_date": DUE}, "FUNDED"),
            ({"due_minor": -100, "funded_minor": 40, "is_defaulted": True}, "DEFAULTED"),
            (
                {"due_minor": -100, "funded_minor": 40, "covered_minor": 60, "is_defaulted": True},
                "COVERED",
            ),
            ({"due_minor": 100}, "PAYABLE"),
            ({"due_minor": 100, "instructed_minor": 60, "booked_minor": 60}, "PAYABLE"),
            ({"due_minor": 100, "instructed_minor": 100}, "INSTRUCTED"),
            ({"due_minor": 100, "instructed_minor": 100, "booked_minor": 99}, "INSTRUCTED"),
            ({"due_minor": 100, "instructed_minor": 100, "booked_minor": 100}, "PAID"),
        ],
    )
    def test_are_read_from_what_moved(self, facts, state):
        assert position_state(PositionFacts(**facts), TODAY) == state

    def test_a_payout_that_came_back_is_payable_again(self):
        paid = {"due_minor": 100, "instructed_minor": 100, "booked_minor": 100}
        back = paid | {"instructed_minor": 0, "booked_minor": 0}

        assert position_state(PositionFacts(**paid), TODAY) == "PAID"
        assert position_state(PositionFacts(**back), TODAY) == "PAYABLE"


# What a creditor's position may do; a return leads from INSTRUCTED or PAID back to PAYABLE.
POSITION_MOVES = {
    "PAYABLE": {"INSTRUCTED"},
    "INSTRUCTED": {"PAID", "PAYABLE"},
    "PAID": {"PAYABLE", "INSTRUCTED"},
}


class PositionMachine(RuleBasedStateMachine):
    """One creditor: instructed in parts, booked, returned; never more than is due."""

    @initialize()
    def issued(self):
        self.parts: list[str] = []
        self.state = "PAYABLE"

    def _facts(self) -> PositionFacts:
        live = [part for part in self.parts if part not in GONE]
        return PositionFacts(
            due_minor=2, instructed_minor=len(live), booked_minor=live.count("BOOKED")
        )

    def _read(self) -> None:
        before, self.state = self.state, position_state(self._facts(), TODAY)
        assert self.state == before or self.state in POSITION_MOVES[before]

    @precondition(lambda self: self._facts().instructed_minor < 2)
    @rule()
    def instruct(self):
        self.parts.append("INSTRUCTED")
        self._read()

    @precondition(lambda self: self.parts)
    @rule(place=st.integers(0, 50), to=st.sampled_from(["BOOKED", "REJECTED", "RETURNED"]))
    def bank_says(self, place, to):
        place %= len(self.parts)
        if to in payment_states.PAYMENT_MOVES[self.parts[place]]:
            self.parts[place] = to
            self._read()

    @invariant()
    def no_more_than_due_is_under_way(self):
        assert self._facts().instructed_minor <= 2


TestPosition = PositionMachine.TestCase
TestPosition.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
