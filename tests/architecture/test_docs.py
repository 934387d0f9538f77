"""Pages that are kept true by a machine."""

import re
from pathlib import Path

import msgspec
import pytest

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
