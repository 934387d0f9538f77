"""The portal in German and French at every width, and what comes out of the printer."""

import io

import pypdf
import pytest

from tests import makers
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import PASSWORD, person

pytestmark = pytest.mark.browser

PAGES = (
    "/portal/ /portal/records/ /portal/disputes/ /portal/statements/ /portal/documents/"
    " /portal/payments/ /portal/books/ /portal/agreements/ /portal/tariffs/ /portal/connections/"
    " /portal/people/ /portal/notifications/ /account/second-factor/ /account/sessions/"
).split()


class TestLanguages:
    @pytest.mark.parametrize(
        ("language", "title"),
        [
            ("de", "Meine Datensätze"),
            pytest.param("fr", "Mes enregistrements", marks=pytest.mark.long),
        ],
    )
    def test_fit_on_a_phone_and_on_a_desk(self, settled, open_page, language, title):
        person("finance", partner=makers.partner_of(makers.nordlicht()))
        watched = open_page(viewport=PHONE, locale=language)
        watched.log_in("/account/login/", "finance", PASSWORD)
        wide = []
        for size in (PHONE, DESKTOP):
            watched.page.set_viewport_size(size)
            for path in (*PAGES, f"/portal/records/{settled.held_id}/"):
                watched.go(path)
                if watched.is_wider_than_its_window():
                    wide.append((path, size["width"]))
        watched.go("/portal/records/")

        assert wide == []
        assert watched.page.inner_text("h1") == title
        assert watched.page.get_attribute("html", "lang") == language
        assert (watched.errors, watched.strangers) == ([], [])

    def test_are_chosen_at_the_foot_of_the_page(self, settled, open_page):
        person("finance", partner=makers.partner_of(makers.nordlicht()))
        watched = open_page(locale="en")
        watched.log_in("/account/login/", "finance", PASSWORD)
        watched.go("/portal/records/?state=held")
        with watched.page.expect_navigation():
            watched.page.get_by_role("button", name="Deutsch").click()

        assert watched.page.url.endswith("/portal/records/?state=held")
        assert watched.page.inner_text("h1") == "Meine Datensätze"


class TestPaper:
    def test_has_the_page_and_no_navigation_black_on_white(self, settled, open_page):
        person("finance", partner=makers.partner_of(makers.nordlicht()))
        watched = open_page(color_scheme="dark")
        watched.log_in("/account/login/", "finance", PASSWORD)
        watched.go(f"/portal/records/{settled.held_id}/")
        printed = pypdf.PdfReader(io.BytesIO(watched.page.pdf(format="A4")))
        text = "\n".join(page.extract_text() for page in printed.pages)
        watched.page.emulate_media(media="print")
        ink = watched.page.evaluate("getComputedStyle(document.documentElement).color")
        paper = watched.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

        assert "What the checks found" in text
        assert "Log out" not in text
        assert "Money" not in text
        assert "http" not in text
        assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")

    def test_of_staff_has_the_story_without_its_buttons(self, settled, open_page):
        person("olga", is_staff=True, is_superuser=True)
        watched = open_page(color_scheme="dark")
        watched.log_in("/admin/login/", "olga", PASSWORD)
        watched.go(f"/admin/roaming/sdr/{settled.held_id}/change/")
        printed = pypdf.PdfReader(io.BytesIO(watched.page.pdf(format="A4")))
        text = "\n".join(page.extract_text() for page in printed.pages)

        assert "Findings and what to do" in text
        assert "Show the record as received" not in text
        assert "Today" not in text
