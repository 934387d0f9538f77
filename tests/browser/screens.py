"""Every page as a picture under ``var/screens/``: ``make screens``, or of one walk by its name.

Follows the links of staff and partner from their first page, one page per view, on the demo's
data; light, dark and phone width.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent.parent
VAR = Path(os.environ.get("CLEARINGHOUSE_VAR") or ROOT / "var")
BIND = os.environ.get("SCREENS_BIND", "127.0.0.1:8765")
BASE_URL = f"http://{BIND}"
WALKS = {
    "staff": ("/admin/login/", "operator", ["/admin/"]),
    "partner": ("/portal/login/", "finance@nordlicht.example", ["/portal/"]),
}
STRANGE = re.compile(
    r"logout|/files/|/annex\.|/result|/delete/|/pdf|/download|/package/file|\.csv|\.pdf|\.zip|raw|\?|#|password_change/done"
)


def main() -> None:
    manage = [sys.executable, str(ROOT / "manage.py")]
    if not (VAR / "demo" / "logins.json").exists():
        subprocess.run([*manage, "demo"], check=True)
    server = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", "clearinghouse.wsgi:application", "--bind", BIND,
            "--threads", "4", "--log-level", "error",
        ],
        cwd=ROOT,
    )  # fmt: skip
    try:
        _wait()
        _walk_all(json.loads((VAR / "demo" / "logins.json").read_text()))
    finally:
        server.terminate()
        server.wait(20)


def _wait() -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{BASE_URL}/admin/login/", timeout=5)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the server did not come up")


def _walk_all(logins: dict[str, str]) -> None:
    from tests.browser.chromium import DESKTOP, PHONE, Watched, open_browser

    looks = {
        "light": {"viewport": DESKTOP, "color_scheme": "light"},
        "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
        "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True},
    }
    with open_browser() as browser:
        for who in sys.argv[1:] or WALKS:
            login, user_name, starts = WALKS[who]
            paths: list[str] = []
            for look, options in looks.items():
                watched = Watched(browser.new_context(**options), BASE_URL)
                _shoot(watched, login, f"{who}-login", look)
                watched.log_in(login, user_name, logins[user_name])
                paths = paths or _find_pages(watched, starts)
                for path in paths:
                    watched.go(path)
                    wide = " WIDER THAN ITS WINDOW" if watched.is_wider_than_its_window() else ""
                    print(f"{who} {look} {path}{wide}")
                    _shoot(watched, None, f"{who}{path.replace('/', '-').rstrip('-')}", look)
                for problem in (*watched.errors, *watched.strangers):
                    print(f"PROBLEM {problem}")


def _find_pages(watched, starts: list[str]) -> list[str]:
    """Breadth first, one page per shape of path (ids left out)."""
    found, waiting, shapes = [], list(starts), set()
    while waiting:
        path = waiting.pop(0)
        shape = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27,}|\d+", "ID", path)
        if shape in shapes or STRANGE.search(path) or len(found) > 120:
            continue
        shapes.add(shape)
        watched.go(path)
        found.append(path)
        links = watched.page.eval_on_selector_all("a[href]", "as => as.map(a => a.href)")
        waiting += [
            urlsplit(link).path
            for link in links
            if link.startswith(BASE_URL) and "?" not in link and "#" not in link
        ]
    return found


def _shoot(watched, path: str | None, name: str, look: str) -> None:
    if path:
        watched.go(path)
    watched.page.wait_for_timeout(250)
    target = VAR / "screens" / look / f"{name[:120]}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    watched.page.screenshot(path=target, full_page=True)


if __name__ == "__main__":
    main()
