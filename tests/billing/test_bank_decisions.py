"""What a person decides about a payment that no rule could place."""

from datetime import timedelta

import pytest

from billing.models import BankEntry, BankException, BankMatch, Transfer
from billing.services.bank import deciding
from billing.services.bank.deciding import Decision, NotPlaceable
from partners.models import AuditEvent
from tests.billing.bank_world import BankWorld, a_bank_world
from tests.billing.camt_files import Payment, Statement, camt053
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.flows.test_j2_month_end import trial_balance

pytestmark = pytest.mark.django_db
NOW = BUSINESS_DAY_6 + timedelta(days=2)
DECISION = Decision(by="olga", reason="seen on the letter of the bank", now=NOW)
STRANGER = ("Somebody", "FR1420041010050500013M02606")


@pytest.fixture
def world():
    return a_bank_world()


def received(world: BankWorld, *payments: Payment) -> BankEntry:
    world.take(camt053(Statement(number=1, opening=100_000, entries=payments)))
    return BankEntry.objects.get(reference=payments[-1].reference)


class TestAnUnknownPayer:
    def test_waits_with_suggestions(self, world):
        entry = received(world, Payment(minor=7_520, reference="BK-1", debtor=("C", STRANGER[1])))

        row = BankException.objects.get(entry=entry)
        assert (row.code, entry.state) == ("UNKNOWN_PAYER", "EXCEPTION")
        assert row.suggestions[0] == {
            "kind": "position",
            "target": str(world.position("C").pk),
            "partner": str(world.oracle.partners["C"].pk),
            "amount_minor": 7_520,
            "reasons": ["AMOUNT", "NAME"],
        }

    def test_pays_a_debt_and_what_is_too_much_goes_to_2890(self, world):
        entry = received(world, Payment(minor=8_000, reference="BK-1", debtor=STRANGER))

        deciding.to_position(entry.pk, world.position("C").pk, DECISION)

        assert world.state("C") == "FUNDED"
        balance = trial_balance()
        assert (balance["1800"], balance["2890 C"]) == (8_000, -480)
        assert {row.rule for row in BankMatch.objects.all()} == {"PERSON"}
        assert BankException.objects.get().resolved_by == "olga"
        assert AuditEvent.objects.get(action="bank_entry.matched").reason == DECISION.reason

    def test_goes_to_2890_of_a_partner_or_of_nobody(self, world):
        entry = received(world, Payment(minor=8_000, reference="BK-1", debtor=STRANGER))

        deciding.to_unallocated(entry.pk, None, DECISION)

        assert trial_balance()["2890"] == -8_000

    def test_is_our_own_money_and_posts_nothing(self, world):
        entry = received(world, Payment(minor=8_000, reference="BK-1", debtor=STRANGER))
        posted = Transfer.objects.count()

        deciding.own_money(entry.pk, DECISION)

        entry.refresh_from_db()
        assert entry.state == "SET_ASIDE"
        assert Transfer.objects.count() == posted

    def test_is_decided_once(self, world):
        entry = received(world, Payment(minor=8_000, reference="BK-1", debtor=STRANGER))
        deciding.own_money(entry.pk, DECISION)

        for verb in (
            lambda: deciding.own_money(entry.pk, DECISION),
            lambda: deciding.to_unallocated(entry.pk, None, DECISION),
            lambda: deciding.to_position(entry.pk, world.position("C").pk, DECISION),
        ):
            with pytest.raises(NotPlaceable, match="already"):
                verb()

    def test_pays_no_debt_that_is_paid(self, world):
        paid = world.paid("C", 7_520, "BK-0")
        entry = received(world, paid, Payment(minor=7_520, reference="BK-1", debtor=STRANGER))

        with pytest.raises(NotPlaceable, match="open any more"):
            deciding.to_position(entry.pk, world.position("C").pk, DECISION)

    def test_needs_an_account_of_the_house(self, world):
        payment = Payment(minor=7_520, reference="BK-1", debtor=STRANGER)
        other = Statement(number=1, opening=0, entries=(payment,), iban="DE75512108001245126199")
        world.take(camt053(other))
        entry = BankEntry.objects.get()

        with pytest.raises(NotPlaceable, match="no bank account"):
            deciding.to_position(entry.pk, world.position("C").pk, DECISION)
        deciding.own_money(entry.pk, DECISION)


class TestWhatWentOut:
    def test_is_a_payout_of_exactly_its_amount(self, world):
        sent = world.pay_out("A", number=1, now=BUSINESS_DAY_6)
        entry = received(world, Payment(minor=-60_080, reference="BK-1"))

        with pytest.raises(NotPlaceable, match="none of the payments"):
            deciding.to_payment(entry.pk, world.position("C").pk, DECISION)
        deciding.to_payment(entry.pk, sent.pk, DECISION)

        sent.refresh_from_db()
        assert (sent.state, world.state("A")) == ("BOOKED", "PAID")

    def test_is_a_payment_file_in_one_sum(self, world):
        sent = world.pay_out("A", number=1, now=BUSINESS_DAY_6)
        other = received(world, Payment(minor=-60_079, reference="BK-0"))
        with pytest.raises(NotPlaceable, match="60080 minor units"):
            deciding.to_file(other.pk, sent.file_id, DECISION)
        deciding.own_money(other.pk, DECISION)
        exact = Payment(minor=-60_080, reference="BK-1")
        world.take(camt053(Statement(number=2, opening=39_921, entries=(exact,), name="S2")))

        deciding.to_file(BankEntry.objects.get(reference="BK-1").pk, sent.file_id, DECISION)

        assert world.state("A") == "PAID"

    def test_gives_back_what_was_paid_too_much_and_no_more(self, world):
        payments = [
            world.paid("C", 7_520, "BK-1"),
            world.paid("C", 7_520, "BK-2"),
            Payment(minor=-7_521, reference="BK-3"),
        ]
        more = received(world, *payments)
        partner = world.oracle.partners["C"].pk
        with pytest.raises(NotPlaceable, match="2890 holds 7520"):
            deciding.paid_back(more.pk, partner, DECISION)
        deciding.own_money(more.pk, DECISION)
        exact = Payment(minor=-7_520, reference="BK-4")
        opening = 100_000 + sum(one.minor for one in payments)
        world.take(camt053(Statement(number=2, opening=opening, entries=(exact,), name="S2")))

        deciding.paid_back(BankEntry.objects.get(reference="BK-4").pk, partner, DECISION)

        assert "2890 C" not in trial_balance()

    def test_are_charges_whatever_the_amount(self, world):
        entry = received(world, Payment(minor=-2_500, reference="BK-1"))

        deciding.to_charges(entry.pk, DECISION)

        assert trial_balance()["6900"] == 2_500
        assert trial_balance()["1800"] == -2_500


class TestTasks:
    def test_are_done_once(self, world):
        received(world, world.paid("C", 7_520, "BK-1"), world.paid("C", 7_520, "BK-2"))
        task = BankException.objects.get(code="OVERPAID")

        deciding.close_task(task.pk, DECISION)

        assert AuditEvent.objects.get(action="bank_exception.done").actor == "olga"
        with pytest.raises(NotPlaceable, match="done"):
            deciding.close_task(task.pk, DECISION)

    def test_are_none_while_the_payment_waits(self, world):
        entry = received(world, Payment(minor=8_000, reference="BK-1", debtor=STRANGER))

        with pytest.raises(NotPlaceable, match="not placed"):
            deciding.close_task(BankException.objects.get(entry=entry).pk, DECISION)


def test_small_charges_go_by_rule(world):
    text = camt053(
        Statement(number=1, opening=1_000, entries=(Payment(minor=-450, reference="BK-1"),))
    ).decode()
    code = (
        "<BkTxCd><Domn><Cd>ACMT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn>"
        "</BkTxCd>"
    )

    done = world.take(text.replace("<NtryDtls>", f"{code}<NtryDtls>").encode())

    assert done.matched == 1
    assert trial_balance()["6900"] == 450
