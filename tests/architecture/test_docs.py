"""Pages that are kept true by a machine."""

import re
from pathlib import Path

import msgspec
import pytest
from django.apps import apps

from roaming.intake import profile
from roaming.rules.code_sheet import sheet

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").glob("*.md")]
)
APPS = ("partners", "roaming", "billing")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))

    broken = [
        target for target in targets if "://" not in target and not (page.parent / target).exists()
    ]
    assert not broken


def test_the_code_sheet_is_the_registrys():
    assert (ROOT / "docs/codes.md").read_text(encoding="utf-8") == sheet()


def test_every_key_of_a_profile_is_documented():
    page = (ROOT / "docs/profiles.md").read_text(encoding="utf-8")
    structs = [
        item
        for item in vars(profile).values()
        if isinstance(item, type)
        and issubclass(item, profile.Strict)
        and item is not profile.Strict
    ]

    names = {field.name for struct in structs for field in msgspec.structs.fields(struct)}
    assert not [name for name in sorted(names) if name not in page]


def test_the_readme_names_verbs_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    verbs = set(re.findall(r"^make ([a-z-]+)", readme, flags=re.MULTILINE))
    assert {"demo", "run", "test"} <= verbs
    assert all(re.search(rf"^{verb}:", makefile, flags=re.MULTILINE) for verb in verbs)


def test_the_house_page_knows_every_folder_of_the_apps():
    page = (ROOT / "docs/house.md").read_text(encoding="utf-8")
    folders = {
        path.name
        for app in APPS
        for path in (ROOT / app).iterdir()
        if path.is_dir() and not path.name.startswith("_")
    }

    known_elsewhere = {"migrations", "locale", "templatetags"}
    assert not [name for name in folders - known_elsewhere if name not in page]


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs/decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")

    assert not [path.name for path in folder.glob("0*.md") if path.name not in index]


@pytest.mark.parametrize("page", ["conformance.md", "iec63119.md", "progress.md"])
def test_every_path_in_backticks_exists(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w.-]+(?:/[\w.-]+)+)(?:::(\w+))?`", text))

    assert named
    assert not sorted(path for path, _ in named if not (ROOT / path).exists())
    # A test is named by its file and its class or function.
    assert not sorted(
        f"{path}::{name}"
        for path, name in named
        if name and not re.search(rf"(class|def) {name}\b", (ROOT / path).read_text("utf-8"))
    )


def test_the_list_of_iec_63119_is_whole_and_every_claim_is_shown():
    page = (ROOT / "docs/iec63119.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| C-(\d\d) \|(.*)\|$", page, flags=re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, 51))
    for number, row in rows:
        _what, status, code, shown_by, missing = (cell.strip() for cell in row.split("|"))
        is_there = status in ("met", "partly")
        assert is_there or status == "later", number
        assert bool(code) == bool(shown_by) == is_there, number
        assert bool(missing) == (status != "met"), number
        assert all("`tests/" in one for one in shown_by.split(", ") if one), number


def test_what_the_page_of_progress_calls_seen_is_shown_by_a_test_or_a_run():
    page = (ROOT / "docs/progress.md").read_text(encoding="utf-8")
    cells = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in row] for row in cells if row[0].strip() != "Line"]

    assert rows
    for name, status, where, note in rows:
        assert status in ("seen", "partly", "not yet"), name
        assert status != "seen" or re.search(r"`tests/|run of ", where), name
        assert status != "partly" or note, name


def test_the_glossary_knows_every_table_and_every_state():
    page = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    # OAuth's model library wants these two; nothing of ours issues them.
    unused = {"RefreshToken", "IDToken"}
    models = [
        model
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if model.__name__ not in unused
    ]

    heads = re.findall(r"^\| ([^|]+) \|", page, flags=re.MULTILINE)
    words = {word.strip("*").lower() for head in heads for word in head.split(", ")}
    names = {model.__name__: str(model._meta.verbose_name) for model in models}
    assert not sorted(n for n, v in names.items() if not {n.lower(), v.lower()} & words)

    states = {state for model in models for state in getattr(model, "State", ())}
    assert "SUPERSEDED" in states
    assert not sorted(state for state in states if not re.search(rf"\b{state}\b", page))
