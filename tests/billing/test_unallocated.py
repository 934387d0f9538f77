"""What came in too much pays a later debt of the same partner, or goes back by a payment file."""

from datetime import date, timedelta
from uuid import UUID

import pytest
import time_machine
from django.urls import reverse

from billing import tasks
from billing.models import (
    Account,
    Allocation,
    BankEntry,
    BankException,
    PaymentFile,
    PositionEvent,
    Transfer,
)
from billing.rules.bank_facts import Debt
from billing.rules.unallocated import offered, pays
from billing.services import sealing
from billing.services.bank import deciding, unallocated
from billing.services.bank.deciding import Decision
from billing.services.bank.unallocated import NotAllocatable
from billing.services.payments import approving, exporting, pay_backs
from billing.services.payments.pay_backs import NotPayable
from partners.models import AuditEvent, BankAccount
from tests.billing.bank_world import IBANS, BankWorld, a_bank_world
from tests.billing.camt_files import HOUSE_IBAN, Payment, Statement, camt053
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.payment_world import staff
from tests.flows.test_j2_month_end import trial_balance

pytestmark = pytest.mark.django_db
NOW = BUSINESS_DAY_6 + timedelta(days=2)
OVERDUE = BUSINESS_DAY_6 + timedelta(days=20)
WHY = "agreed with C by phone"


class TestRules:
    def debt(self, number: int, open_minor: int, due: date) -> Debt:
        return Debt(key=UUID(int=number), partner=UUID(int=9), open_minor=open_minor, due_on=due)

    def test_pays_as_far_as_it_reaches(self):
        assert (pays(500, 300), pays(300, 500), pays(-1, 500), pays(500, 0)) == (300, 300, 0, 0)

    def test_is_offered_for_what_is_due_the_oldest_first(self):
        today = date(2027, 3, 1)
        later = self.debt(1, 900, today + timedelta(days=1))
        old, older = self.debt(2, 400, today), self.debt(3, 300, today - timedelta(days=9))

        assert offered(500, [later, old, older], today=today) == [(older, 300), (old, 200)]
        assert offered(1_000, [later, old, older], today=today) == [(older, 300), (old, 400)]


@pytest.fixture
def world(settings):
    settings.MONEY_FLOW = "PI_PARTNER"
    return a_bank_world()


def overpaid(world: BankWorld, letter: str, minor: int) -> Account:
    """Money of the partner that nobody asked for: it goes to 2890 by a person's decision."""
    paid = Payment(minor=minor, reference="BK-1", debtor=("X", "FR1420041010050500013M02606"))
    world.take(camt053(Statement(number=1, opening=0, entries=(paid,), name="S1")))
    decision = Decision(by="olga", reason="it names C in a letter", now=NOW)
    partner = world.oracle.partners[letter].pk
    deciding.to_unallocated(BankEntry.objects.get().pk, partner, decision)
    return Account.objects.get(code="2890", partner=partner)


def set_against(account: Account, world: BankWorld, letter: str, **changes) -> Allocation:
    facts = {"by": "olga", "reason": WHY, "now": NOW} | changes
    return unallocated.allocate(account.pk, world.position(letter).pk, **facts)


class TestSetAgainstADebt:
    def test_pays_it_once_and_keeps_the_rest(self, world):
        account = overpaid(world, "C", 8_000)

        done = set_against(account, world, "C")

        assert (done.amount_minor, world.state("C")) == (7_520, "FUNDED")
        balance = trial_balance()
        assert (balance["1800"], balance["2890 C"]) == (8_000, -480)
        assert "1300 C" not in balance
        assert sum(balance.values()) == 0
        assert PositionEvent.objects.filter(cause="set against 2890").count() == 1
        assert AuditEvent.objects.get(action="unallocated.allocated").reason == WHY
        with pytest.raises(NotAllocatable, match="open any more"):
            set_against(account, world, "C")
        sealing.seal(now=OVERDUE)
        assert sealing.verify().ok

    def test_in_part_leaves_the_rest_of_the_debt_open(self, world):
        account = overpaid(world, "C", 7_000)

        set_against(account, world, "C")

        assert (world.state("C"), trial_balance()["1300 C"]) == ("PART_FUNDED", 520)
        assert world.position("C").money.settled_minor == 7_000
        with pytest.raises(NotAllocatable, match="Nothing is free"):
            set_against(account, world, "C")

    def test_is_of_the_same_partner_alone(self, world):
        account = overpaid(world, "C", 8_000)

        with pytest.raises(NotAllocatable, match="open any more"):
            set_against(account, world, "B")
        assert not Allocation.objects.exists()

    def test_is_under_ccp_against_1200(self, settings):
        settings.MONEY_FLOW = "CCP"
        world = a_bank_world(model="CCP")
        account = overpaid(world, "C", 3_320)

        set_against(account, world, "C")

        assert world.state("C") == "FUNDED"
        [posted] = Transfer.objects.filter(event_key__startswith="allocation:")
        assert posted.credit_account.code == "1200"


class TestSuggestions:
    def test_come_when_a_debt_falls_due(self, world):
        overpaid(world, "C", 8_000)
        with time_machine.travel(NOW, tick=False):
            tasks.match_bank()
        assert not BankException.objects.filter(resolved_at=None).exists()

        with time_machine.travel(OVERDUE, tick=False):
            tasks.match_bank()
            tasks.match_bank()

        task = BankException.objects.get(resolved_at=None)
        assert task.code == "OVERPAID_AND_OWES"
        assert task.suggestions == [
            {
                "kind": "position",
                "target": str(world.position("C").pk),
                "partner": str(world.oracle.partners["C"].pk),
                "amount_minor": 7_520,
                "reasons": ["DUE"],
            }
        ]

    def test_end_when_nothing_is_left(self, world):
        account = overpaid(world, "C", 7_520)
        unallocated.suggest("LIVE", now=OVERDUE)

        set_against(account, world, "C", now=OVERDUE)

        assert BankException.objects.get().resolution == WHY
        assert unallocated.suggest("LIVE", now=OVERDUE) == 0

    def test_do_not_come_back_after_a_person_said_no(self, world):
        overpaid(world, "C", 8_000)
        unallocated.suggest("LIVE", now=OVERDUE)
        decision = Decision(by="olga", reason="C wants it for March", now=OVERDUE)
        deciding.close_task(BankException.objects.get().pk, decision)

        assert unallocated.suggest("LIVE", now=OVERDUE + timedelta(days=1)) == 0
        assert BankException.objects.get().resolved_by == "olga"


class TestPayBack:
    def released(self, account: Account) -> PaymentFile:
        mia, kai = staff("mia"), staff("kai")
        file = pay_backs.propose(account.pk, reason=WHY, maker=mia, now=NOW)
        approving.approve(file.pk, reason="seen", checker=kai, now=NOW)
        return exporting.export(file.pk, by=mia, now=NOW)

    def test_leaves_by_a_file_and_is_booked_by_the_bank(self, world):
        account = overpaid(world, "C", 8_000)

        file = self.released(account)

        payment = file.payments.get()
        assert (payment.purpose, payment.amount_minor, payment.iban) == (
            "PAY_BACK",
            8_000,
            IBANS["C"],
        )
        assert (trial_balance()["1810"], "2890 C" in trial_balance()) == (-8_000, False)
        out = Payment(
            minor=-8_000,
            reference="BK-2",
            end_to_end=payment.end_to_end_id,
            creditor=("C", payment.iban),
            debtor=("House", HOUSE_IBAN),
        )
        world.take(camt053(Statement(number=2, opening=8_000, entries=(out,), name="S2")), now=NOW)
        payment.refresh_from_db()
        assert payment.state == "BOOKED"
        assert not {"1800", "1810", "2890 C"} & trial_balance().keys()
        keys = list(Transfer.objects.filter(kind="PAY_BACK").values_list("event_key", flat=True))
        assert keys == [f"payment:{payment.pk}"]

    def test_is_promised_once(self, world):
        account = overpaid(world, "C", 8_000)
        pay_backs.propose(account.pk, reason=WHY, maker=staff("mia"), now=NOW)

        with pytest.raises(NotPayable, match="Nothing is free"):
            pay_backs.propose(account.pk, reason=WHY, maker=staff("max"), now=NOW)
        with pytest.raises(NotAllocatable, match="Nothing is free"):
            set_against(account, world, "C")

    def test_is_free_again_when_the_file_is_cancelled(self, world):
        account, mia = overpaid(world, "C", 8_000), staff("mia")
        file = pay_backs.propose(account.pk, reason=WHY, maker=mia, now=NOW)

        approving.cancel(file.pk, reason="C wants to keep it", by=mia, now=NOW)

        assert unallocated.free_minor(account) == 8_000

    def test_stays_where_the_account_changed_since(self, world):
        account, mia = overpaid(world, "C", 8_000), staff("mia")
        file = pay_backs.propose(account.pk, reason=WHY, maker=mia, now=NOW)
        approving.approve(file.pk, reason="seen", checker=staff("kai"), now=NOW)
        BankAccount.objects.filter(partner=account.partner).update(ends_at=NOW)

        with pytest.raises(exporting.NotExportable, match="another account"):
            exporting.export(file.pk, by=mia, now=NOW)

    def test_is_not_where_the_house_moves_no_money(self, world, settings):
        account = overpaid(world, "C", 8_000)
        settings.MONEY_FLOW = "INSTRUCTION_ONLY"

        with pytest.raises(NotPayable, match="moves no money"):
            pay_backs.propose(account.pk, reason=WHY, maker=staff("mia"), now=NOW)


class TestPages:
    def page(self, client, name: str, account: Account, **answers: str):
        url = reverse(f"admin:billing_account_{name}", args=[account.pk])
        return client.post(url, answers, follow=True) if answers else client.get(url)

    def test_show_the_effect_then_post(self, world, client):
        account = overpaid(world, "C", 8_000)
        with time_machine.travel(NOW, tick=False):
            client.force_login(staff("admin", is_superuser=True))
            asked = self.page(client, "set_against", account).content.decode()
            assert "75.20" in asked
            assert "4.80" in asked
            position = str(world.position("C").pk)
            target = f"position:{position}"
            done = self.page(client, "set_against", account, position=target, reason=WHY)
            told = client.get(reverse("admin:billing_position_change", args=[position]))

        assert "Posted" in done.content.decode()
        assert Allocation.objects.get().allocated_by == "admin"
        assert "Set against 2890" in told.content.decode()

    def test_pay_back_leads_to_its_file(self, world, client):
        account = overpaid(world, "C", 8_000)
        with time_machine.travel(NOW, tick=False):
            client.force_login(staff("admin", is_superuser=True))
            assert "80.00" in self.page(client, "pay_back", account).content.decode()
            done = self.page(client, "pay_back", account, reason=WHY)

        assert PaymentFile.objects.get().total_minor == 8_000
        assert PaymentFile.objects.get().message_id in done.content.decode()

    def test_are_for_those_who_may(self, world, client):
        account = overpaid(world, "C", 8_000)
        client.force_login(staff("viewer"))

        assert self.page(client, "set_against", account).status_code == 403
        assert self.page(client, "pay_back", account).status_code == 403

    def test_of_another_account_are_none(self, world, admin_client):
        account = Account.objects.filter(code="1300").first()

        assert self.page(admin_client, "set_against", account).status_code == 404
