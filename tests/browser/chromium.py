"""A real Chromium, Debian's or another, driven by Playwright; it may talk to this host only."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
# In which a page is looked at: options of a new context.
LOOKS = {
    "light": {"viewport": DESKTOP},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone": {"viewport": PHONE},
}
# For ``parametrize("look", …)``: a browser takes ten seconds, so make test looks at one of them.
EVERY_LOOK = ["light", *(pytest.param(name, marks=pytest.mark.long) for name in ("dark", "phone"))]


def find_chromium() -> str:
    """The path of a Chromium; without one the test is skipped, and in CI it fails."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    if os.environ.get("CI"):
        pytest.fail("CI needs Chromium: apt-get install chromium")
    pytest.skip("no Chromium on this machine: apt-get install chromium")


@contextmanager
def open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=_FLAGS)
        yield browser
        browser.close()


class Watched:
    """A page with what went wrong on it: console errors, and requests that left the host."""

    def __init__(self, context: BrowserContext, base_url: str):
        self.base_url = base_url
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.strangers: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._see)

    def _hear(self, message) -> None:
        if message.type == "error":
            self.errors.append(f"{self.page.url}: {message.text}")

    def _see(self, request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.netloc != urlsplit(self.base_url).netloc:
            self.strangers.append(request.url)

    def go(self, path: str) -> None:
        response = self.page.goto(f"{self.base_url}{path}")
        assert response is not None
        assert response.status < 400, f"{path}: {response.status}"

    def log_in(self, path: str, user_name: str, password: str) -> None:
        self.go(path)
        self.page.fill("input[name=login]", user_name)
        self.page.fill("input[name=password]", password)
        # A real hash takes its time; who goes on before the answer is nobody yet.
        with self.page.expect_navigation():
            self.page.press("input[name=password]", "Enter")

    def is_wider_than_its_window(self) -> bool:
        """Does the page scroll sideways? Nothing should, on a phone."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
        )
