"""Break the reading and matching of bank statements, and dunning: each break turns a test red."""

import pytest

from billing.messages import camt, camt_entry, camt_money
from billing.rules import bank_matching, bank_references, dunning, unallocated
from tests.billing import test_bank_matching, test_camt, test_dunning_rules, test_unallocated
from tests.mutants.test_rule_mutants import Mutant, break_rule

__all__ = ["break_rule"]  # the fixture

bank_money = test_camt.TestMoney()
pay_ins = test_bank_matching.TestPayIns()
payouts = test_bank_matching.TestPayouts()
write_off = test_bank_matching.TestWriteOff()
dunned = test_dunning_rules.TestLevels()

BANK = [
    Mutant(
        camt,
        "believes the closing balance",
        "if made != closing:",
        "if False:",
        lambda: test_camt.TestRefusals().test_have_their_code("a cent too much"),
    ),
    Mutant(
        camt_money,
        "cuts what is less than a cent",
        "if exact != exact.to_integral_value():",
        "if False:",
        lambda: test_camt.TestRefusals().test_have_their_code("a tenth of a cent"),
    ),
    Mutant(
        camt_entry,
        "makes parts of a batch that do not add up",
        "if sum(way) == amount:",
        "if True:",
        bank_money.test_a_batch_that_does_not_add_up_stays_one,
    ),
    Mutant(
        camt_entry,
        "counts equal payments as one",
        "seen[base] += 1",
        "seen[base] = 1",
        test_camt.TestReferences().test_equal_payments_without_one_stay_two_and_are_the_same_again,
    ),
    Mutant(
        bank_matching,
        "pays a payout to any account",
        "if money.account and payout.account and money.account != payout.account:",
        "if False:",
        payouts.test_never_to_another_account_or_amount,
    ),
    Mutant(
        bank_matching,
        "books a payout twice",
        "if self.booked[one.key] == booked)",
        "if True)",
        payouts.test_never_twice,
    ),
    Mutant(
        bank_matching,
        "matches an unknown payer by the amount",
        "if one.partner == partner and self.open[one.key]",
        "if self.open[one.key]",
        pay_ins.test_never_by_amount_from_an_unknown_account,
    ),
    Mutant(
        bank_matching,
        "loses what is too much",
        "        if left:\n",
        "        if False:\n",
        pay_ins.test_too_much_is_the_partners,
    ),
    Mutant(
        bank_matching,
        "guesses among several choices",
        "if len(fitting) == 1 else []",
        "if fitting else []",
        pay_ins.test_of_some_debts_only_where_one_choice_fits,
    ),
    Mutant(
        bank_matching,
        "lets any rest go",
        "return 0 < short <= min(self.limit, paid)",
        "return 0 < short <= paid",
        pay_ins.test_a_part_pays_a_part,
    ),
    Mutant(
        bank_matching,
        "writes off what was hardly paid",
        "min(self.limit, paid)",
        "self.limit",
        lambda: write_off.test_never_more_than_was_paid(199, 0),
    ),
    Mutant(
        bank_matching,
        "writes off before all is in",
        "        self._each_named(money)\n",
        "        self._each_named(money[:1])\n        self._write_off()\n"
        "        self._each_named(money)\n",
        write_off.test_waits_for_all_payments_of_the_round,
    ),
    Mutant(
        bank_references,
        "finds a number in a longer one",
        "(?![A-Z0-9])",
        "",
        lambda: test_bank_matching.test_a_reference_is_named_whole("CH26-STM-0000123", False),
    ),
    Mutant(
        dunning,
        "duns what is disputed",
        "max(0, self.open_minor - self.disputed_minor)",
        "self.open_minor",
        dunned.test_the_disputed_part_is_not_dunned,
    ),
    Mutant(
        dunning,
        "duns a day early",
        "if late >= days",
        "if late + 1 >= days",
        lambda: dunned.test_are_reached_by_the_day(6, 1),
    ),
    Mutant(
        dunning,
        "charges interest for the due day",
        "_half_years(debt.due_on + timedelta(days=1), until)",
        "_half_years(debt.due_on, until)",
        test_dunning_rules.TestInterest().test_runs_from_the_day_after,
    ),
    Mutant(
        dunning,
        "charges interest twice",
        "return max(0, interest - earlier_minor)",
        "return interest",
        test_dunning_rules.test_no_interest_is_charged_twice_nor_given_back,
    ),
    Mutant(
        unallocated,
        "pays more than is free",
        "return max(0, min(free_minor, open_minor))",
        "return max(0, open_minor)",
        test_unallocated.TestRules().test_pays_as_far_as_it_reaches,
    ),
    Mutant(
        unallocated,
        "offers what is not due yet",
        "if debt.due_on <= today and",
        "if",
        test_unallocated.TestRules().test_is_offered_for_what_is_due_the_oldest_first,
    ),
]


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(mutant, id=f"{mutant.module.__name__.rsplit('.')[-1]} {mutant.name}")
        for mutant in BANK
    ],
)
def test_a_broken_rule_turns_red(mutant, break_rule):
    break_rule(mutant)

    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        mutant.red()
