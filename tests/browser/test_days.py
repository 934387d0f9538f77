"""Pages in a real Chromium: a job that ends, a phone, a partner's month-end, a stranger's try."""

import hashlib

import pytest
from django.utils import timezone

from billing.models import DocumentFile
from partners.services import jobs
from tests import makers
from tests.browser.chromium import PHONE
from tests.browser.conftest import PASSWORD, person

pytestmark = pytest.mark.browser


def assert_clean(watched) -> None:
    assert watched.errors == []
    assert watched.strangers == []


class TestStaff:
    def test_sees_a_job_end_without_a_reload(self, transactional_db, open_page):
        person("olga", is_staff=True, is_superuser=True)
        job = jobs.enqueue("roaming.import_file", run_key="1", title="Import", parameters={})
        jobs.claim(job.pk, now=timezone.now())
        watched = open_page()
        watched.log_in("/admin/login/", "olga", PASSWORD)
        watched.go(f"/admin/partners/job/{job.pk}/change/")
        watched.page.evaluate("window.isTheSamePage = true")

        jobs.report(job, done=2_000, total=8_000, now=timezone.now())
        watched.page.wait_for_selector("text=2,000 of 8,000")
        jobs.finish(job, state="DONE", now=timezone.now(), result={"accepted": 8_000})
        watched.page.wait_for_selector("text=Accepted")

        assert watched.page.evaluate("window.isTheSamePage")
        assert_clean(watched)


class TestTheHoldQueue:
    def test_fits_a_phone(self, settled, open_page):
        person("olga", is_staff=True, is_superuser=True)
        watched = open_page(viewport=PHONE, has_touch=True)
        watched.log_in("/admin/login/", "olga", PASSWORD)
        hold = f"/admin/roaming/hold/{settled.held_id}/change/"

        for path in (hold, f"/admin/roaming/hold/release/?ids={settled.held_id}"):
            watched.go(path)
            assert not watched.is_wider_than_its_window(), path

        assert_clean(watched)


class TestAPartner:
    @pytest.fixture
    def finance(self, settled, open_page):
        person("finance", partner=makers.partner_of(makers.nordlicht()))
        watched = open_page(accept_downloads=True)
        watched.log_in("/portal/login/", "finance", PASSWORD)
        return watched

    def test_ends_its_month(self, settled, finance):
        """The statement is the stored one, and each record tells what became of it."""
        assert settled.document.number in finance.page.inner_text("body")
        with finance.page.expect_download() as download:
            finance.page.click(f"a[href*='{settled.document.pk}/pdf'] >> nth=0")
        stored = DocumentFile.objects.get(document=settled.document)
        received = download.value.path().read_bytes()
        assert hashlib.sha256(received).hexdigest() == stored.sha256

        finance.go("/portal/where/?id=NLX-00001")
        assert settled.document.number in finance.page.inner_text("body")

        finance.go("/portal/where/?id=NLX-00007")
        text = finance.page.inner_text("body")
        assert "V203" in text
        assert "unit" in text

        finance.page.keyboard.press("Tab")
        focused = finance.page.evaluate("document.activeElement.tagName")
        assert focused in {"A", "BUTTON", "INPUT"}
        assert_clean(finance)

    def test_reads_everything_on_a_phone_without_scrolling_sideways(self, settled, open_page):
        person("finance", partner=makers.partner_of(makers.nordlicht()))
        watched = open_page(viewport=PHONE, has_touch=True)
        watched.log_in("/portal/login/", "finance", PASSWORD)

        for path in ("/portal/", "/portal/records/", f"/portal/records/{settled.held_id}/"):
            watched.go(path)
            assert not watched.is_wider_than_its_window(), path

        assert_clean(watched)


class TestAStranger:
    def test_sees_nothing_of_anyones_and_does_not_enter_the_admin(self, settled, open_page):
        person("lantern", partner=makers.partner_of(makers.laterne()))
        watched = open_page()
        watched.log_in("/portal/login/", "lantern", PASSWORD)

        for path in (
            f"/portal/records/{settled.held_id}/",
            f"/portal/statements/{settled.document.pk}/pdf",
        ):
            answer = watched.page.request.get(f"{watched.base_url}{path}")
            assert answer.status == 404
        admin = watched.page.request.get(f"{watched.base_url}/admin/", max_redirects=0)
        assert admin.status == 302
        watched.go("/portal/records/")
        assert "NLX-" not in watched.page.inner_text("main")


class TestTheApiPage:
    def test_loads_from_this_host_alone(self, live_server, open_page):
        watched = open_page()

        watched.go("/api/docs/")
        watched.page.wait_for_selector("text=service-detail-records")

        assert_clean(watched)
