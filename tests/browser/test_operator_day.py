"""A day of an operator in a real Chromium, with a real worker: from the first list to the last."""

import pytest

from partners.models import AuditEvent, Job
from roaming.models import Sdr, SdrState
from tests import makers
from tests.browser.conftest import PASSWORD, person
from tests.browser.test_days import assert_clean
from tests.own_worker import own_worker
from tests.roaming.test_import_job import PROFILE

pytestmark = pytest.mark.browser
MORNING = (
    "/admin/",
    "/admin/roaming/sdr/",
    "/admin/roaming/hold/",
    "/admin/roaming/intakebatch/",
    "/admin/partners/partner/",
    "/admin/partners/roamingagreement/",
    "/admin/billing/clearingwindow/",
    "/admin/billing/settlement/",
    "/admin/partners/job/",
)


@pytest.fixture
def operator(settled, open_page, tmp_path):
    """Olga has an operator's rights and no other; she works in the dark."""
    person("olga", is_staff=True, role="operator")
    watched = open_page(color_scheme="dark", accept_downloads=True)
    with own_worker(tmp_path / "worker.log"):
        watched.log_in("/admin/login/", "olga", PASSWORD)
        yield watched


def test_goes_from_the_first_list_to_the_last(settled, operator, tmp_path):
    for path in MORNING:
        operator.go(path)
    finds_why_a_record_was_refused(operator)
    works_off_the_holds(operator, settled)
    takes_in_a_file(operator, tmp_path)
    hands_out_a_list(operator)
    tells_of_an_incident_and_looks_as_a_partner(operator)

    assert_clean(operator)


def finds_why_a_record_was_refused(operator) -> None:
    """Somebody calls with an id: one search, one page with the cause and what to do."""
    page = operator.page
    page.fill("input[name=term] >> nth=0", "NLX-00007")
    page.press("input[name=term] >> nth=0", "Enter")
    page.wait_for_load_state()
    if page.locator("a:has-text('NLX-00007')").count():
        page.click("a:has-text('NLX-00007') >> nth=0")
        page.wait_for_load_state()
    told = page.inner_text("body")
    assert "NLX-00007" not in page.url
    assert "V203" in told
    assert "Check the unit (kWh)" in told


def works_off_the_holds(operator, settled) -> None:
    """Tick a record, take it, read what cures it, reject it with a reason."""
    page = operator.page
    operator.go("/admin/roaming/hold/")
    page.check("input.action-select >> nth=0")
    page.select_option("select[name=action]", "take")
    page.click("#changelist-actions-wrapper button[type=submit]")
    page.click("button:has-text('Take')")
    page.wait_for_selector("text=olga looks after 1 record now.")
    assert "Set up the home-CSP" in page.inner_text("body")

    page.click("a:has-text('Reject…')")
    page.fill("textarea[name=reason]", "nobody knows this provider")
    page.click("button:has-text('Reject')")
    page.wait_for_selector("text=1 record rejected")
    assert SdrState.objects.get(id=settled.held_id).state == "REJECTED"


def takes_in_a_file(operator, tmp_path) -> None:
    """The job's page tells of its end by itself, and hands out a line per record."""
    page = operator.page
    profile, file = tmp_path / "own.toml", tmp_path / "november.csv"
    profile.write_text(PROFILE)
    file.write_text("id,start,kwh\nR-1,2026-11-01,12.5\nR-2,2026-11-02,1\n")
    operator.go("/admin/roaming/intakebatch/")
    page.click("a:has-text('Upload')")
    page.set_input_files("input[name=file]", str(file))
    page.select_option(
        "select[name=profile]", index=page.locator("select[name=profile] option").count() - 1
    )
    page.set_input_files("input[name=own_profile]", str(profile))
    with page.expect_navigation():
        page.click("main button[type=submit], #content button[type=submit] >> nth=-1")
    page.wait_for_selector("text=2 of 2", timeout=60_000)
    assert Job.objects.get().state == "DONE"
    assert Sdr.objects.filter(sdr_id__in=["R-1", "R-2"]).count() == 2


def hands_out_a_list(operator) -> None:
    page = operator.page
    operator.go("/admin/roaming/sdr/?state=REJECTED")
    page.click("a:has-text('Export…')")
    with page.expect_navigation():
        page.click("button:has-text('Export')")
    page.wait_for_selector("a:has-text('Download')", timeout=60_000)
    with page.expect_download() as download:
        page.click("a:has-text('Download')")
    assert b"NLX-00007" in download.value.path().read_bytes()


def tells_of_an_incident_and_looks_as_a_partner(operator) -> None:
    """What partners will read, read as one of them, who can change nothing meanwhile."""
    page = operator.page
    operator.go("/admin/partners/notice/add/")
    page.select_option("select[name=kind]", "INCIDENT")
    page.fill("input[name=title]", "Answers are late today")
    page.fill("textarea[name=text]", "We look into it; no record is lost.")
    with page.expect_navigation():
        page.click("button[name=_save]")
    assert "was added successfully" in page.inner_text("body")
    operator.go(f"/admin/partners/partner/{makers.partner_of(makers.nordlicht()).pk}/change/")
    page.click("a:has-text('View as partner')")
    page.fill("textarea[name=reason]", "how the notice reads")
    with page.expect_navigation():
        page.click("button:has-text('Look')")
    told = page.inner_text("body")
    assert "You look at the portal as Nordlicht sees it" in told
    assert "Answers are late today" in told
    assert AuditEvent.objects.filter(action="partner.viewing_started", actor="olga").exists()
