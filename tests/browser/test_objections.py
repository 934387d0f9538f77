"""An objection in a real Chromium: raised in the portal, answered by staff, read by the partner."""

import pytest
from django.utils import timezone

from billing.models import Objection
from billing.services import objections
from billing.services.objections import Grounds, raise_objection
from tests.billing.objection_world import (
    a_waiting_settlement,
    somebody,
    statement_of,
)
from tests.browser.chromium import EVERY_LOOK, LOOKS
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean

pytestmark = pytest.mark.browser


@pytest.fixture
def world(transactional_db):
    return a_waiting_settlement()


def raised(world, text="The session of 3 January was stopped after a minute.") -> Objection:
    grounds = Grounds(text=text, amount_minor=1250, counterparty="DE*BBB", sdr_id="A-0001")
    return raise_objection(statement_of(*world), grounds, by="finance", now=timezone.now())


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_is_raised_on_the_statements_page(world, open_page, look):
    person("finance", partner=world[0].partners["A"])
    partner = open_page(**LOOKS[look])
    partner.log_in("/portal/login/", "finance", PASSWORD)

    partner.page.click("text=Object…")
    partner.page.fill("textarea[name=text]", "A day is missing.")
    partner.page.fill("input[name=amount]", "12.50")
    partner.page.select_option("select[name=counterparty]", "DE*BBB")
    partner.page.click("button:has-text('Object')")

    partner.page.wait_for_selector("text=Waits for an answer")
    assert Objection.objects.get().amount_minor == 1250
    assert not partner.is_wider_than_its_window()
    assert_clean(partner)


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_is_answered_by_staff(world, open_page, look):
    own = raised(world)
    person("mia", is_staff=True, is_superuser=True)
    staff = open_page(**LOOKS[look])
    staff.log_in("/admin/login/", "mia", PASSWORD)
    for path in (f"settlement/{world[1].pk}/request", "objection", f"objection/{own.pk}/uphold"):
        staff.go(f"/admin/billing/{path}/")
        assert not staff.is_wider_than_its_window(), path

    staff.go(f"/admin/billing/objection/{own.pk}/change/")
    staff.page.click("a:has-text('Reject…')")
    staff.page.fill("textarea[name=answer]", "The meter ran for 50 minutes; see its values.")
    staff.page.click("button:has-text('Reject and tell')")

    staff.page.wait_for_selector("text=Rejected and told.")
    own.refresh_from_db()
    assert own.state == "REJECTED"
    assert_clean(staff)


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_and_its_answer_are_read_by_the_partner(world, open_page, look):
    own = raised(world)
    raised(world, "The monthly fee is charged twice.")
    objections.reject(
        own.pk, answer="The meter ran for 50 minutes.", by=somebody(), now=timezone.now()
    )
    person("finance", partner=world[0].partners["A"])
    partner = open_page(**LOOKS[look])
    partner.log_in("/portal/login/", "finance", PASSWORD)

    partner.go("/portal/statements/")
    partner.page.click("text=My objections")

    told = partner.page.inner_text("main")
    assert "The meter ran for 50 minutes." in told
    assert "charged twice" in told
    assert not partner.is_wider_than_its_window()
    assert_clean(partner)
