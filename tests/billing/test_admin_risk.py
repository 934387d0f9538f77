"""Exposure, blocks and defaults as staff sees them: what is read, lifted, and done by two."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from billing import tasks
from billing.models import DefaultCase, ExposureBlock, ExposureReading, LedgerSeal, Transfer
from billing.services import cover, default_orders, exposure
from billing.services.closing import close_window
from partners.models import Approval, AuditEvent, ParticipationContract
from partners.services.approvals import NotDecidable
from tests.billing.oracle_world import (
    BUSINESS_DAY_3,
    BUSINESS_DAY_6,
    a_record,
    an_oracle,
    january,
)
from tests.makers import StaffMaker, approver, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return [approver(name) for name in ("mia", "kai")]


class TestExposure:
    @pytest.fixture(autouse=True)
    def clock(self):
        with time_machine.travel(BUSINESS_DAY_3, tick=False) as traveller:
            yield traveller

    @pytest.fixture
    def oracle(self):
        """B may owe 20.00 and bought for 27.00."""
        oracle = an_oracle(with_fees=False, taxes="NOT_APPLIED")
        ParticipationContract.objects.filter(partner=oracle.partners["B"]).update(
            exposure_cap_minor=2000
        )
        take(
            a_record(oracle, "A", "B", number=1, cents=2700),
            sender=oracle.sellers["A"],
            received_at=BUSINESS_DAY_3,
        )
        return oracle

    def test_is_read_by_the_clock_and_shown_newest_first(self, client, oracle, people, clock):
        first = tasks.read_exposures()
        clock.shift(timedelta(hours=1))
        tasks.read_exposures()
        client.force_login(people[0])

        url = reverse("admin:billing_exposurereading_changelist")
        newest = client.get(url).context["cl"].result_list
        of_b = client.get(f"{url}?partner__id__exact={oracle.partners['B'].pk}")

        assert first == {"free": 2, "blocked": 1}
        assert len(newest) == 3
        assert {row.read_at for row in newest} == {BUSINESS_DAY_3 + timedelta(hours=1)}
        assert len(of_b.context["cl"].result_list) == 2

    def test_tells_its_parts_and_the_way_out(self, client, oracle, people):
        exposure.read_exposures(oracle.group, now=BUSINESS_DAY_3)
        reading = ExposureReading.objects.get(level="BLOCKED")
        client.force_login(people[0])

        page = client.get(
            reverse("admin:billing_exposurereading_change", args=[reading.pk])
        ).content.decode()

        assert "27.00 EUR" in page
        assert "20.00 EUR" in page
        assert "135 %" in page
        assert "Lift the block" in page

    def test_block_is_lifted_with_a_reason_once(self, client, oracle, people):
        exposure.read_exposures(oracle.group, now=BUSINESS_DAY_3)
        block = ExposureBlock.objects.get()
        lift = reverse("admin:billing_exposureblock_lift", args=[block.pk])
        client.force_login(people[0])
        client.post(lift, {"reason": "money is on its way"})
        again = client.post(lift, {"reason": "once more"}).content.decode()

        block.refresh_from_db()
        assert (block.lifted_by, block.lift_reason) == ("mia", "money is on its way")
        assert "lifted already" in again
        assert AuditEvent.objects.get(action="exposure.lifted").reason == "money is on its way"


class TestDefault:
    @pytest.fixture(autouse=True)
    def clock(self):
        with time_machine.travel(BUSINESS_DAY_6, tick=False):
            yield

    @pytest.fixture
    def settled(self):
        oracle = an_oracle()
        january(oracle)
        return oracle, close_window(oracle.group, now=BUSINESS_DAY_6).settlement

    def page(self, oracle, settlement, letter="C"):
        return reverse(
            "admin:billing_defaultcase_handle", args=[settlement.pk, oracle.partners[letter].pk]
        )

    def test_shows_first_what_would_happen_and_is_done_by_a_second_person(
        self, client, settled, people
    ):
        page = self.page(*settled)
        posted = Transfer.objects.count()
        client.force_login(people[0])
        shown = client.get(page).content.decode()
        for figure in ("358.80", "-442.13", "83.33", "242.00", "200.00", "33.20"):
            assert figure in shown.replace("−", "-"), figure
        assert (Transfer.objects.count(), DefaultCase.objects.count()) == (posted, 0)

        client.post(page, {"reason": "second reminder ran out"})
        own = client.post(page, {"reason": "do it alone"}).content.decode()
        assert "a second person must confirm" in own
        assert not DefaultCase.objects.exists()
        client.force_login(people[1])
        client.post(page, {"reason": "seen the reminders"})

        case = DefaultCase.objects.get()
        assert (case.outcome, case.actor) == ("UNWOUND", "kai")
        acts = AuditEvent.objects.order_by("at", "id").values_list("action", "actor")
        assert list(acts) == [("default.requested", "mia"), ("default.handled", "kai")]

    def test_is_done_by_an_approver(self, client, settled, people):
        oracle, settlement = settled
        page, root = self.page(*settled), StaffMaker(username="root")
        client.force_login(people[0])
        client.post(page, {"reason": "second reminder ran out"})
        client.force_login(root)

        told = client.post(page, {"reason": "I may do all"}).content.decode()

        assert "An approver confirms it" in told
        asked = default_orders.open_request(settlement, oracle.partners["C"], now=BUSINESS_DAY_6)
        facts = {"reason": "I may do all", "checker": root, "now": BUSINESS_DAY_6}
        with pytest.raises(NotDecidable, match="being a superuser"):
            default_orders.confirm(settlement, oracle.partners["C"], asked.pk, **facts)
        assert not DefaultCase.objects.exists()

    def test_an_approver_who_may_not_ask_asks_for_nothing(self, client, settled):
        anna = StaffMaker(username="anna", is_superuser=False)
        anna.user_permissions.set(Permission.objects.filter(codename="approve_defaultcase"))
        client.force_login(anna)

        told = client.post(self.page(*settled), {"reason": "out with it"}).content.decode()

        assert "Nobody has asked for it yet" in told
        assert not Approval.objects.exists()

    def test_a_yes_is_not_carried_over_to_another_outcome(self, client, settled, people):
        oracle, settlement = settled
        client.force_login(people[0])
        client.post(self.page(oracle, settlement), {"reason": "second reminder ran out"})
        cover.pay_in(
            oracle.partners["C"],
            cover.PREFUND,
            9_000,
            reference="late",
            currency="EUR",
            environment="LIVE",
            now=BUSINESS_DAY_6,
        )
        client.force_login(people[1])

        answer = client.post(self.page(oracle, settlement), {"reason": "go on"})

        assert "Ask again" in answer.content.decode()
        assert not DefaultCase.objects.exists()

    def test_of_a_creditor_is_refused_in_words(self, client, settled, people):
        client.force_login(people[0])

        page = client.get(self.page(*settled, letter="A")).content.decode()

        assert "owes nothing" in page

    def test_is_reached_from_the_settlement_of_the_debtor(self, client, settled, people):
        client.force_login(people[0])

        page = client.get(reverse("admin:billing_settlement_change", args=[settled[1].pk]))

        labels = [action.label for action in page.context["story"].actions]
        assert labels == ["B does not pay…", "C does not pay…"]


class TestSealing:
    def test_by_the_clock_seals_what_was_posted_and_nothing_twice(self):
        oracle = an_oracle()
        january(oracle)
        close_window(oracle.group, now=BUSINESS_DAY_6)

        first, second = tasks.seal_ledger(), tasks.seal_ledger()

        assert first == {"sealed": Transfer.objects.count()}
        assert second == {"sealed": 0}
        assert LedgerSeal.objects.count() == first["sealed"] > 0
