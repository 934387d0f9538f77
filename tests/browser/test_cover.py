"""Cover and blocks by hand in a real Chromium, as staff sees them."""

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from billing.models import CoverBooking, ExposureBlock, ExposureReading
from billing.services import cover_bookings, exposure
from billing.services.cover_bookings import Cover
from tests.billing.oracle_world import an_oracle
from tests.browser.chromium import EVERY_LOOK, LOOKS
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean

pytestmark = pytest.mark.browser


@pytest.fixture
def oracle(transactional_db):
    return an_oracle(with_fees=False)


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_cover_is_asked_by_one_and_posted_by_another(oracle, open_page, look):
    maker = person("mia", is_staff=True, is_superuser=True)
    checker = person("kai", is_staff=True, is_superuser=True)
    checker.user_permissions.add(Permission.objects.get(codename="approve_coverbooking"))
    wanted = Cover(
        partner=oracle.partners["B"],
        account="2410",
        direction="IN",
        amount_minor=500_000,
        currency="EUR",
        environment="LIVE",
        reference="2027-02-03/0042",
    )
    row = cover_bookings.request(wanted, reason="first prefund", maker=maker, now=timezone.now())
    staff = open_page(**LOOKS[look])
    staff.log_in("/admin/login/", "kai", PASSWORD)
    for path in ("", "ask/", f"{row.pk}/change/"):
        staff.go(f"/admin/billing/coverbooking/{path}")
        assert not staff.is_wider_than_its_window(), path

    staff.page.click("a:has-text('Post…')")
    staff.page.fill("textarea[name=reason]", "seen on the statement")
    staff.page.click("button:has-text('Post')")

    staff.page.wait_for_selector("text=Posted: the next reading counts it.")
    assert CoverBooking.objects.get().state == "POSTED"
    assert_clean(staff)


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_a_partner_is_blocked_by_hand(oracle, open_page, look):
    exposure.read_exposures(oracle.group, now=timezone.now())
    reading = ExposureReading.objects.first()
    person("mia", is_staff=True, is_superuser=True)
    staff = open_page(**LOOKS[look])
    staff.log_in("/admin/login/", "mia", PASSWORD)
    staff.go(f"/admin/billing/exposurereading/{reading.pk}/change/")

    staff.page.click("a:has-text('Block by hand…')")
    staff.page.fill("textarea[name=reason]", "court order 12/27")
    staff.page.click("button:has-text('Block')")

    staff.page.wait_for_selector("text=Blocked by hand")
    assert "court order 12/27" in staff.page.inner_text("main, body")
    assert ExposureBlock.objects.get().blocked_by == "mia"
    assert not staff.is_wider_than_its_window()
    assert_clean(staff)
