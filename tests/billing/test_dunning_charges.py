"""Late payment: letters at each level; interest and a lump sum are charged by a person."""

import io
from datetime import timedelta

import pypdf
import pytest
import time_machine
from django.urls import reverse

from billing import tasks
from billing.documents.dunning_content import dunning_from_json
from billing.models import Account, Document, DocumentMail, DunningCharge, DunningStep, Transfer
from billing.services import sealing
from billing.services.bank import charges, dunning, unallocated
from billing.services.bank.charges import NotChargeable
from billing.services.bank.unallocated import NotAllocatable
from partners.models import AuditEvent
from tests import makers
from tests.billing.bank_world import BankWorld, a_bank_world
from tests.billing.camt_files import HOUSE_IBAN, Statement, camt053
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.payment_world import staff
from tests.billing.test_invoicing import legal_facts
from tests.flows.test_j2_month_end import trial_balance

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DUE = BUSINESS_DAY_6 + 10 * DAY
MONTH_LATE = DUE + 30 * DAY
WHY = "third time that C is late"


@pytest.fixture
def world(settings):
    settings.MONEY_FLOW = "PI_PARTNER"
    world = a_bank_world()
    legal_facts(world.oracle.partners["C"], "NL", language="fr", finance_email="pay@c.example")
    return world


def letters(world: BankWorld, letter: str = "C"):
    rows = Document.objects.filter(kind="DUNNING", partner=world.oracle.partners[letter])
    return list(rows.order_by("number"))


def charge(world: BankWorld, *, now=MONTH_LATE) -> list[DunningCharge]:
    return charges.charge(world.position("C").pk, by="olga", reason=WHY, now=now)


class TestLetters:
    def test_tell_the_last_level_that_was_reached_once(self, world):
        dunning.dun(world.settlement, now=DUE + DAY)
        dunning.dun(world.settlement, now=DUE + DAY)
        dunning.dun(world.settlement, now=DUE + 15 * DAY)

        told = [dunning_from_json(one.content) for one in letters(world)]
        assert [(one.number, one.level) for one in told] == [
            ("DL-2027-000002", "FRIENDLY"),
            ("DL-2027-000004", "SECOND"),
        ]
        second = told[1]
        assert (second.language, second.pay_to, second.reference) == (
            "fr",
            HOUSE_IBAN,
            world.number("C"),
        )
        [item] = second.items
        assert (item.open_minor, item.days_late, item.interest_minor) == (7_520, 15, 31)
        assert second.total_minor == 7_520
        assert told[0].lump_sum_minor == 0 < second.lump_sum_minor

    def test_are_rendered_mailed_and_read_by_the_partner_alone(self, world, client):
        with time_machine.travel(DUE + DAY, tick=False):
            tasks.dun_overdue()
            tasks.render_missing_statements()
            tasks.send_letters()

            [document] = letters(world)
            mail = DocumentMail.objects.get(document=document)
            assert (mail.recipient, mail.language) == ("pay@c.example", "fr")
            url = reverse("portal:statement-pdf", args=[document.pk])
            client.force_login(makers.PartnerUserMaker(partner=world.oracle.partners["B"]))
            assert client.get(url).status_code == 404
            client.force_login(makers.PartnerUserMaker(partner=world.oracle.partners["C"]))
            pdf = client.get(url).content
        text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
        assert "Rappel de paiement" in text
        assert "75,20" in text

    def test_name_what_was_charged(self, world):
        dunning.dun(world.settlement, now=DUE + 7 * DAY)
        charge(world, now=DUE + 8 * DAY)

        dunning.dun(world.settlement, now=DUE + 14 * DAY)

        told = dunning_from_json(letters(world)[-1].content)
        assert (told.charged_minor, told.total_minor) == (4_017, 7_520 + 4_017)


class TestCharges:
    def test_are_posted_once_per_day_and_the_lump_sum_once(self, world):
        done = charge(world)

        # 75.20 × 10.15 % × 30 / 365 = 0.627
        assert {row.kind: row.amount_minor for row in done} == {"INTEREST": 63, "LUMP_SUM": 4_000}
        balance = trial_balance()
        assert (balance["1300 C"], balance["4190"]) == (7_520 + 4_063, -4_063)
        assert sum(balance.values()) == 0
        with pytest.raises(NotChargeable, match="All of it was charged"):
            charge(world)
        [more] = charge(world, now=MONTH_LATE + 30 * DAY)
        # Of 60 days 1.25, of which 0.63 are charged.
        assert (more.kind, more.amount_minor) == ("INTEREST", 62)
        keys = Transfer.objects.filter(kind="INTEREST").values_list("event_key", flat=True)
        assert len(set(keys)) == 3
        assert AuditEvent.objects.filter(action="dunning.charged", reason=WHY).count() == 2
        sealing.seal(now=MONTH_LATE + 31 * DAY)
        assert sealing.verify().ok

    def test_change_nothing_of_what_the_position_owes(self, world):
        before = world.position("C").money.state, trial_balance()["1300 A"]

        charge(world)

        assert (world.position("C").money.state, trial_balance()["1300 A"]) == before

    def test_are_none_of_what_is_not_late_or_between_partners(self, world, settings):
        with pytest.raises(NotChargeable, match="late"):
            charge(world, now=DUE)
        settings.MONEY_FLOW = "INSTRUCTION_ONLY"
        with pytest.raises(NotChargeable, match="between them"):
            charge(world)

    def test_leave_interest_out_where_the_rate_is_not_known(self, world, settings):
        settings.MAIN_REFINANCING_RATES = ""

        [row] = charge(world)

        assert row.kind == "LUMP_SUM"

    def test_are_paid_whole_from_what_came_in_too_much(self, world):
        _, lump_sum = charge(world)
        paid = world.paid("C", 7_520 + 4_000, "BK-1")
        world.take(camt053(Statement(number=1, opening=0, entries=(paid,))), now=MONTH_LATE)
        account = Account.objects.get(code="2890")
        interest = DunningCharge.objects.get(kind="INTEREST")

        facts = {"by": "olga", "reason": WHY, "now": MONTH_LATE}
        unallocated.pay_charge(account.pk, lump_sum.pk, **facts)

        balance = trial_balance()
        assert (balance["1300 C"], "2890 C" in balance) == (63, False)
        with pytest.raises(NotAllocatable, match="is paid"):
            unallocated.pay_charge(account.pk, lump_sum.pk, **facts)
        with pytest.raises(NotAllocatable, match="paid whole"):
            unallocated.pay_charge(account.pk, interest.pk, **facts)
        # What is charged is no part of the position: it was funded by its own pay-in.
        assert world.position("C").money.settled_minor == 7_520


class TestPage:
    def test_shows_the_effect_and_posts(self, world, client):
        dunning.dun(world.settlement, now=MONTH_LATE)
        step = DunningStep.objects.filter(position=world.position("C")).last()
        url = reverse("admin:billing_dunningstep_charge", args=[step.pk])
        with time_machine.travel(MONTH_LATE, tick=False):
            client.force_login(staff("viewer"))
            assert client.get(url).status_code == 403
            client.force_login(staff("admin", is_superuser=True))
            asked = client.get(url).content.decode()
            assert "0.63" in asked
            assert "40.00" in asked
            assert not DunningCharge.objects.exists()
            done = client.post(url, {"reason": WHY}, follow=True).content.decode()

        assert "40.63" in done
        assert letters(world)[-1].number in done
        assert DunningCharge.objects.count() == 2
