"""An offer in a real Chromium: made, read by the other side, accepted; its pages, and choices."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.models import AgreementOffer, RoamingAgreement
from tests import makers
from tests.browser.accessibility import faults
from tests.browser.chromium import EVERY_LOOK, LOOKS
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean
from tests.partners.offer_world import TERMS, joined, offered

pytestmark = pytest.mark.browser


def enter(open_page, party, name, **options):
    person(name, partner=makers.partner_of(party))
    watched = open_page(**options)
    watched.log_in("/portal/login/", name, PASSWORD)
    return watched


def test_two_companies_agree(transactional_db, open_page):
    joined(makers.nordlicht(), makers.voltaire())
    cso = enter(open_page, makers.nordlicht(), "nordlicht")
    cso.go("/portal/agreements/")
    cso.page.click("text=Offer an agreement…")
    cso.page.fill("#id_other", "FR*VOL")
    cso.page.select_option("#id_group", label="EUR monthly")
    cso.page.fill("#id_note", "As we said.")
    cso.page.click("text=Send the offer")
    cso.page.wait_for_selector("text=Nothing is in force before the other side accepts it")

    csp = enter(open_page, makers.voltaire(), "voltaire", color_scheme="dark")
    csp.page.click("text=Read the offer")
    csp.page.click("text=Accept for my company")
    csp.page.wait_for_selector("text=the agreement is signed")
    csp.page.click("text=See the agreement")
    assert "You buy: what your drivers charge with Nordlicht" in csp.page.inner_text("main")
    assert RoamingAgreement.objects.get().in_force_at is not None
    assert_clean(cso)
    assert_clean(csp)


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_pages_fit_and_can_be_read_by_all(transactional_db, open_page, look):
    before = makers.AgreementMaker(commission_rate=0)
    now = timezone.now()
    starts_at = now + timedelta(days=40)
    offered(at=now, starts_at=starts_at)
    offered(at=now, starts_at=starts_at, reduction=TERMS.reduction * 0, service_class="PARKING")
    csp = enter(open_page, makers.voltaire(), "voltaire", **LOOKS[look])
    offer = AgreementOffer.objects.earliest("pk")
    for path in (
        "notifications/",
        "agreements/",
        "agreements/offers/",
        "agreements/offers/new/",
        f"agreements/offers/new/?follows={before.pk}",
        f"agreements/offers/{offer.pk}/",
        f"agreements/offers/{offer.pk}/counter/",
        f"agreements/{before.pk}/",
    ):
        csp.go(f"/portal/{path}")
        assert not csp.is_wider_than_its_window(), path
        assert faults(csp.page) == [], path
    assert_clean(csp)
