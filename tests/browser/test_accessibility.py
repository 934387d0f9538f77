"""Everybody can use the pages: axe finds nothing serious of ours, in light and in dark.

``make test`` looks at the pages of every day; the long test at every page that links lead to.
"""

import re
from urllib.parse import urlsplit

import pytest

from roaming.services.figures import prepare
from tests import makers
from tests.browser.accessibility import faults, faults_in_the_admin
from tests.browser.conftest import PASSWORD, person

pytestmark = pytest.mark.browser

PORTAL = ("/portal/", "/portal/records/", "/portal/invoices/", "/portal/disputes/")
ADMIN = ("/admin/", "/admin/figures/", "/admin/roaming/hold/", "/admin/billing/clearingwindow/")
MOST_PAGES = 150
# The page of the API is drawn by drf-spectacular, which names no language.
_NOT_A_PAGE = re.compile(
    r"^/api/|logout|/file|/annex\.|/result|/delete/|/pdf|/download|\.csv|\.pdf|\.zip|jsi18n|/raw/|/export"
)


def faults_of_every_page(watched, start: str, check) -> list[str]:
    """Breadth first by the links, one page per shape of path (ids left out)."""
    found, waiting, shapes = [], [start], set()
    while waiting and len(shapes) < MOST_PAGES:
        link = waiting.pop(0)
        shape = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27,}|\d+", "ID", urlsplit(link).path)
        if shape in shapes or _NOT_A_PAGE.search(link):
            continue
        shapes.add(shape)
        answer = watched.page.goto(f"{watched.base_url}{link}")
        if answer is None or answer.status >= 400:
            found.append(f"{link}: {answer and answer.status}")
            continue
        found += check(watched.page)
        links = watched.page.eval_on_selector_all("a[href]", "as => as.map(a => a.href)")
        waiting += [
            one.removeprefix(watched.base_url).partition("#")[0]
            for one in links
            if one.startswith(f"{watched.base_url}/")
        ]
    return found


@pytest.mark.parametrize(
    "look", ["light", pytest.param("dark", marks=pytest.mark.long)], ids=["light", "dark"]
)
class TestPagesOfEveryDay:
    def test_of_a_partner_can_be_used_by_everybody(self, settled, open_page, look):
        person("finance", partner=makers.partner_of(makers.nordlicht()))
        watched = open_page(color_scheme=look)
        watched.go("/portal/login/")
        assert faults(watched.page) == []
        watched.log_in("/portal/login/", "finance", PASSWORD)

        for path in (*PORTAL, f"/portal/records/{settled.held_id}/"):
            watched.go(path)
            assert faults(watched.page) == []
        assert (watched.errors, watched.strangers) == ([], [])

    def test_of_staff_can_be_used_by_everybody(self, settled, open_page, look):
        prepare(now=makers.later(minutes=1))
        person("olga", is_staff=True, is_superuser=True)
        watched = open_page(color_scheme=look)
        watched.log_in("/admin/login/", "olga", PASSWORD)

        for path in (*ADMIN, f"/admin/roaming/sdr/{settled.held_id}/change/"):
            watched.go(path)
            assert faults_in_the_admin(watched.page) == []
        assert (watched.errors, watched.strangers) == ([], [])


@pytest.mark.long
@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize(
    ("who", "login", "start", "check"),
    [
        ("finance", "/portal/login/", "/portal/", faults),
        ("olga", "/admin/login/", "/admin/", faults_in_the_admin),
    ],
)
def test_every_page_that_links_lead_to(settled, open_page, look, who, login, start, check):
    prepare(now=makers.later(minutes=1))
    person("finance", partner=makers.partner_of(makers.nordlicht()))
    person("olga", is_staff=True, is_superuser=True)
    watched = open_page(color_scheme=look)
    watched.log_in(login, who, PASSWORD)

    assert faults_of_every_page(watched, start, check) == []
    assert (watched.errors, watched.strangers) == ([], [])
