"""axe-core (bundled) over a page: what keeps somebody from using it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_SERIOUS = {"serious", "critical"}
# WCAG 2.2 AA and below; best practices are advice.
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What the admin's theme draws itself, by rule: told to its makers, and not ours to mend. Parts of
# ours on the same pages are held to every rule.
OF_THE_THEME = {
    "target-size": "the button of its search field and its sort arrows are smaller than 24 px",
    "aria-input-field-name": "select2 names its box by the chosen value alone",
    "label": "select2's search field has no label",
    "link-in-text-block": "Django's link to the password form is told apart by color alone",
}
# Parts of admin pages that are drawn by our own templates.
OURS_IN_THE_ADMIN = [".ch-story"]


def faults(page: Page) -> list[str]:
    """Serious violations on a page of ours, one line per place; empty where there is none."""
    return _told(page, Axe().run(page, options=_options()), ignored=set())


def faults_in_the_admin(page: Page) -> list[str]:
    """Serious violations of ours on a page of the admin: of our parts all, of the rest by rule."""
    whole = _told(page, Axe().run(page, options=_options()), ignored=set(OF_THE_THEME))
    if not page.query_selector(OURS_IN_THE_ADMIN[0]):
        return whole
    parts = Axe().run(page, context={"include": [OURS_IN_THE_ADMIN]}, options=_options())
    return sorted({*whole, *_told(page, parts, ignored=set())})


def _options() -> dict:
    return {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": _TAGS}}


def _told(page: Page, results, *, ignored: set[str]) -> list[str]:
    return [
        f"{page.url.split('/', 3)[-1]}: {found['id']} ({found['help']}): {node['html'][:160]}"
        for found in results.response["violations"]
        if found["impact"] in _SERIOUS and found["id"] not in ignored
        for node in found["nodes"][:3]
    ]
