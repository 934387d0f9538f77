"""A month-end of finance with two people in a real Chromium: a window goes from open to paid.

Mia prepares, Kai lets out. What a worker does between two pages is done by its task.
"""

from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine

from billing import tasks
from billing.models import ClearingWindow, Document, FiscalPeriod, Invoice, PaymentFile, Settlement
from billing.services import sealing
from partners.models import Job
from tests.billing.bank_world import BankWorld, bank_accounts
from tests.billing.camt_files import Payment as Paid
from tests.billing.camt_files import Statement, camt053
from tests.billing.oracle_world import BUSINESS_DAY_6, JANUARY, january
from tests.billing.payment_world import FINAL
from tests.billing.test_invoicing import a_world
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean

pytestmark = pytest.mark.browser
# What came on a Friday is final on Monday: nobody is paid before.
PAY_OUT_DAY = FINAL + timedelta(days=3)


@pytest.fixture
def oracle(transactional_db, settings):
    settings.MONEY_FLOW = "PI_PARTNER"
    oracle = a_world("A1", with_fees=True, release="TWO_PERSONS")
    bank_accounts(oracle)
    january(oracle)
    person("mia", is_staff=True, role="finance")
    person("kai", is_staff=True, role="approver")
    return oracle


class Desk:
    """Both people's browsers on one day: an act is a link, a form and what was said."""

    def __init__(self, open_page):
        self.people = {name: open_page(accept_downloads=True) for name in ("mia", "kai")}

    @contextmanager
    def day(self, now):
        with time_machine.travel(now):
            for name, watched in self.people.items():
                watched.page.context.clear_cookies()
                watched.log_in("/admin/login/", name, PASSWORD)
            yield
        for watched in self.people.values():
            assert_clean(watched)

    def go(self, name: str, path: str) -> str:
        self.people[name].go(f"/admin/billing/{path}")
        return self.people[name].page.inner_text("body")

    def act(self, name: str, link: str, button: str, reason: str = "month-end") -> str:
        page = self.people[name].page
        page.click(f"a:has-text('{link}')")
        page.fill("textarea[name=reason]", reason)
        with page.expect_navigation():
            page.click(f"button:has-text('{button}')")
        return page.inner_text("body")

    def offers(self, name: str, link: str) -> bool:
        return self.people[name].page.locator(f"a:has-text('{link}')").count() > 0

    def download(self, name: str, link: str) -> bytes:
        page = self.people[name].page
        with page.expect_download() as download:
            page.click(f"a:has-text('{link}')")
        return download.value.path().read_bytes()

    def upload(self, name: str, path) -> str:
        page = self.people[name].page
        self.go(name, "bankstatement/import/")
        page.select_option("select[name=environment]", "LIVE")
        page.set_input_files("input[name=file]", str(path))
        with page.expect_navigation():
            page.click("button:has-text('Import')")
        return page.inner_text("body")


def test_a_window_goes_from_open_to_paid(oracle, open_page, tmp_path):
    desk = Desk(open_page)
    window = ClearingWindow.objects.get(group=oracle.group, state="OPEN", closes_at=BUSINESS_DAY_6)
    checklist = f"clearingwindow/{window.pk}/change/"

    with desk.day(BUSINESS_DAY_6):
        settlement = closed(desk, checklist)
        released(desk, settlement)
        issued(desk, checklist)

    world = BankWorld(oracle, settlement)
    with desk.day(FINAL):
        paid_in(desk, world, tmp_path)
    with desk.day(PAY_OUT_DAY):
        paid_out(desk, world)
    with desk.day(PAY_OUT_DAY + timedelta(days=1)):
        confirmed(desk, world, checklist, tmp_path)


def closed(desk: Desk, checklist: str) -> Settlement:
    """The figures are shown first; then a job closes, and its page tells what came out."""
    assert "From open to paid" in desk.go("mia", checklist)
    told = desk.act("mia", "See what it would come to", "Close and settle")
    assert "Close" in told
    job = Job.objects.get()
    tasks.close_ordered_window(job_id=str(job.pk))
    desk.people["mia"].page.wait_for_selector("text=Done")
    return Settlement.objects.get()


def released(desk: Desk, settlement: Settlement) -> None:
    page = f"settlement/{settlement.pk}/change/"
    desk.go("kai", page)
    assert not desk.offers("kai", "Look at it and release")
    desk.go("mia", page)
    desk.act("mia", "Ask for the release…", "Ask a second person")
    desk.go("mia", page)
    assert not desk.offers("mia", "Look at it and release")

    assert "mia asked for the release" in desk.go("kai", page)
    desk.act("kai", "Look at it and release", "Release and issue", "the figures agree")

    settlement.refresh_from_db()
    assert settlement.state == "ISSUED"
    sums = {row.partner.name: row.net_minor for row in settlement.positions.all()}
    assert {sums[name] for name in sums} == {60_080, -64_213, -7_520, 11_653}


def issued(desk: Desk, checklist: str) -> None:
    tasks.render_missing_statements()
    tasks.render_missing_invoices()
    statement = Document.objects.filter(kind="STATEMENT").earliest("number")
    desk.go("mia", f"document/{statement.pk}/change/")
    assert desk.download("mia", "PDF").startswith(b"%PDF")
    assert Invoice.objects.count() == 9
    assert "Statements" in desk.go("mia", checklist)


def paid_in(desk: Desk, world: BankWorld, tmp_path) -> None:
    entries = (world.paid("B", 64_213, "BK-1"), world.paid("C", 7_520, "BK-2"))
    file = tmp_path / "in.xml"
    file.write_bytes(camt053(Statement(number=1, opening=0, entries=entries)))
    assert "2 matched" in desk.upload("mia", file)
    assert (world.state("B"), world.state("C")) == ("FUNDED", "FUNDED")


def paid_out(desk: Desk, world: BankWorld) -> None:
    """Who proposed a file does not approve it, and nobody exports what is not approved."""
    desk.go("mia", f"settlement/{world.settlement.pk}/change/")
    desk.act("mia", "Pay out…", "Make the file and ask a second person", "January")
    file = PaymentFile.objects.get()
    page = f"paymentfile/{file.pk}/change/"
    desk.go("mia", page)
    assert not desk.offers("mia", "Approve…")
    desk.go("kai", page)
    desk.act("kai", "Approve…", "Approve", "compared with the positions")
    desk.go("mia", page)
    assert "Exported and posted" in desk.act("mia", "Export…", "Export")
    assert desk.download("mia", "Download the file") == bytes(PaymentFile.objects.get().content)


def confirmed(desk: Desk, world: BankWorld, checklist: str, tmp_path) -> None:
    payment = PaymentFile.objects.get().payments.get()
    left = Paid(minor=-payment.amount_minor, reference="BK-3", end_to_end=payment.end_to_end_id)
    file = tmp_path / "out.xml"
    file.write_bytes(camt053(Statement(number=2, opening=71_733, entries=(left,), name="S2")))
    assert "1 matched" in desk.upload("mia", file)
    assert world.state("A") == "PAID"
    assert "12 of 13 steps are done." in desk.go("mia", checklist)
    tasks.seal_ledger()
    assert sealing.verify().ok
    locked(desk)
    assert "13 of 13 steps are done." in desk.go("mia", checklist)


def locked(desk: Desk) -> None:
    desk.go("mia", "fiscalperiod/")
    page = desk.people["mia"].page
    page.click("a:has-text('Make the months of a year')")
    page.fill("input[name=year]", "2027")
    page.select_option("select[name=environment]", "LIVE")
    with page.expect_navigation():
        page.click("button:has-text('Make them')")
    month = FiscalPeriod.objects.get(starts_at=JANUARY)
    for name, link, button in (("mia", "Ask to lock…", "Ask"), ("kai", "Lock…", "Lock")):
        desk.go(name, f"fiscalperiod/{month.pk}/change/")
        desk.act(name, link, button, "the month is complete")
    month.refresh_from_db()
    assert month.state == "LOCKED"
