"""Invoices and letters about late payment in a real Chromium, as debtor and staff see them."""

from datetime import timedelta

import pytest
import time_machine

from billing.models import Document, Invoice
from billing.services.bank import dunning
from billing.services.closing import close_window
from billing.services.invoice_files import render_files
from billing.services.statements import render_document
from tests.billing.oracle_world import BUSINESS_DAY_6
from tests.billing.test_invoicing import a_world
from tests.billing.test_settling import sell
from tests.browser.chromium import LOOKS
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean

pytestmark = pytest.mark.browser
LATE = BUSINESS_DAY_6 + timedelta(days=18)


@pytest.fixture
def world(transactional_db, settings):
    """A sold to B, which has an invoice with its files, and has not paid."""
    settings.MONEY_FLOW = "PI_PARTNER"
    with time_machine.travel(LATE):
        oracle = a_world()
        sell(oracle, "A", "B", cents=2000, number=1)
        settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
        render_files(Invoice.objects.get().document, now=BUSINESS_DAY_6)
        dunning.dun(settlement, now=LATE)
        letter = Document.objects.filter(kind="DUNNING").latest("issued_at")
        render_document(letter, now=LATE)
        yield oracle, letter


def test_debtor_and_staff_find_invoice_and_letter(world, open_page):
    oracle, letter = world
    person("finance", partner=oracle.partners["B"])
    person("mia", is_staff=True, is_superuser=True)
    invoice = Invoice.objects.get()
    for options in LOOKS.values():
        debtor, staff = open_page(**options), open_page(**options)
        debtor.log_in("/portal/login/", "finance", PASSWORD)
        staff.log_in("/admin/login/", "mia", PASSWORD)

        debtor.go("/portal/invoices/")
        assert invoice.number in debtor.page.inner_text("main")
        assert not debtor.is_wider_than_its_window()
        debtor.go("/portal/payments/")
        assert letter.number in debtor.page.inner_text("main")
        assert not debtor.is_wider_than_its_window()
        with debtor.page.expect_download() as download:
            debtor.page.click(f"a[aria-label='PDF of letter {letter.number}']")
        assert download.value.path().read_bytes().startswith(b"%PDF")
        for path in (f"invoice/{invoice.pk}/change/", "invoice/", "dunningstep/"):
            staff.go(f"/admin/billing/{path}")
            assert not staff.is_wider_than_its_window(), path
        assert_clean(debtor)
        assert_clean(staff)
