"""The bank's file in a real Chromium: uploaded, and what no rule placed decided by a person."""

import pytest

from billing.models import BankEntry, BankException
from tests.billing.bank_world import a_bank_world
from tests.billing.camt_files import Payment, Statement, camt053
from tests.browser.chromium import EVERY_LOOK, LOOKS
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean

pytestmark = pytest.mark.browser
STRANGER = ("Somebody Ltd", "FR1420041010050500013M02606")


@pytest.fixture
def world(transactional_db):
    return a_bank_world()


def a_file(world, tmp_path):
    """B pays short, C twice; somebody pays what C would owe, and a number is missing after it."""
    path = tmp_path / "bank.xml"
    entries = (
        world.paid("B", 64_200, "BK-1"),
        Payment(minor=7_520, reference="BK-2", debtor=STRANGER, remittance="January charging"),
    )
    path.write_bytes(camt053(Statement(number=1, opening=0, entries=entries)))
    return path


@pytest.mark.parametrize("look", EVERY_LOOK)
def test_a_file_is_uploaded_and_an_exception_decided(world, open_page, look, tmp_path):
    person("mia", is_staff=True, is_superuser=True)
    staff = open_page(**LOOKS[look])
    staff.log_in("/admin/login/", "mia", PASSWORD)
    staff.go("/admin/billing/bankstatement/")
    assert "No statement yet" in staff.page.inner_text("body")

    staff.page.click("a:has-text('Import a bank file…')")
    staff.page.select_option("select[name=environment]", "LIVE")
    staff.page.set_input_files("input[name=file]", str(a_file(world, tmp_path)))
    staff.page.click("button:has-text('Import')")
    staff.page.wait_for_selector("text=1 matched, 1 wait for a person under Exceptions.")
    waiting = BankException.objects.get()
    paid = BankEntry.objects.get(reference="BK-1")
    for path in (
        "bankstatement/",
        f"bankstatement/{paid.statement_id}/change/",
        "bankentry/",
        f"bankentry/{paid.pk}/change/",
        "bankexception/?waits=yes",
        f"bankexception/{waiting.pk}/change/",
    ):
        staff.go(f"/admin/billing/{path}")
        assert not staff.is_wider_than_its_window(), path

    staff.page.click("a:has-text('Match…')")
    staff.page.fill("textarea[name=reason]", "C's parent company pays for it")
    staff.page.click("button:has-text('Match')")

    staff.page.wait_for_selector("text=Posted.")
    assert world.state("C") == "FUNDED"
    assert_clean(staff)
