"""A week of a partner in a real Chromium, with a real worker: five days, five errands.

Nordlicht runs stations: it mends records, answers a dispute, takes in a colleague, renews a
secret and hands its month over to its books.
"""

import csv
import io
import re
import zipfile
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone

from partners.services.clients import create_api_client
from roaming.models import Dispute, SdrState
from roaming.services import disputes
from roaming.services.disputes import Complaint
from tests import makers
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean
from tests.own_worker import own_worker
from tests.roaming.dispute_world import CSP
from tests.roaming.evidence_files import pdf

pytestmark = pytest.mark.browser


@pytest.fixture
def nordlicht(settled, open_page, tmp_path):
    """Its administrator at the portal; a month is settled, and work came in just now."""
    person("nora", partner=makers.partner_of(makers.nordlicht()))
    watched = open_page(accept_downloads=True)
    with own_worker(tmp_path / "worker.log"):
        watched.log_in("/portal/login/", "nora", PASSWORD)
        yield watched


def test_goes_by_without_a_call_to_the_clearing_house(settled, nordlicht, open_page, tmp_path):
    now = timezone.now()
    outcomes = makers.take(
        makers.numbered_record(21, csp_id="FR*VOX"), makers.numbered_record(22), received_at=now
    )
    dispute = disputes.open_dispute(
        outcomes[1].record_id,
        Complaint(reason="D01", text="The car took 10 kWh.", amount=Decimal("4.02")),
        by=CSP,
        now=now,
    )

    monday_mends_a_record(nordlicht, outcomes[0].record_id, tmp_path)
    tuesday_answers_a_dispute(nordlicht, dispute, tmp_path)
    wednesday_invites_a_colleague(nordlicht, open_page)
    thursday_renews_a_secret(nordlicht)
    friday_hands_over_the_month(nordlicht, settled)

    assert_clean(nordlicht)


def monday_mends_a_record(nordlicht, held_id: str, tmp_path) -> None:
    """Why it waits is told on its page; a file with the right provider sends it in anew."""
    page = nordlicht.page
    nordlicht.go(f"/portal/records/{held_id}/")
    assert "V003" in page.inner_text("main")
    nordlicht.go("/portal/corrections/")
    page.click("button:has-text('Make the file')")
    _look_again_until(page, "a:has-text('Download the file')")
    with page.expect_download() as download:
        page.click("a:has-text('Download the file')")
    rows = list(
        csv.DictReader(
            io.StringIO(download.value.path().read_text(encoding="utf-8-sig")), delimiter=";"
        )
    )
    [row] = [row for row in rows if row["record_id"] == held_id]
    path = tmp_path / "mended.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(row))
        writer.writeheader()
        writer.writerow(row | {"csp_id": "FR*VOL"})
    page.set_input_files("input[name=file]", str(path))
    page.click("button:has-text('Upload and preview')")
    _look_again_until(page, "button:has-text('Apply 1 correction')")
    page.fill("[name=reason]", "the provider's id was mistyped")
    page.click("button:has-text('Apply 1 correction')")
    _look_again_until(page, "main:has(h1:has-text('Corrected records')) dl.figures")
    assert SdrState.objects.filter(id=held_id, state="REJECTED").exists()


def tuesday_answers_a_dispute(nordlicht, dispute: Dispute, tmp_path) -> None:
    page = nordlicht.page
    nordlicht.go("/portal/disputes/?show=mine")
    page.click(f"text={dispute.number}")
    meter = tmp_path / "meter.pdf"
    meter.write_bytes(pdf())
    page.set_input_files("#id_file", meter)
    page.click("button:has-text('Add the file')")
    page.wait_for_selector("text=both sides see it")
    page.click("summary:has-text('Offer a part')")
    page.fill("#partial_amount", "7")
    page.fill("#partial_text", "The meter says 14 kWh.")
    page.click("button:has-text('Offer a part')")
    page.wait_for_selector("text=Your offer is on its way")


def wednesday_invites_a_colleague(nordlicht, open_page) -> None:
    """The letter makes one login, with the rights of its role alone."""
    page = nordlicht.page
    nordlicht.go("/portal/people/")
    page.fill("input[name=email]", "kim@nordlicht.example")
    page.select_option("form[action*=invite] select[name=role]", "partner-operations")
    page.click("button:has-text('Send the invitation')")
    page.wait_for_selector("text=kim@nordlicht.example")
    [letter] = [one for one in mail.outbox if one.to == ["kim@nordlicht.example"]]
    address = re.search(r"https?://[^/\s]+(/\S+)", letter.body)[1]

    kim = open_page()
    kim.go(address)
    kim.page.fill("input[name=username]", "kim")
    for field in ("password", "again"):
        kim.page.fill(f"input[name={field}]", "a long way to the fjord")
    with kim.page.expect_navigation():
        kim.page.click("main button[type=submit]")
    kim.log_in("/portal/login/", "kim", "a long way to the fjord")
    kim.go("/portal/disputes/")
    assert kim.page.locator("a[href='/portal/statements/']").count() == 0
    refused = kim.page.request.get(f"{kim.base_url}/portal/statements/")
    assert refused.status == 403
    assert_clean(kim)


def thursday_renews_a_secret(nordlicht) -> None:
    """The new secret is shown once; the old one works until it is revoked."""
    create_api_client(
        makers.partner_of(makers.nordlicht()),
        environment="LIVE",
        name="erp",
        scopes=["sdr:read"],
    )
    page = nordlicht.page
    nordlicht.go("/portal/clients/")
    page.click("button[aria-label='New secret for erp']")
    page.wait_for_selector("text=it is shown once")
    secret = page.inner_text("dl.facts code >> nth=1")
    assert len(secret) > 20
    nordlicht.go("/portal/clients/")
    assert secret not in page.content()


def friday_hands_over_the_month(nordlicht, settled) -> None:
    page = nordlicht.page
    nordlicht.go("/portal/documents/")
    with page.expect_download() as download:
        page.click("a:has-text('Download all of these (zip)')")
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert any(settled.document.number in name and name.endswith(".pdf") for name in names)


def _look_again_until(page, selector: str) -> None:
    """Pages of orders say that they wait; people look again."""
    for _ in range(60):
        if page.locator(selector).count():
            return
        page.wait_for_timeout(250)
        page.reload() if page.locator("a:has-text('Look again')").count() == 0 else page.click(
            "a:has-text('Look again')"
        )
    raise AssertionError(f"{selector} never came: {page.inner_text('main')}")
