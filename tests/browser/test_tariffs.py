"""An increase in a real Chromium: announced, refused, consented to; the trace of a record."""

from datetime import timedelta

import pytest
from django.utils import timezone

from roaming.models import TariffNotice
from tests import makers
from tests.browser.chromium import EVERY_LOOK, LOOKS
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean
from tests.roaming.tariff_world import per_kwh, published

pytestmark = pytest.mark.browser


@pytest.fixture
def notice(transactional_db) -> TariffNotice:
    """Announced just now for tomorrow: the pages read the real clock."""
    now = timezone.now()
    makers.AgreementMaker()
    flat = {"type": "FLAT", "price": 0.35, "step_size": 1}
    first = published(per_kwh("0.49", flat, vat="19"))
    published(
        per_kwh("0.59", vat="19"), at=now, valid_from=now + timedelta(days=1), replaces=first.tariff
    )
    return TariffNotice.objects.get(version__version=2)


def enter(open_page, party, name, **options):
    person(name, partner=makers.partner_of(party))
    watched = open_page(**options)
    watched.log_in("/portal/login/", name, PASSWORD)
    return watched


def test_a_buyer_refuses_an_increase_and_then_consents(notice, open_page):
    csp = enter(open_page, makers.voltaire(), "voltaire")
    assert "1 price increase waits for your answer" in csp.page.inner_text("main")
    csp.page.click("text=Look at the prices")
    csp.page.click("text=an increase waits for you")
    csp.page.wait_for_selector("text=Waits for the provider's consent")
    csp.page.click("summary:has-text('Refuse')")
    csp.page.fill("#refuse_reason", "Our drivers were told another price.")
    csp.page.click("button:has-text('Refuse')")
    csp.page.wait_for_selector("text=You have refused; the operator is told.")

    cso = enter(open_page, makers.nordlicht(), "nordlicht", color_scheme="dark")
    cso.go("/portal/tariffs/")
    cso.page.click("text=NLX-AC")
    cso.page.click("text=Version 2 for FR*VOL")
    told = cso.page.inner_text("main")
    assert "Our drivers were told another price." in told
    assert "What you may do" not in told

    csp.page.click("summary:has-text('Consent')")
    csp.page.click("button:has-text('Consent')")
    csp.page.wait_for_selector("text=You have consented; the operator is told.")
    notice.refresh_from_db()
    assert (notice.state, notice.answered_by) == ("COUNTS", "voltaire")
    assert notice.counts_from_at == notice.version.valid_from_at
    for watched in (csp, cso):
        assert_clean(watched)


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_every_page_fits(notice, open_page, look):
    record_id = makers.take_one(tariff_id="NLX-AC").record_id
    csp = enter(open_page, makers.voltaire(), "voltaire", **LOOKS[look])

    for path in (
        "/portal/",
        "/portal/tariffs/",
        "/portal/tariffs/?show=mine",
        f"/portal/tariffs/{notice.version.tariff_id}/",
        f"/portal/tariffs/notices/{notice.pk}/",
        f"/portal/records/{record_id}/",
    ):
        csp.go(path)
        assert not csp.is_wider_than_its_window(), path
    csp.page.click("summary:has-text('How our price is made up')")
    assert "half-up to 2 decimals of EUR" in csp.page.inner_text("main")
    assert not csp.is_wider_than_its_window()
    assert_clean(csp)


def test_a_stranger_finds_neither_tariff_nor_notice(notice, open_page):
    watched = enter(open_page, makers.laterne(), "lantern")

    for path in (f"{notice.version.tariff_id}/", f"notices/{notice.pk}/"):
        answer = watched.page.request.get(f"{watched.base_url}/portal/tariffs/{path}")
        assert answer.status == 404
    watched.go("/portal/tariffs/")
    assert "NLX-AC" not in watched.page.inner_text("main")
