"""One position across currencies in a real Chromium, on a phone: both settlements and the list."""

import pytest

from billing.services.fx import import_ecb_csv
from tests.browser.chromium import PHONE
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean
from tests.flows.test_one_position import RATES, SEPTEMBER, close_both, two_worlds

pytestmark = pytest.mark.browser


def test_staff_see_rates_day_and_residue(transactional_db, open_page):
    import_ecb_csv(RATES.encode(), now=SEPTEMBER)
    two_worlds()
    settled = close_both()
    person("mia", is_staff=True, is_superuser=True)
    staff = open_page(viewport=PHONE)
    staff.log_in("/admin/login/", "mia", PASSWORD)

    staff.go(f"/admin/billing/settlement/{settled['CHF'].pk}/change/")
    told = staff.page.inner_text("section:has(h2:has-text('Settled in EUR instead'))")
    assert "0.9326 CHF" in told
    assert "-0.01 EUR" in told
    assert "2026-10-08" in told
    assert_clean(staff)

    staff.go(f"/admin/billing/settlement/{settled['EUR'].pk}/change/")
    assert "101.33" in staff.page.inner_text("section:has(h2:has-text('From other currencies'))")
    assert_clean(staff)

    staff.go("/admin/billing/currencyexchange/")
    assert_clean(staff)
    row = settled["CHF"].exchanges.first()
    staff.go(f"/admin/billing/currencyexchange/{row.pk}/change/")
    assert_clean(staff)
