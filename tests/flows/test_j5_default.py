"""Journey J5, its end: C never pays its 75.20 (finance.md 4.4, part 2)."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from billing.models import Settlement, Transfer
from billing.services import adjustments, cover, sealing
from billing.services.closing import close_window
from billing.services.defaults import NotInDefault, handle_default
from partners.models import SettlementGroup, TaxRegistration, TaxStatus
from partners.queries import clearing_house
from tests.billing.oracle_world import (
    BUSINESS_DAY_3,
    BUSINESS_DAY_6,
    Oracle,
    a_record,
    an_oracle,
    january,
)
from tests.billing.test_clearing_beside_closing import (
    InThread,
    wait_until_somebody_waits_for_a_lock,
)
from tests.makers import StaffMaker, approver, take

pytestmark = pytest.mark.django_db
EUR = {"currency": "EUR", "environment": "LIVE"}
END_OF_FEBRUARY = datetime(2027, 3, 8, 17, 0, tzinfo=UTC)


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


def claimed_from(partner, case) -> int:
    """What the others claim from the partner, less what it claims from them."""
    who = str(partner.pk)
    return sum(
        amount * ((debtor == who) - (creditor == who)) for debtor, creditor, amount in case.claims
    )


def sold_in_february(oracle: Oracle, seller: str, buyer: str, *, cents: int) -> None:
    ended_at = datetime(2027, 2, 10, 12, 0, tzinfo=UTC)
    sold = a_record(
        oracle,
        seller,
        buyer,
        number=500,
        cents=cents,
        started_at=(ended_at - timedelta(minutes=50)).isoformat(),
        ended_at=ended_at.isoformat(),
    )
    (outcome,) = take(
        sold, sender=oracle.sellers[seller], received_at=ended_at + timedelta(hours=1)
    )
    assert outcome.outcome == "accepted", outcome


def test_an_unwind_leaves_what_an_earlier_settlement_posted():
    """All that A sells or buys in January is blocked and settled in February, on which C defaults.

    January's other transfers stand in the same window, and were paid.
    """
    oracle = an_oracle(with_fees=False)
    january(oracle)
    a = oracle.partners["A"]
    facts = [
        (model, list(model.objects.filter(partner=a))) for model in (TaxStatus, TaxRegistration)
    ]
    for model, _ in facts:
        model.objects.filter(partner=a).delete()
    close_window(oracle.group, now=BUSINESS_DAY_6)
    assert clearing_balances(oracle) == {"B": -20000, "C": 20000}
    for model, rows in facts:
        model.objects.bulk_create(rows)
    sold_in_february(oracle, "B", "C", cents=2_000)
    february = close_window(oracle.group, now=END_OF_FEBRUARY).settlement

    case = handle_default(
        february, oracle.partners["C"], reason="no word", actor="olga", now=END_OF_FEBRUARY
    )

    assert clearing_balances(oracle)["C"] == 20000
    assert claimed_from(oracle.partners["C"], case) == case.owed_minor
    sealing.seal(now=END_OF_FEBRUARY)
    assert sealing.verify().ok


def test_an_unwind_claims_all_that_was_owed_and_leaves_the_others_what_was_theirs():
    """An adjustment of C, and a balance of A that January carried on, are in the positions."""
    oracle = an_oracle(with_fees=False)
    mia, kai = StaffMaker(username="mia"), approver("kai")

    def adjust(letter: str, cents: int, at: datetime) -> None:
        window = oracle.group.windows.filter(state="OPEN").order_by("supply_ends_at").first()
        asked = adjustments.request(
            window,
            oracle.partners[letter],
            cents,
            counter_account="4190",
            reason="a refund",
            maker=mia,
            now=at,
        )
        adjustments.decide(asked.pk, approve=True, checker=kai, now=at)

    SettlementGroup.objects.update(minimum_payment_minor=1000)
    # A takes part in January by one cent, so that its balance may wait.
    jan_end = datetime(2027, 1, 20, 12, 0, tzinfo=UTC)
    take(
        a_record(
            oracle,
            "A",
            "B",
            number=1,
            cents=300,
            started_at=(jan_end - timedelta(minutes=50)).isoformat(),
            ended_at=jan_end.isoformat(),
        ),
        sender=oracle.sellers["A"],
        received_at=BUSINESS_DAY_3,
    )
    january_ = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
    carried = january_.positions.get(partner=oracle.partners["A"]).carried_on_minor
    assert carried > 0
    adjust("C", -700, BUSINESS_DAY_6 + timedelta(days=1))
    sold_in_february(oracle, "A", "C", cents=2_000)
    february = close_window(oracle.group, now=END_OF_FEBRUARY).settlement
    assert february.positions.get(partner=oracle.partners["A"]).carried_minor == carried

    case = handle_default(
        february, oracle.partners["C"], reason="no word", actor="olga", now=END_OF_FEBRUARY
    )

    assert claimed_from(oracle.partners["C"], case) == case.owed_minor
    assert case.positions[str(oracle.partners["A"].pk)] == carried
    assert sum(case.positions.values()) == 0
