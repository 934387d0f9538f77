"""Break the pure rules by hand: each break must turn one of the named tests red.

The code of the broken functions is put into the functions themselves, so that every module that
has imported one runs the break. Then the named test is called as it is. A property test tells its
written examples first, and these alone have to be enough.
"""

import types
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from inspect import getsource, isfunction
from types import ModuleType
from typing import NamedTuple

import pytest

from billing.rules import (
    conversion,
    default,
    instructions,
    multilateral,
    payment_dates,
    payment_states,
    payout,
    supplies,
)
from billing.rules.fees import record, scope, tiers, window
from billing.rules.vat import amounts, decide, facts
from clearinghouse import periods
from tests.billing import (
    test_conversion,
    test_fee_properties,
    test_fee_rules,
    test_netting_rules,
    test_payment_rules,
    test_taxed_supplies,
    test_vat_amounts,
    test_vat_decision,
)
from tests.clearinghouse import test_periods


class Mutant(NamedTuple):
    """``fragment``, which must be in the module once, becomes ``replacement``."""

    module: ModuleType
    name: str
    fragment: str
    replacement: str
    red: Callable[[], object]


def vat_table() -> None:
    table = test_vat_decision.TestTheTable()
    for case in test_vat_decision.ELECTRICITY:
        table.test_of_electricity(*case)
    for case in test_vat_decision.SERVICES:
        table.test_of_the_fees_of_the_house(*case)


def vat_days() -> None:
    days = test_vat_decision.TestDays()
    days.test_art_199a_ends_with_2026(test_vat_decision.NEW_YEARS_EVE, "AE DE")
    days.test_art_199a_ends_with_2026(test_vat_decision.NEW_YEAR, "BLOCK DOMESTIC_RULE_UNKNOWN")


vat_blocks = test_vat_decision.TestBlocks()
vat_owed = test_vat_decision.TestWhatTheHouseOwes()
fee_credits = test_fee_rules.TestCredits()
three_partners = test_netting_rules.TestThreePartners()
least = test_netting_rules.TestLeastPayment()
paid_out = test_payment_rules.TestTheOracle()
payment_days = test_payment_rules.TestDays()

VAT = [
    Mutant(
        decide,
        "taxes dealers at the site",
        'buys_in if _is_dealer(case, "customer") else _site(case)',
        "_site(case)",
        vat_table,
    ),
    Mutant(
        decide,
        "takes a checksum",
        "if not customer_id.is_checked:",
        "if False:",
        vat_blocks.test_a_checksum_is_no_check,
    ),
    Mutant(
        decide,
        "knows no VAT outside the EU",
        "if place not in EU and not is_at_home:",
        "if place not in EU:",
        vat_table,
    ),
    Mutant(
        decide,
        "guesses that nothing is shifted",
        "return row.applies",
        "return False",
        vat_days,
    ),
    Mutant(
        decide,
        "forgets an exemption",
        "if exempt := _exempt(case, place):",
        "if exempt := None:",
        test_vat_decision.TestExemption().test_at_home,
    ),
    Mutant(
        decide,
        "takes a rate of nothing",
        "row is None or row.rate <= 0",
        "row is None",
        vat_blocks.test_a_rate_of_nothing_is_no_rate,
    ),
    Mutant(
        decide,
        "needs one proof only",
        '_is_dealer(case, "supplier") and _is_dealer(case, "customer")',
        '_is_dealer(case, "customer")',
        vat_table,
    ),
    Mutant(
        decide,
        "owes at a rate that it does not know",
        "_rate(case, place) if case.supply.is_to_the_house else None",
        "None",
        vat_owed.test_is_decided_with_the_supply,
    ),
    Mutant(
        decide,
        "owes at the rate of electricity",
        "rules.rates if (one.country, one.kind) == (place, kind)",
        'rules.rates if (one.country, one.kind) == (place, "ELECTRICITY")',
        vat_owed.test_is_that_of_its_kind,
    ),
    Mutant(
        supplies,
        "keeps the first decision only",
        "if decision:\n            self.decisions",
        "if decision and not self.decisions:\n            self.decisions",
        test_taxed_supplies.test_each_supply_keeps_what_decided_it,
    ),
    Mutant(
        supplies,
        "merges what the house owes at two rates",
        "decision.self_assessed_rate,",
        "Decimal(0),",
        test_taxed_supplies.test_what_the_house_owes_at_two_rates_is_two_sums,
    ),
    Mutant(
        supplies,
        "uses a rate until its first day",
        "max(day, used.get(row, day))",
        "min(day, used.get(row, day))",
        test_taxed_supplies.test_rates_used_tell_the_last_day,
    ),
    Mutant(facts, "has a closed end", "day < self.until_date", "day <= self.until_date", vat_days),
    Mutant(
        amounts,
        "cuts the VAT",
        "(2 * exact.numerator + exact.denominator)",
        "(2 * exact.numerator)",
        test_vat_amounts.test_says_the_same_as_decimal,
    ),
    Mutant(
        amounts,
        "rounds credits up",
        "return vat if excl_tax_minor >= 0 else -vat",
        "return vat",
        test_vat_amounts.test_a_credit_note_takes_back_what_it_credits,
    ),
]
FEES = [
    Mutant(
        record,
        "gives nothing back",
        "component.kind in REVERSED_BY_CREDIT\n        or",
        "False\n        or",
        test_fee_properties.test_a_record_and_its_credit_leave_what_the_rule_says,
    ),
    Mutant(
        record,
        "gives all back",
        "or record.is_house_fault",
        "or True",
        test_fee_properties.test_a_record_and_its_credit_leave_what_the_rule_says,
    ),
    Mutant(
        record,
        "charges a correction again",
        "if record.is_correction:",
        "if False:",
        test_fee_rules.TestThreePartners().test_a_correction_gives_back_the_share_and_takes_no_second_fee,
    ),
    Mutant(
        record,
        "forgets the least",
        "size = max(size, Decimal(component.min_minor))",
        "pass",
        lambda: test_fee_rules.TestOneRecord().test_has_a_least_and_a_most(100, 5),
    ),
    Mutant(
        record,
        "loses a cent of a share",
        "part = left if index == len(sides) else part",
        "pass",
        test_fee_properties.test_shares_add_up_to_the_fee,
    ),
    Mutant(
        tiers,
        "gives each slice the whole",
        "(tier, min(end, size) - tier.from_quantity)",
        "(tier, min(end, size))",
        test_fee_properties.test_each_line_adds_up_again,
    ),
    Mutant(
        tiers,
        "jumps between tiers",
        'if mode == "VOLUME":',
        "if True:",
        test_fee_properties.test_graduated_tiers_rise_without_a_jump,
    ),
    Mutant(
        tiers,
        "reaches a tier too late",
        "if tier.from_quantity <= size][-1]",
        "if tier.from_quantity < size or not tier.from_quantity][-1]",
        lambda: test_fee_rules.TestTiers().test_price_each_slice_or_all_of_it("VOLUME", 100, 500),
    ),
    Mutant(
        window,
        "begins each window with new tiers",
        "quantity = before.quantity + now.quantity",
        "quantity = now.quantity",
        test_fee_properties.test_two_windows_charge_what_one_would,
    ),
    Mutant(
        window,
        "charges a membership in every window",
        "if key not in before and key not in now:",
        "if key not in now:",
        test_fee_rules.TestMonths().test_cost_a_membership_once,
    ),
    Mutant(
        window,
        "charges the floor at once",
        "component.floor_minor is not None and is_month_over",
        "component.floor_minor is not None",
        test_fee_rules.TestMonths().test_have_a_floor_when_they_are_over,
    ),
    Mutant(
        scope,
        "takes the least specific",
        "best = max(rank for rank",
        "best = min(rank for rank",
        lambda: test_fee_rules.TestScope().test_takes_the_most_specific(7),
    ),
]
NETTING = [
    Mutant(
        multilateral,
        "forgets the creditor",
        "found[creditor] += amount",
        "found[creditor] += 0",
        test_netting_rules.test_positions_add_up_to_zero,
    ),
    Mutant(
        multilateral,
        "adds what goes the other way",
        "pairs[creditor, debtor] -= amount",
        "pairs[creditor, debtor] += amount",
        test_netting_rules.test_multilateral_is_the_sum_of_bilateral,
    ),
    Mutant(
        multilateral,
        "lets the house keep the claim",
        "found.append(Obligation(house, creditor, amount))",
        "pass",
        test_netting_rules.test_novation_changes_no_position,
    ),
    Mutant(
        multilateral,
        "nets whom it may not",
        "{one.debtor, one.creditor} <= agreed",
        "{one.debtor, one.creditor} & agreed",
        test_netting_rules.test_the_clause_changes_no_position,
    ),
    Mutant(
        default,
        "draws a part and unwinds too",
        "AgencyDefault(draws=[], unwound",
        "AgencyDefault(draws=paid.draws, unwound",
        three_partners.test_a_cent_too_little_unwinds_it_and_draws_nothing,
    ),
    Mutant(
        multilateral,
        "carries five euros",
        "abs(due) >= least_minor",
        "abs(due) > least_minor",
        lambda: least.test_is_paid_from_five_euros_on(500, 500),
    ),
    Mutant(
        multilateral,
        "forgets what was carried",
        "due = carried_in + net",
        "due = net",
        test_netting_rules.test_what_is_carried_is_paid_in_the_end,
    ),
    Mutant(
        instructions,
        "pays the debt whatever is owed",
        "amount = min(owing, owed)",
        "amount = owing",
        test_netting_rules.test_instructions_settle_every_position_exactly,
    ),
    Mutant(
        instructions,
        "begins with the smallest",
        "key=lambda item: (-item[1], item[0])",
        "key=lambda item: (item[1], item[0])",
        three_partners.test_pay_each_other_in_three_payments,
    ),
    Mutant(
        default,
        "keeps the claims of the defaulter",
        "if defaulter not in (one.debtor, one.creditor)]",
        "if defaulter != one.debtor]",
        test_netting_rules.test_unwinding_adds_up_and_loses_nothing,
    ),
    Mutant(
        default,
        "takes a pot twice",
        "left -= drawn\n",
        "pass\n",
        test_netting_rules.test_the_waterfall_takes_what_is_owed_and_no_pot_below_zero,
    ),
    Mutant(
        default,
        "keeps the last cents",
        "shares[who] += 1",
        "pass",
        test_netting_rules.test_shares_add_up_and_are_near_their_weight,
    ),
    Mutant(
        conversion,
        "turns the rate round",
        "* Fraction(rates.of(to_currency))\n        / Fraction(rates.of(from_currency))",
        "/ Fraction(rates.of(to_currency))\n        * Fraction(rates.of(from_currency))",
        test_conversion.test_says_the_same_as_a_wide_decimal,
    ),
    Mutant(
        conversion,
        "hides the residue",
        "residues[currency] = -sum(line.to_minor for line in of_currency)",
        "residues[currency] = 0",
        test_conversion.test_positions_and_residues_add_up_to_zero,
    ),
    Mutant(
        periods,
        "takes rates that are not published yet",
        ".time() >= _ECB_TIME",
        ".time() < _ECB_TIME",
        lambda: test_periods.TestReferenceRates().test_are_the_newest_published(
            datetime(2026, 10, 8, 13, 59, tzinfo=UTC), date(2026, 10, 7)
        ),
    ),
]
PAYMENTS = [
    Mutant(
        payout,
        "forgets what it paid",
        "final_minor - sum(given.values())",
        "final_minor",
        test_payment_rules.test_payouts_never_pay_more_than_is_final_nor_than_is_due,
    ),
    Mutant(
        payout,
        "does not wait",
        "if policy is Shortfall.WAIT:",
        "if False:",
        lambda: paid_out.test_waits_until_all_is_final(60_080),
    ),
    Mutant(
        payout,
        "pays the house first",
        "left.items() if who not in last)",
        "left.items())",
        paid_out.test_pays_partners_before_the_house,
    ),
    Mutant(
        payment_dates,
        "forgets the notice",
        "max(due, noticed, ",
        "max(due, ",
        payment_days.test_the_statement_of_business_day_6_is_collected_after_14_days_of_notice,
    ),
    Mutant(
        payment_dates,
        "takes money for final on its day",
        "add_business_days(booked, _FINAL_AFTER[channel])",
        "booked",
        payment_days.test_a_b2b_debit_on_the_fourth,
    ),
    Mutant(
        payment_states,
        "books a file that failed",
        '"BOOKED" if booked else "FAILED"',
        '"BOOKED"',
        lambda: test_payment_rules.TestFileStates().test_are_the_least_that_is_true_of_all(
            "EXPORTED", ["REJECTED", "REJECTED"], "FAILED"
        ),
    ),
    Mutant(
        payment_states,
        "takes a part for all",
        "if facts.instructed_minor >= facts.due_minor",
        "if facts.instructed_minor",
        lambda: test_payment_rules.TestPositions().test_are_read_from_what_moved(
            {"due_minor": 100, "instructed_minor": 60, "booked_minor": 60}, "PAYABLE"
        ),
    ),
]
MUTANTS = [*VAT, *FEES, *NETTING, *PAYMENTS]


def functions_of(namespace: dict) -> Iterator[tuple[str, Callable]]:
    """Functions and methods that the module itself defines, with their qualified names."""
    for item in namespace.values():
        if isfunction(item) and item.__module__ == namespace["__name__"]:
            yield item.__qualname__, item
        elif isinstance(item, type) and item.__module__ == namespace["__name__"]:
            for method in vars(item).values():
                plain = method.fget if isinstance(method, property) else method
                if isfunction(plain):
                    yield plain.__qualname__, plain


@pytest.fixture
def break_rule(monkeypatch):
    def break_one(mutant: Mutant) -> None:
        source = getsource(mutant.module)
        if source.count(mutant.fragment) != 1:
            raise LookupError(f"{mutant.fragment!r} is not once in {mutant.module.__name__}")
        broken = types.ModuleType(mutant.module.__name__)
        text = source.replace(mutant.fragment, mutant.replacement)
        exec(compile(text, mutant.module.__file__, "exec"), vars(broken))
        whole = dict(functions_of(vars(mutant.module)))
        for name, function in functions_of(vars(broken)):
            # Two closures would have to share their cells; the rules have none to break.
            if not function.__code__.co_freevars and name in whole:
                monkeypatch.setattr(whole[name], "__code__", function.__code__)

    return break_one


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(mutant, id=f"{mutant.module.__name__.rsplit('.')[-1]} {mutant.name}")
        for mutant in MUTANTS
    ],
)
def test_a_broken_rule_turns_red(mutant, break_rule):
    break_rule(mutant)

    with pytest.raises((AssertionError, ValueError, IndexError, pytest.fail.Exception)):
        mutant.red()
