"""A settlement that waits for two persons, in a real Chromium: close page, release page, portal."""

import pytest

from billing.models import Document
from billing.services.closing import close_window
from billing.services.statements import render_document
from tests.billing.oracle_world import BUSINESS_DAY_6, an_oracle, january
from tests.browser.chromium import EVERY_LOOK, LOOKS
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean

pytestmark = pytest.mark.browser


@pytest.fixture
def oracle(transactional_db):
    oracle = an_oracle(release="TWO_PERSONS")
    january(oracle)
    return oracle


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_the_close_page_shows_what_it_comes_to(oracle, open_page, look):
    window = oracle.group.windows.filter(state="OPEN").earliest("supply_ends_at")
    person("mia", is_staff=True, is_superuser=True)
    staff = open_page(**LOOKS[look])
    staff.log_in("/admin/login/", "mia", PASSWORD)

    staff.go(f"/admin/billing/clearingwindow/{window.pk}/close/")

    staff.page.wait_for_selector("text=If it is closed now, it comes to this.")
    assert "600.80" in staff.page.inner_text("body")
    assert "Nothing of this period is held." in staff.page.inner_text("body")
    differences = "table:has(th:text('Last settlement'))"
    assert not staff.page.is_visible(differences)
    staff.page.click("summary:has-text('VAT included')")
    assert staff.page.is_visible(differences)
    assert_clean(staff)


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_the_partner_sees_its_own_and_that_it_is_not_final(oracle, open_page, look):
    settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
    own = Document.objects.get(settlement=settlement, partner=oracle.partners["A"])
    render_document(own, now=BUSINESS_DAY_6)
    person("finance", partner=oracle.partners["A"])
    partner = open_page(**LOOKS[look])

    partner.log_in("/portal/login/", "finance", PASSWORD)
    partner.go("/portal/statements/")

    card = partner.page.inner_text("section:has(h2:has-text('Provisional, not final'))")
    assert own.number in card
    assert "Pay nothing yet" in card
    assert_clean(partner)
