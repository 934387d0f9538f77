"""Journey J5, its end: C never pays its 75.20 (finance.md 4.4, part 2)."""

from collections import Counter

import pytest
from django.db import transaction

from billing.models import Settlement, Transfer
from billing.services import cover, sealing
from billing.services.closing import close_window
from billing.services.defaults import NotInDefault, handle_default
from partners.queries import clearing_house
from tests.billing.oracle_world import BUSINESS_DAY_6, Oracle, an_oracle, january
from tests.billing.test_clearing_beside_closing import (
    InThread,
    wait_until_somebody_waits_for_a_lock,
)

pytestmark = pytest.mark.django_db
EUR = {"currency": "EUR", "environment": "LIVE"}


def default_of_c(oracle: Oracle, settlement: Settlement):
    return handle_default(
        settlement,
        oracle.partners["C"],
        reason="second reminder ran out",
        actor="olga",
        now=BUSINESS_DAY_6,
    )


def letters(oracle: Oracle) -> dict[str, str]:
    names = {str(partner.pk): letter for letter, partner in oracle.partners.items()}
    return names | {str(clearing_house().pk): "CH"}


def clearing_balances(oracle: Oracle) -> dict[str, int]:
    """What each partner gets (+) or owes (−) by its account 1300."""
    balance: Counter[str] = Counter()
    for row in Transfer.objects.select_related("debit_account", "credit_account"):
        for account, sign in ((row.debit_account, -1), (row.credit_account, 1)):
            if account.code == "1300":
                balance[letters(oracle)[str(account.partner_id)]] += sign * row.amount_minor
    return dict(sorted(balance.items()))


class TestAgency:
    @pytest.fixture
    def oracle(self):
        oracle = an_oracle()
        january(oracle)
        self.settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        return oracle

    def test_without_cover_is_unwound_with_a_list_of_claims(self, oracle):
        case = default_of_c(oracle, self.settlement)

        names = letters(oracle)
        assert case.outcome == "UNWOUND"
        assert {names[who]: amount for who, amount in case.positions.items()} == {
            "A": 35880,
            "B": -44213,
            "CH": 8333,
        }
        assert {(names[one], names[other], amount) for one, other, amount in case.claims} == {
            ("C", "A", 24200),
            ("B", "C", 20000),
            ("C", "CH", 3320),
        }
        assert clearing_balances(oracle) == {"A": 35880, "B": -44213, "C": 0}
        sealing.seal(now=BUSINESS_DAY_6)
        assert sealing.verify().ok

    def test_enough_cover_pays_the_debt(self, oracle):
        for code, amount in (("2410", 5000), ("2400", 3000)):
            cover.pay_in(
                oracle.partners["C"], code, amount, reference=code, now=BUSINESS_DAY_6, **EUR
            )

        case = default_of_c(oracle, self.settlement)

        assert (case.outcome, case.draws) == ("COVERED", [["2410", 5000], ["2400", 2520]])
        assert clearing_balances(oracle) == {"A": 60080, "B": -64213, "C": 0}
        assert cover.balance_minor(oracle.partners["C"], "2400", **EUR) == 480

    def test_is_handled_once_and_only_for_a_debtor(self, oracle):
        default_of_c(oracle, self.settlement)

        with pytest.raises(NotInDefault, match="before"):
            default_of_c(oracle, self.settlement)
        with pytest.raises(NotInDefault, match="owes nothing"):
            handle_default(
                self.settlement,
                oracle.partners["A"],
                reason="a slip",
                actor="olga",
                now=BUSINESS_DAY_6,
            )


def test_a_central_counterparty_goes_down_the_waterfall():
    oracle = an_oracle(model="CCP", taxes="NOT_APPLIED")
    january(oracle)
    settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
    owed = -settlement.positions.get(partner=oracle.partners["C"]).due_minor
    cover.pay_in(oracle.partners["C"], "2400", 2000, reference="d", now=BUSINESS_DAY_6, **EUR)
    cover.pay_in(clearing_house(), "2450", 9000, reference="f", now=BUSINESS_DAY_6, **EUR)

    case = default_of_c(oracle, settlement)

    assert case.outcome == "WATERFALL"
    assert case.draws == [["2400", 2000], ["2450", owed - 2000]]
    assert case.uncovered_minor == 0


@pytest.mark.django_db(transaction=True)
def test_cover_that_is_being_paid_back_is_not_drawn_too():
    """The default waits for the pay-back, then finds too little and unwinds."""
    oracle = an_oracle()
    january(oracle)
    settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
    for code, amount in (("2410", 5000), ("2400", 3000)):
        cover.pay_in(oracle.partners["C"], code, amount, reference=code, now=BUSINESS_DAY_6, **EUR)

    with transaction.atomic():
        cover.pay_back(
            oracle.partners["C"], "2410", 5000, reference="back", now=BUSINESS_DAY_6, **EUR
        )
        default = InThread(lambda: default_of_c(oracle, settlement))
        wait_until_somebody_waits_for_a_lock()

    assert default.result().outcome == "UNWOUND"
    held = cover.balance_minor(oracle.partners["C"], "2410", **EUR)
    assert held == 0
