"""A dispute in a real Chromium: opened, answered, contested, decided; on a phone, in the dark."""

import pytest

from roaming.models import Dispute, DisputeAttachment
from tests import makers
from tests.browser.chromium import PHONE
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean
from tests.roaming.dispute_world import contested, records
from tests.roaming.evidence_files import pdf

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def now_delivered(transactional_db, monkeypatch):
    """A record that was handed over just now: the pages read the real clock."""
    from django.utils import timezone

    monkeypatch.setattr(makers, "NOON", timezone.now())
    makers.AgreementMaker(acceptance="EXPLICIT")
    [outcome] = makers.take(makers.record(), received_at=timezone.now())
    return outcome.record_id


def enter(open_page, party, name, **options):
    person(name, partner=makers.partner_of(party))
    watched = open_page(**options)
    watched.log_in("/portal/login/", name, PASSWORD)
    return watched


def test_a_dispute_from_both_sides_to_the_decision(now_delivered, open_page, tmp_path):
    csp = enter(open_page, makers.voltaire(), "voltaire", accept_downloads=True)
    csp.go(f"/portal/records/{now_delivered}/")
    csp.page.click("text=Dispute this record")
    csp.page.select_option("#id_reason", "D01")
    csp.page.fill("#id_amount", "4.02")
    csp.page.fill("#id_text", "The car took 10 kWh.")
    csp.page.click("button:has-text('Open the dispute')")
    csp.page.wait_for_selector("text=Waits for the operator")
    dispute = Dispute.objects.get()

    cso = enter(open_page, makers.nordlicht(), "nordlicht")
    cso.go("/portal/disputes/?show=mine")
    cso.page.click(f"text={dispute.number}")
    meter = tmp_path / "meter.pdf"
    meter.write_bytes(pdf())
    cso.page.set_input_files("#id_file", meter)
    cso.page.click("button:has-text('Add the file')")
    cso.page.wait_for_selector("text=both sides see it")
    cso.page.click("summary:has-text('Offer a part')")
    cso.page.fill("#partial_amount", "7")
    cso.page.fill("#partial_text", "The meter says 14 kWh.")
    cso.page.click("button:has-text('Offer a part')")
    cso.page.wait_for_selector("text=Your offer is on its way")

    csp.go(f"/portal/disputes/{dispute.pk}/")
    with csp.page.expect_download() as download:
        csp.page.click("a:has-text('meter.pdf')")
    assert download.value.path().read_bytes() == pdf()
    csp.page.click("summary:has-text('Contest')")
    csp.page.fill("#contest_text", "It is the wrong meter.")
    csp.page.click("button:has-text('Contest')")
    csp.page.wait_for_selector("text=The clearing house takes it up.")

    person("olga", is_staff=True, is_superuser=True)
    staff = open_page(color_scheme="dark")
    staff.log_in("/admin/login/", "olga", PASSWORD)
    staff.go(f"/admin/roaming/dispute/{dispute.pk}/change/")
    staff.page.click("text=Take into mediation…")
    staff.page.fill("textarea[name=text]", "We look at the meter.")
    staff.page.click("button:has-text('Take it into mediation')")
    staff.page.click("text=Decide…")
    staff.page.fill("input[name=amount]", "6.50")
    staff.page.fill("textarea[name=text]", "Both meters were read; the second one counts.")
    staff.page.click("button:has-text('Decide')")
    staff.page.wait_for_selector("text=five days to appeal")

    decided = Dispute.objects.get()
    assert (decided.stage, f"{decided.decided_amount:.2f}") == ("DECIDED", "6.50")
    assert DisputeAttachment.objects.get().user.username == "nordlicht"
    cso.go(f"/portal/disputes/{dispute.pk}/")
    assert "Both meters were read" in cso.page.inner_text("main")
    for watched in (csp, cso, staff):
        assert_clean(watched)


def test_every_page_fits_a_phone(transactional_db, open_page):
    dispute = contested(records(1)[0])
    watched = enter(open_page, makers.voltaire(), "voltaire", viewport=PHONE, has_touch=True)
    other = makers.take(makers.numbered_record(7))[0].record_id

    for path in (
        "/portal/disputes/",
        "/portal/disputes/?show=closed",
        f"/portal/disputes/{dispute.pk}/",
        f"/portal/disputes/new/{other}/",
        f"/portal/records/{dispute.record_id}/",
    ):
        watched.go(path)
        assert not watched.is_wider_than_its_window(), path
    assert_clean(watched)


def test_a_stranger_finds_no_dispute_and_no_file(transactional_db, open_page):
    dispute = contested(records(1)[0])
    watched = enter(open_page, makers.laterne(), "lantern")

    for path in ("", f"evidence/{dispute.attachments.get().pk}/", "withdraw/"):
        answer = watched.page.request.get(f"{watched.base_url}/portal/disputes/{dispute.pk}/{path}")
        assert answer.status in (404, 405)
    watched.go("/portal/disputes/?show=all")
    assert "DP-" not in watched.page.inner_text("main")
