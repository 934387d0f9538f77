"""Every text of the portal is there in each language, and the catalogs are those of the code."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from babel.messages.mofile import read_mo
from django.conf import settings
from django.template import engines
from django.test import override_settings
from django.utils import translation
from django.utils.formats import get_format

from clearinghouse import texts
from clearinghouse.texts import LANGUAGES, Text, catalog_of, folder_of, gathered

_HOLES = re.compile(r"%\(\w+\)[a-z]|%%|<[^>]+>")
_A_DATE = re.compile(r'\|date:(["\'])(.+?)\1')
_FORMATS = (
    "DATE_FORMAT DATETIME_FORMAT LONG_DATE_FORMAT LONG_DATETIME_FORMAT DAY_OF_MONTH_FORMAT"
    " DAY_AND_TIME_FORMAT DATETIME_WITH_SECONDS_FORMAT".split()
)
FOR_PEOPLE = ("portal", "account", "allauth")


@pytest.fixture(scope="module")
def every_text() -> set[Text]:
    return set(gathered())


def holes(text: str) -> list[str]:
    """Placeholders and tags: a translation has the same, in its own order."""
    return sorted(_HOLES.findall(text))


def forms_of(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def said(catalog) -> dict:
    return {
        (forms_of(one.id), one.context or ""): forms_of(one.string) for one in catalog if one.id
    }


@pytest.mark.parametrize("language", LANGUAGES)
class TestCatalog:
    def test_has_every_text_and_no_other(self, language, every_text):
        known = {
            Text(forms_of(one.id)[0], "".join(forms_of(one.id)[1:]), one.context or "")
            for one in catalog_of(language)
            if one.id
        }

        assert known == every_text, "run manage.py texts, translate what is new, run it again"

    def test_translates_each(self, language):
        missing = [
            one.id for one in catalog_of(language) if one.id and not all(forms_of(one.string))
        ]

        assert missing == []

    def test_leaves_nothing_to_be_checked(self, language):
        assert [one.id for one in catalog_of(language) if one.id and one.fuzzy] == []

    def test_keeps_placeholders_and_tags(self, language):
        wrong = [
            (said, translated)
            for one in catalog_of(language)
            for said, translated in zip(forms_of(one.id), forms_of(one.string), strict=True)
            if one.id and holes(said) != holes(translated)
        ]

        assert wrong == []

    def test_is_what_the_site_reads(self, language):
        with (folder_of(language) / "django.mo").open("rb") as file:
            read = read_mo(file)

        assert said(read) == said(catalog_of(language))


class TestGathering:
    def test_finds_what_templates_say(self, tmp_path):
        folder = tmp_path / "templates" / "portal"
        folder.mkdir(parents=True)
        (folder / "page.html").write_text(
            "{% load i18n %}{% translate 'One' %}"
            '{{ name|default:_("nobody") }}'
            "{% if name %}{% blocktranslate count n=n %}{{ n }} day{% plural %}{{ n }} days"
            "{% endblocktranslate %}{% endif %}{% translate '100 %' %}{% translate name %}"
        )
        with override_settings(BASE_DIR=tmp_path):
            found = {text for text, _ in texts._of_templates()}

        assert found == {
            Text("One"),
            Text("nobody"),
            Text("%(n)s day", "%(n)s days"),
            Text("100 %%"),
        }

    def test_keeps_a_translation_and_drops_what_nobody_says(self):
        catalog = texts.brought_up_to_date("de")

        assert catalog.get("Log in").string == "Anmelden"
        assert len(catalog) == len(gathered())


class TestTemplates:
    def test_write_dates_as_the_language_does(self):
        root = settings.BASE_DIR / "templates"
        known = {*_FORMATS, "c", "F Y"}
        others = [
            f"{path.relative_to(root)}: {found[1]}"
            for folder in FOR_PEOPLE
            for path in (root / folder).rglob("*.html")
            for found in _A_DATE.findall(path.read_text())
            if found[1] not in known
        ]

        assert others == []

    @pytest.mark.parametrize("language", ["en", *LANGUAGES])
    @pytest.mark.parametrize("name", _FORMATS)
    def test_every_format_is_known_in_each_language(self, language, name):
        with translation.override(language):
            assert get_format(name) != name


class TestFigures:
    """Amounts, dates and sizes on pages."""

    PAGE = (
        "{% load portal %}{{ minor|signed_money:'EUR' }} | {{ day|date:'LONG_DATE_FORMAT' }}"
        " | {{ at|date:'DATETIME_FORMAT' }} | {{ size|kilobytes }}"
    )

    @pytest.mark.parametrize(
        ("language", "told"),
        [
            ("en", "−1,234,567.89 | 8 October 2026 | 8 Oct 2026, 18:05 | 1,235 kB"),
            ("de", "−1.234.567,89 | 8. Oktober 2026 | 8. Okt. 2026, 18:05 | 1.235 kB"),
            (
                "fr",
                "−1\u202f234\u202f567,89 | 8 octobre 2026 | 8 oct. 2026, 18:05 | 1\u202f235 kB",
            ),
        ],
    )
    def test_are_written_as_the_language_does(self, language, told):
        page = engines["django"].from_string(self.PAGE)
        values = {
            "minor": -123_456_789,
            "day": date(2026, 10, 8),
            "at": datetime(2026, 10, 8, 18, 5, tzinfo=ZoneInfo(settings.TIME_ZONE)),
            "size": 1_234_567,
        }
        with translation.override(language):
            assert page.render(values) == told
