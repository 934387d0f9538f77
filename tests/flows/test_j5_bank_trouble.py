"""Journey J5: a short payment, a double one, a payout that comes back, a missing statement."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.models import (
    BankEntry,
    BankException,
    BankMatch,
    StatementGap,
    Transfer,
    WriteOff,
)
from billing.models import Payment as SentPayment
from billing.services import sealing
from billing.services.bank import gaps
from billing.services.bank.matching import Round, match_all
from billing.services.payments import approving, exporting
from billing.services.payments.proposing import NotProposable, Wanted, propose
from partners.models import User
from partners.services import bank_changes
from partners.services.bank_changes import NewAccount, NotChangeable
from tests.billing.bank_world import IBANS, BankWorld, a_bank_world
from tests.billing.camt_files import HOUSE_IBAN, Payment, Statement, camt053, camt054
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.flows.test_j2_month_end import trial_balance
from tests.makers import LONG_AGO, PartnerUserMaker

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# Friday the nineteenth of February, and the Monday after it.
PAID_IN_AT = BUSINESS_DAY_6 + 11 * DAY
FINAL_AT = BUSINESS_DAY_6 + 14 * DAY
NEW_IBAN = "NL39RABO0300065264"


def pay_ins(world: BankWorld) -> Statement:
    """B pays 0.13 short, C pays twice."""
    return Statement(
        number=1,
        opening=0,
        name="S1",
        entries=(
            world.paid("B", 64_200, "BK-1"),
            world.paid("C", 7_520, "BK-2"),
            world.paid("C", 7_520, "BK-3"),
        ),
    )


def payout(world: BankWorld, payment, reference: str, **facts: object) -> Payment:
    return Payment(
        minor=-60_080,
        reference=reference,
        end_to_end=payment.end_to_end_id,
        creditor=("A", payment.iban),
        debtor=("House", HOUSE_IBAN),
        **facts,
    )


def released(world: BankWorld, now) -> SentPayment:
    """The payouts that are covered, proposed by one person, approved by another, exported."""
    maker, checker = (
        User.objects.get_or_create(username=name, is_staff=True)[0] for name in ("mia", "kai")
    )
    wanted = Wanted(settlement=world.settlement, kind="CREDIT_TRANSFER")
    file = propose(wanted, reason="January", maker=maker, now=now)
    approving.approve(file.pk, reason="seen", checker=checker, now=now)
    return exporting.export(file.pk, by=maker, now=now).payments.get()


def new_account_of_a(world: BankWorld, now) -> None:
    """Asked for by A's own person; called back, approved by a second person, tested, cooled."""
    partner, contact = world.oracle.partners["A"], "anna@a.example"
    anna = PartnerUserMaker(username="anna", email=contact, partner=partner, date_joined=LONG_AGO)
    mia, kai = (User.objects.get(username=name) for name in ("mia", "kai"))
    wanted = NewAccount(partner=partner, currency="EUR", holder="A", iban=NEW_IBAN)
    change = bank_changes.request(wanted, reason="the old one is closed", by=anna, now=now)
    bank_changes.call_back(change.pk, contact=contact, number="+31 20 1", by=mia, now=now)
    bank_changes.approve(change.pk, checker=kai, now=now)
    bank_changes.note_penny(change.pk, reference="PENNY-1", by=mia, now=now)
    with pytest.raises(NotChangeable, match="cools"):
        bank_changes.make_effective(change.pk, by=mia, now=now + DAY)
    with pytest.raises(NotProposable):
        released(world, now + DAY)
    bank_changes.make_effective(change.pk, by=mia, now=now + 5 * DAY)


def assert_a_second_import_changes_nothing(world: BankWorld, *statements: Statement) -> None:
    """As 053 and as 054, whichever of the two came first."""

    def books():
        return trial_balance(), BankEntry.objects.count(), Transfer.objects.count()

    before = books()
    for statement in statements:
        assert world.take(camt053(statement), now=FINAL_AT + 2 * DAY) == Round()
        assert world.take(camt054(statement), now=FINAL_AT + 2 * DAY) == Round()
    assert books() == before


def test_bank_trouble_to_the_last_cent(settings):
    settings.MONEY_FLOW = "PI_PARTNER"
    world = a_bank_world()

    first = pay_ins(world)
    assert world.take(camt053(first)) == Round(matched=3)
    assert (world.state("B"), world.state("C")) == ("COVERED", "FUNDED")
    assert WriteOff.objects.get().amount_minor == 13
    assert [row.rule for row in BankMatch.objects.filter(purpose="PAY_IN")] == ["REFERENCE"] * 2
    assert trial_balance() == {
        "1300 A": -60080,
        "1800": 79240,
        "2776": -673,
        "2890 C": -7520,
        "4100": -10980,
        "6900": 13,
    }
    assert BankException.objects.get().code == "OVERPAID"

    # The payout leaves, and comes back: the account is closed.
    with pytest.raises(NotProposable):
        released(world, PAID_IN_AT)  # booked today, final on the next business day
    sent = released(world, FINAL_AT)
    assert (sent.amount_minor, world.state("A")) == (60_080, "INSTRUCTED")
    second = Statement(number=2, opening=79_240, name="S2", entries=(payout(world, sent, "BK-4"),))
    assert world.take(camt053(second), now=FINAL_AT + DAY) == Round(matched=1)
    assert world.state("A") == "PAID"
    back = replace(payout(world, sent, "BK-5", reason="AC04"), minor=60_080, reversal=True)
    third = Statement(number=3, opening=19_160, name="S3", entries=(back,))
    assert world.take(camt054(third), now=FINAL_AT + 2 * DAY) == Round(matched=1)
    assert world.state("A") == "PAYABLE"
    sent.refresh_from_db()
    assert (sent.state, sent.reason_code) == ("RETURNED", "AC04")
    task = BankException.objects.get(code="PAYOUT_RETURNED")
    assert (task.entry.return_reason, task.resolved_at) == ("AC04", None)

    assert_a_second_import_changes_nothing(world, first, second, third)

    # To the new account.
    with pytest.raises(NotProposable):
        released(world, FINAL_AT + 3 * DAY)
    new_account_of_a(world, FINAL_AT + 3 * DAY)
    again = released(world, FINAL_AT + 8 * DAY)
    fourth = Statement(number=4, opening=79_240, entries=(payout(world, again, "BK-6"),))
    assert again.iban == NEW_IBAN
    assert world.take(camt053(fourth), now=FINAL_AT + 9 * DAY) == Round(matched=1)

    assert world.state("A") == "PAID"
    assert trial_balance() == {
        "1800": 19160,
        "2776": -673,
        "2890 C": -7520,
        "4100": -10980,
        "6900": 13,
    }
    assert fourth.right_closing == 19160 == 7520 + 10980 + 673 - 13
    task.refresh_from_db()
    assert task.resolved_at is not None
    sealing.seal(now=FINAL_AT + 10 * DAY)
    assert sealing.verify().ok


def test_a_missing_statement_number_stops_matching():
    world = a_bank_world()
    world.take(camt053(Statement(number=1, opening=0, name="S1")))
    late = Statement(number=3, opening=7_520, name="S3", entries=(world.paid("B", 64_213, "BK-2"),))

    assert world.take(camt053(late)) == Round(stopped=(HOUSE_IBAN,))
    assert BankEntry.objects.get().state == "NEW"
    assert world.state("B") == "AWAITING_FUNDS"

    missing = Statement(number=2, opening=0, name="S2", entries=(world.paid("C", 7_520, "BK-1"),))
    assert world.take(camt053(missing)) == Round(matched=2)
    assert (world.state("B"), world.state("C")) == ("FUNDED", "FUNDED")


def test_or_a_person_says_why_there_is_none():
    world = a_bank_world()
    world.take(camt053(Statement(number=1, opening=0, name="S1")))
    world.take(
        camt053(
            Statement(number=3, opening=0, name="S3", entries=(world.paid("B", 64_213, "BK-2"),))
        )
    )

    gap = StatementGap.objects.get()
    gaps.explain(gap.pk, reason="number 2 was never sent", by="olga", now=BUSINESS_DAY_6)

    assert match_all("LIVE", by="olga", now=BUSINESS_DAY_6) == Round(matched=1)


def test_a_central_counterparty_receives_what_is_owed_to_it():
    world = a_bank_world(model="CCP", taxes="NOT_APPLIED")
    owed = -world.position("B").due_minor

    world.take(camt053(Statement(number=1, opening=0, entries=(world.paid("B", owed, "BK-1"),))))

    pay_in = Transfer.objects.get(kind="PAY_IN")
    assert (pay_in.debit_account.code, pay_in.credit_account.code) == ("1800", "1200")
    assert world.state("B") == "FUNDED"


def test_a_payout_of_a_central_counterparty_that_comes_back():
    world = a_bank_world(model="CCP", taxes="NOT_APPLIED")
    sent = world.pay_out("A", number=1, now=BUSINESS_DAY_6)
    left = replace(payout(world, sent, "BK-1"), minor=-sent.amount_minor)
    back = replace(left, minor=sent.amount_minor, reversal=True, reason="AC04", reference="BK-2")

    world.take(camt053(Statement(number=1, opening=100_000, entries=(back, left))))

    returned = Transfer.objects.get(kind="RETURN")
    assert (returned.debit_account.code, returned.credit_account.code) == ("1800", "2100")
    assert world.state("A") == "PAYABLE"
    assert IBANS["A"] == sent.iban
