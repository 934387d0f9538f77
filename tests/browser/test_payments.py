"""Payment files and changes of bank details in a real Chromium, as staff and partners see them."""

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.utils import timezone

from billing.models import PaymentFile
from billing.services.payments.proposing import Wanted, propose
from partners.models import BankDetailChange, PartnerFacts
from partners.services import bank_changes
from partners.services.bank_changes import NewAccount
from tests.billing.payment_world import FINAL, a_mandate, pay_in, position_of, settled
from tests.browser.chromium import LOOKS
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean

pytestmark = pytest.mark.browser


@pytest.fixture
def world(transactional_db, settings):
    settings.MONEY_FLOW = "PI_PARTNER"
    settings.SEPA_CREDITOR_ID = "DE98ZZZ09999999999"
    with time_machine.travel(FINAL):
        partners, settlement = settled()
        pay_in(position_of(settlement, partners["B"]), 64_213)
        pay_in(position_of(settlement, partners["C"]), 7520)
        a_mandate(partners["C"])
        yield partners, settlement


def test_a_file_is_approved_exported_and_downloaded(world, open_page):
    maker = person("mia", is_staff=True, is_superuser=True)
    checker = person("kai", is_staff=True, is_superuser=True)
    checker.user_permissions.add(Permission.objects.get(codename="approve_paymentfile"))
    wanted = Wanted(settlement=world[1], kind=PaymentFile.Kind.CREDIT_TRANSFER)
    file = propose(wanted, reason="January", maker=maker, now=timezone.now())
    staff = open_page(**LOOKS["phone"])
    staff.log_in("/admin/login/", "kai", PASSWORD)
    for path in ("paymentfile/", "paymentfile/propose/", "paymentfile/report/", "debitmandate/"):
        staff.go(f"/admin/billing/{path}")
        assert not staff.is_wider_than_its_window(), path
    staff.go(f"/admin/billing/paymentfile/{file.pk}/change/")
    assert not staff.is_wider_than_its_window()

    for button, act in (("Approve…", "Approve"), ("Export…", "Export")):
        staff.page.click(f"a:has-text('{button}')")
        staff.page.fill("textarea[name=reason]", "compared with the positions")
        staff.page.click(f"button:has-text('{act}')")
    staff.page.wait_for_selector("text=Exported and posted")
    with staff.page.expect_download() as download:
        staff.page.click("a:has-text('Download the file')")

    assert download.value.path().read_bytes() == bytes(file.content)
    assert_clean(staff)


def test_a_new_account_is_asked_for_and_called_back(world, open_page):
    partner = world[0]["A"]
    PartnerFacts.objects.filter(partner=partner).update(email="finance@a.example")
    person("finance", partner=partner)
    people = open_page(**LOOKS["phone"])
    people.log_in("/portal/login/", "finance", PASSWORD)
    people.go("/portal/payments/")
    assert not people.is_wider_than_its_window()
    people.page.click("text=Change my bank account…")
    people.page.fill("input[name=holder]", "A B.V.")
    people.page.fill("input[name=iban]", "NL20 INGB 0001 2345 67")
    people.page.fill("input[name=reason]", "we moved to another bank")
    people.page.click("button:has-text('Ask for the change')")
    people.page.wait_for_selector("text=payouts wait meanwhile")
    assert not people.is_wider_than_its_window()
    assert_clean(people)

    person("mia", is_staff=True, is_superuser=True)
    staff = open_page(**LOOKS["phone"])
    staff.log_in("/admin/login/", "mia", PASSWORD)
    change = BankDetailChange.objects.get()
    staff.go(f"/admin/partners/bankdetailchange/{change.pk}/change/")
    staff.page.click("a:has-text('Note the call back…')")
    staff.page.select_option("select[name=contact]", "finance@a.example")
    staff.page.fill("input[name=number]", "+31 20 5550100")
    staff.page.click("button:has-text('Note the call back')")
    staff.page.wait_for_selector("text=A second person must look at it")
    assert not staff.is_wider_than_its_window()
    assert_clean(staff)


def test_the_list_of_changes_and_its_form(world, open_page):
    wanted = NewAccount(
        partner=world[0]["B"], currency="EUR", holder="B GmbH", iban="DE89370400440532013000"
    )
    mia = person("mia", is_staff=True, is_superuser=True)
    bank_changes.request(wanted, reason="letter", by=mia, now=timezone.now())
    staff = open_page(**LOOKS["phone"])
    staff.log_in("/admin/login/", "mia", PASSWORD)

    for path in ("", "ask/"):
        staff.go(f"/admin/partners/bankdetailchange/{path}")
        assert not staff.is_wider_than_its_window(), path
    assert_clean(staff)
