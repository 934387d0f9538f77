"""CCP: a partner's payable is set off against its receivable, so that money meets one account."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Transfer
from billing.rules.set_off import set_off
from tests.billing.bank_world import a_bank_world
from tests.billing.camt_files import Statement, camt053
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.flows.test_j2_month_end import trial_balance

minor = st.integers(-(10**12), 10**12)


@given(receivable=minor, payable=minor)
def test_leaves_the_result_on_one_account(receivable, payable):
    moved = set_off(receivable, payable)

    after = receivable - moved, payable - moved
    assert 0 in after
    assert min(after) >= 0
    assert after[1] - after[0] == payable - receivable


@pytest.mark.django_db
def test_pay_ins_and_payouts_bring_both_accounts_to_zero(settings):
    settings.MONEY_FLOW = "CCP"
    world = a_bank_world(model="CCP")
    due = {letter: world.position(letter).due_minor for letter in "ABC"}
    balance = trial_balance()
    assert balance["2100 A"] == -due["A"] < 0
    assert (balance["1200 B"], balance["1200 C"]) == (-due["B"], -due["C"])
    assert not {"1200 A", "2100 B", "2100 C"} & balance.keys()

    entries = tuple(world.paid(letter, -due[letter], f"BK-{letter}") for letter in "BC")
    world.take(camt053(Statement(number=1, opening=0, entries=entries)))
    world.pay_out("A", number=1, now=BUSINESS_DAY_6 + timedelta(days=2))

    assert not [name for name in trial_balance() if name.startswith(("1200", "2100"))]


@pytest.mark.django_db
def test_is_none_under_agency():
    a_bank_world()

    assert not Transfer.objects.filter(kind="SET_OFF").exists()
