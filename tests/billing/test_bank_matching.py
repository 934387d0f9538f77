"""What a payment on the bank account is for: the ladder, and that no cent is lost on it."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.rules.bank_facts import (
    Books,
    Debt,
    Money,
    Payout,
    Share,
    Step,
    Use,
    Why,
    WrittenOff,
)
from billing.rules.bank_matching import match, write_off_limit_minor
from billing.rules.bank_references import names
from billing.rules.bank_suggestions import is_same_name

A, B, C = (UUID(int=number) for number in (0xA, 0xB, 0xC))
IBANS = {"IBAN-A": A, "IBAN-B": B, "IBAN-C": C}
NAMES = {A: "Alpha B.V.", B: "Beta GmbH", C: "Gamma N.V."}
LIMIT = write_off_limit_minor("EUR")


def key(number: int) -> UUID:
    return UUID(int=1000 + number)


def debt(number: int, partner: UUID, minor: int, **facts: object) -> Debt:
    """Named by ``CH26-STM-00000<number>``; due on that day of March."""
    given_facts = {
        "due_on": date(2027, 3, 1 + number % 28),
        "references": (f"CH26-STM-{number:06d}",),
        **facts,
    }
    return Debt(key=key(number), partner=partner, open_minor=minor, **given_facts)


def payout(number: int, partner: UUID, minor: int, **facts: object) -> Payout:
    return Payout(
        key=key(number),
        partner=partner,
        amount_minor=minor,
        end_to_end_id=f"PAY-{number}",
        **{"account": f"IBAN-{NAMES[partner][0]}", **facts},
    )


def money(number: int, minor: int, **facts: object) -> Money:
    return Money(key=UUID(int=number), amount_minor=minor, **facts)


def books(*items: Debt | Payout) -> Books:
    return Books(
        debts=tuple(one for one in items if isinstance(one, Debt)),
        payouts=tuple(one for one in items if isinstance(one, Payout)),
        accounts={"IBAN-A": A, "IBAN-B": B, "IBAN-G": C, "IBAN-C": C},
        names=NAMES,
    )


def matched(payment: Money, *items: Debt | Payout) -> tuple[Step, list[Share]]:
    found = match([payment], books(*items), limit_minor=LIMIT)
    (one,) = found.matched
    return one.step, list(one.shares)


def why(payment: Money, *items: Debt | Payout) -> Why:
    found = match([payment], books(*items), limit_minor=LIMIT)
    assert not found.matched
    return found.unmatched[0].why


class TestPayIns:
    def test_by_our_end_to_end_id(self):
        collected = debt(1, B, 500, end_to_end_ids=("SDD-1",))

        assert matched(money(1, 500, end_to_end_id="SDD-1"), collected) == (
            Step.END_TO_END,
            [Share(Use.PAY_IN, key(1), B, 500)],
        )

    @pytest.mark.parametrize("said", ["ch26 stm 000001", "Invoice CH26STM000001, thanks"])
    def test_by_our_reference_from_anybodys_account(self, said):
        assert matched(money(1, 500, remittance=said, account="IBAN-X"), debt(1, B, 500)) == (
            Step.REFERENCE,
            [Share(Use.PAY_IN, key(1), B, 500)],
        )

    def test_by_known_account_and_amount(self):
        debts = debt(1, B, 400), debt(2, B, 500), debt(3, C, 500)

        assert matched(money(1, 500, account="IBAN-B"), *debts) == (
            Step.ACCOUNT_AND_AMOUNT,
            [Share(Use.PAY_IN, key(2), B, 500)],
        )

    def test_never_by_amount_from_an_unknown_account(self):
        assert why(money(1, 500, account="IBAN-X", name="Beta"), debt(1, B, 500)) == (
            Why.UNKNOWN_PAYER
        )

    def test_a_strong_match_comes_before_a_weak_one(self):
        """The first payment would take what the second one names, were it asked first."""
        weak = money(1, 500, account="IBAN-B")
        strong = money(2, 500, account="IBAN-B", remittance="CH26-STM-000001")

        found = match([weak, strong], books(debt(1, B, 500), debt(2, B, 500)), limit_minor=LIMIT)

        assert [one.shares[0].target for one in found.matched] == [key(2), key(1)]

    def test_of_several_debts_in_one_sum(self):
        debts = debt(1, B, 300), debt(2, B, 200)
        shares = [Share(Use.PAY_IN, key(1), B, 300), Share(Use.PAY_IN, key(2), B, 200)]

        assert matched(money(1, 500, account="IBAN-B"), *debts) == (
            Step.ACCOUNT_AND_AMOUNT,
            shares,
        )
        assert matched(money(1, 500, remittance="CH26-STM-000002 CH26-STM-000001"), *debts) == (
            Step.REFERENCE,
            shares,
        )

    def test_of_some_debts_only_where_one_choice_fits(self):
        one_choice = debt(1, B, 300), debt(2, B, 200), debt(3, B, 900)
        two_choices = *one_choice, debt(4, B, 200)

        step, shares = matched(money(1, 500, account="IBAN-B"), *one_choice)
        assert (step, len(shares)) == (Step.ACCOUNT_AND_AMOUNT, 2)
        assert why(money(1, 500, account="IBAN-B"), *two_choices) == Why.AMOUNT_FITS_NOTHING

    def test_a_part_pays_a_part(self):
        found = match(
            [money(1, 9_000, remittance="CH26-STM-000001")],
            books(debt(1, B, 10_000)),
            limit_minor=LIMIT,
        )

        assert found.matched[0].shares == (Share(Use.PAY_IN, key(1), B, 9_000),)
        assert not found.written_off

    def test_too_much_is_the_partners(self):
        assert matched(money(1, 700, remittance="CH26-STM-000001"), debt(1, B, 500))[1] == [
            Share(Use.PAY_IN, key(1), B, 500),
            Share(Use.OVERPAID, None, B, 200),
        ]

    @pytest.mark.parametrize("facts", [{"remittance": "CH26-STM-000001"}, {"account": "IBAN-C"}])
    def test_a_second_payment_is_the_partners(self, facts):
        assert matched(money(1, 7520, **facts), debt(1, C, 0))[1] == [
            Share(Use.OVERPAID, None, C, 7520)
        ]

    def test_a_known_payer_whose_amount_fits_nothing_is_for_a_person(self):
        assert why(money(1, 4_000, account="IBAN-B"), debt(1, B, 10_000)) == (
            Why.AMOUNT_FITS_NOTHING
        )


class TestWriteOff:
    @pytest.mark.parametrize("facts", [{"remittance": "CH26-STM-000001"}, {"account": "IBAN-B"}])
    def test_of_thirteen_cent(self, facts):
        found = match([money(1, 64_200, **facts)], books(debt(1, B, 64_213)), limit_minor=LIMIT)

        assert found.matched[0].shares == (Share(Use.PAY_IN, key(1), B, 64_200),)
        assert found.written_off == (WrittenOff(key(1), B, 13),)

    @pytest.mark.parametrize(("paid", "let_go"), [(9_500, 500), (9_499, 0)])
    def test_up_to_five_units(self, paid, let_go):
        found = match(
            [money(1, paid, remittance="CH26-STM-000001")],
            books(debt(1, B, 10_000)),
            limit_minor=LIMIT,
        )

        assert sum(one.amount_minor for one in found.written_off) == let_go

    @pytest.mark.parametrize(("paid", "let_go"), [(200, 200), (199, 0)])
    def test_never_more_than_was_paid(self, paid, let_go):
        found = match(
            [money(1, paid, remittance="CH26-STM-000001")],
            books(debt(1, B, 400)),
            limit_minor=LIMIT,
        )

        assert sum(one.amount_minor for one in found.written_off) == let_go

    @pytest.mark.parametrize(("paid", "is_matched"), [(3_000, True), (2_990, False)])
    def test_without_a_reference_only_of_a_tenth(self, paid, is_matched):
        found = match(
            [money(1, paid, account="IBAN-B")], books(debt(1, B, 3_300)), limit_minor=LIMIT
        )

        assert bool(found.matched) == is_matched

    def test_waits_for_all_payments_of_the_round(self):
        parts = [money(number, minor, remittance="CH26-STM-000001") for number, minor in PARTS]

        for order in (parts, parts[::-1]):
            found = match(order, books(debt(1, B, 10_000)), limit_minor=LIMIT)
            assert not found.written_off
            assert all(one.shares[0].use == Use.PAY_IN for one in found.matched)

    def test_a_yen_has_no_hundredths(self):
        assert (write_off_limit_minor("EUR"), write_off_limit_minor("JPY")) == (500, 5)


PARTS = ((1, 9_600), (2, 400))


class TestPayouts:
    def test_leave_by_their_end_to_end_id(self):
        sent = payout(1, A, 60_080)

        assert matched(money(1, -60_080, end_to_end_id="PAY-1", account="IBAN-A"), sent) == (
            Step.END_TO_END,
            [Share(Use.PAYOUT_BOOKED, key(1), A, -60_080)],
        )

    def test_never_to_another_account_or_amount(self):
        sent = payout(1, A, 60_080)

        other = money(1, -60_080, end_to_end_id="PAY-1", account="IBAN-X")
        assert why(other, sent) == Why.ACCOUNT_DIFFERS
        assert why(money(1, -60_081, end_to_end_id="PAY-1"), sent) == Why.AMOUNT_DIFFERS

    def test_never_by_amount_alone(self):
        assert why(money(1, -60_080, account="IBAN-A"), payout(1, A, 60_080)) == Why.UNKNOWN_PAYOUT

    def test_never_twice(self):
        booked = payout(1, A, 60_080, is_booked=True)

        assert why(money(1, -60_080, end_to_end_id="PAY-1"), booked) == Why.UNKNOWN_PAYOUT

    def test_of_a_file_in_one_sum(self):
        sent = [payout(n, A, minor, payment_information_id="F") for n, minor in ((1, 300), (2, 5))]

        left = money(1, -305, payment_information_id="F", is_itemised=False)
        assert matched(left, *sent)[0] == Step.PAYMENT_FILE
        part = money(1, -300, payment_information_id="F", is_itemised=False)
        assert why(part, *sent) == Why.NOT_ITEMISED

    def test_come_back(self):
        booked = payout(1, A, 60_080, is_booked=True)
        back = money(1, 60_080, end_to_end_id="PAY-1", is_return=True)

        assert matched(back, booked)[1] == [Share(Use.PAYOUT_RETURNED, key(1), A, 60_080)]
        again = payout(1, A, 60_080, is_booked=True, is_returned=True)
        assert why(back, again) == Why.UNKNOWN_RETURN

    def test_leave_and_come_back_on_one_day_in_any_order(self):
        left = money(1, -60_080, end_to_end_id="PAY-1")
        back = money(2, 60_080, end_to_end_id="PAY-1", is_return=True)

        for order in ([left, back], [back, left]):
            found = match(order, books(payout(1, A, 60_080)), limit_minor=LIMIT)
            assert {one.shares[0].use for one in found.matched} == {
                Use.PAYOUT_BOOKED,
                Use.PAYOUT_RETURNED,
            }

    def test_come_back_less_what_the_bank_kept(self):
        booked = payout(1, A, 60_080, is_booked=True)

        found = match(
            [money(1, 59_780, end_to_end_id="PAY-1", is_return=True)],
            books(booked),
            limit_minor=LIMIT,
        )

        assert found.written_off == (WrittenOff(key(1), A, 300),)

    @pytest.mark.parametrize("amount", [59_579, 60_081])
    def test_never_come_back_as_quite_another_amount(self, amount):
        booked = payout(1, A, 60_080, is_booked=True)

        assert why(money(1, amount, end_to_end_id="PAY-1", is_return=True), booked) == (
            Why.AMOUNT_DIFFERS
        )


class TestReturnedCollections:
    def test_open_the_debt_again(self):
        paid = debt(1, B, 0, end_to_end_ids=("SDD-1",), collected_minor=500)
        back = money(1, -500, end_to_end_id="SDD-1", is_return=True)

        assert matched(back, paid)[1] == [Share(Use.PAY_IN_RETURNED, key(1), B, -500)]

    def test_are_never_more_than_was_collected(self):
        paid = debt(1, B, 0, end_to_end_ids=("SDD-1",), collected_minor=499)

        assert why(money(1, -500, end_to_end_id="SDD-1", is_return=True), paid) == (
            Why.AMOUNT_DIFFERS
        )

    def test_of_the_same_day_leave_the_debt_open(self):
        came = money(1, 500, end_to_end_id="SDD-1")
        back = money(2, -500, end_to_end_id="SDD-1", is_return=True)
        later = money(3, 500, account="IBAN-B")

        found = match(
            [back, came, later],
            books(debt(1, B, 500, end_to_end_ids=("SDD-1",))),
            limit_minor=LIMIT,
        )

        assert [one.shares[0].use for one in found.matched] == [
            Use.PAY_IN_RETURNED,
            Use.PAY_IN,
            Use.PAY_IN,
        ]


class TestCharges:
    @pytest.mark.parametrize(("amount", "goes"), [(-500, True), (-501, False), (500, False)])
    def test_go_by_rule_up_to_the_limit(self, amount, goes):
        found = match([money(1, amount, is_charge=True)], books(), limit_minor=LIMIT)

        assert bool(found.matched) == goes


class TestSuggestions:
    def test_are_ordered_by_what_speaks_for_them(self):
        debts = debt(1, A, 500), debt(2, B, 500), debt(3, B, 700)

        found = match([money(1, 500, name="BETA")], books(*debts), limit_minor=LIMIT)

        assert [(one.target, one.reasons) for one in found.unmatched[0].suggestions] == [
            (key(2), ("AMOUNT", "NAME")),
            (key(1), ("AMOUNT",)),
            (key(3), ("NAME",)),
        ]

    def test_of_a_payment_that_went_out_are_payouts(self):
        sent, left = payout(1, A, 500), payout(2, A, 500, is_booked=True)

        found = match([money(1, -500)], books(sent, left, debt(3, A, 500)), limit_minor=LIMIT)

        assert [one.target for one in found.unmatched[0].suggestions] == [key(1)]

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("ALPHA BV", "Alpha B.V.", True),
            ("Alpha Charging B.V.", "Alpha", True),
            ("Alphabet", "Alpha", False),
            ("GmbH", "Beta GmbH", False),
            ("", "Alpha", False),
        ],
    )
    def test_know_a_name_without_its_legal_form(self, one, other, same):
        assert is_same_name(one, other) is same


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("CH26-STM-000012", True),
        ("inv ch26 stm 0000 12 of may", True),
        ("CH26-STM-0000123", False),
        ("1CH26-STM-000012", False),
        ("CH26-STM-00001", False),
    ],
)
def test_a_reference_is_named_whole(said, found):
    assert names("CH26-STM-000012", texts=[said]) is found
    assert not names("12", texts=[said])


PAYMENTS = st.lists(
    st.tuples(
        st.integers(1, 12_000),
        st.sampled_from(["CH26-STM-000001", "CH26-STM-000002", "CH26-STM-000003", ""]),
        st.sampled_from(["IBAN-A", "IBAN-B", "IBAN-X"]),
    ),
    max_size=6,
)
DEBTS = st.lists(st.integers(1, 10_000), min_size=3, max_size=3)
NAMED = [(9_600, "CH26-STM-000001", "IBAN-A"), (700, "CH26-STM-000001", "IBAN-B")]


def the_books(amounts: list[int]) -> Books:
    partners = (A, A, B)
    return books(*(debt(n + 1, partners[n], minor) for n, minor in enumerate(amounts)))


def payments(rows) -> list[Money]:
    return [
        money(number, minor, remittance=said, account=account)
        for number, (minor, said, account) in enumerate(rows)
    ]


@settings(max_examples=150, deadline=None)
@example([10_000, 1, 1], NAMED)
@given(DEBTS, PAYMENTS)
def test_what_is_used_and_left_is_what_came_in(amounts, rows):
    came = payments(rows)

    found = match(came, the_books(amounts), limit_minor=LIMIT)

    used = sum(share.amount_minor for one in found.matched for share in one.shares)
    left = sum(one.amount_minor for one in came if one.key in {no.key for no in found.unmatched})
    assert used + left == sum(one.amount_minor for one in came)
    paid = {key(n + 1): 0 for n in range(3)}
    for one in found.matched:
        for share in one.shares:
            assert share.amount_minor > 0
            if share.use == Use.PAY_IN:
                paid[share.target] += share.amount_minor
    for target, _, minor in found.written_off:
        assert 0 < minor <= LIMIT
        paid[target] += minor
        assert paid[target] == amounts[target.int - 1001]
    assert all(paid[key(n + 1)] <= amount for n, amount in enumerate(amounts))


@settings(max_examples=150, deadline=None)
@example([10_000, 5_000, 1], [*NAMED, (5_000, "", "IBAN-A")])
@given(DEBTS, PAYMENTS)
def test_matching_what_is_left_again_matches_nothing(amounts, rows):
    came = payments(rows)
    found = match(came, the_books(amounts), limit_minor=LIMIT)
    now_open = dict(zip((key(1), key(2), key(3)), amounts, strict=True))
    for one in found.matched:
        for share in one.shares:
            if share.target:
                now_open[share.target] -= share.amount_minor
    for target, _, minor in found.written_off:
        now_open[target] -= minor
    left = {one.key for one in found.unmatched}

    again = match(
        [one for one in came if one.key in left],
        the_books(list(now_open.values())),
        limit_minor=LIMIT,
    )

    assert not again.matched
    assert not again.written_off
    assert [one.why for one in again.unmatched] == [one.why for one in found.unmatched]


@settings(max_examples=150, deadline=None)
@example([10_000, 5_000, 1], [*NAMED, (4_800, "CH26-STM-000002", "IBAN-X")], [2, 0, 1])
@given(DEBTS, PAYMENTS, st.permutations(range(6)))
def test_payments_that_name_their_debt_come_in_any_order(amounts, rows, order):
    came = [one for one in payments(rows) if one.remittance]
    shuffled = [came[place] for place in order if place < len(came)]

    def sums(found):
        totals: dict = {}
        for one in found.matched:
            for share in one.shares:
                name = (share.use, share.target, share.partner)
                totals[name] = totals.get(name, 0) + share.amount_minor
        return totals, set(found.written_off)

    assert sums(match(came, the_books(amounts), limit_minor=LIMIT)) == sums(
        match(shuffled, the_books(amounts), limit_minor=LIMIT)
    )
