"""The statement in three languages: no text missing, figures and days as its readers write them."""

import io
import re
from datetime import date

import pypdf
import pytest
from msgspec.structs import replace

from billing.documents.content import FurtherLine
from billing.documents.languages import LANGUAGES, writer_for
from billing.documents.statement_pdf import render_statement
from billing.documents.statement_text import shown
from billing.documents.texts import texts_of
from tests.own_house import ROOT
from tests.samples.statement import hard_cases, provisional, statement

PARTS = ROOT / "templates" / "billing" / "documents"
FIELD = re.compile(r"\{(\w+)\}")
OTHERS = [language for language in LANGUAGES if language != "en"]


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join("\n".join(page.extract_text() for page in pages).split())


class TestTexts:
    @pytest.mark.parametrize("language", OTHERS)
    def test_of_a_language_are_whole(self, language):
        english, other = texts_of("statement", "en"), texts_of("statement", language)

        assert list(other) == list(english)
        assert all(other.values())
        for name, text in english.items():
            # "1 further line" has no number to fill in where a language says "one".
            assert set(FIELD.findall(other[name])) == set(FIELD.findall(text)), name

    @pytest.mark.parametrize("language", OTHERS)
    def test_of_a_language_are_translated(self, language):
        """What is the same in both is a word that both languages have, or a name."""
        english, other = texts_of("statement", "en"), texts_of("statement", language)
        sentences = [name for name, text in english.items() if len(text.split()) > 3]

        assert len(sentences) > 30
        same = [name for name in sentences if other[name] == english[name]]
        assert not [name for name in same if not FIELD.search(english[name])]

    def test_that_the_page_prints_are_there(self):
        pages = "".join(
            (PARTS / name).read_text()
            for name in ("statement.html", "_figures.html", "_figures_head.html")
        )

        printed = set(re.findall(r"\bt\.(\w+)", pages))

        assert len(printed) > 40
        assert printed <= set(texts_of("statement", "en"))

    def test_of_an_unknown_language_are_english(self):
        assert texts_of("statement", "xx") == texts_of("statement", "en")


class TestWriter:
    @pytest.mark.parametrize(
        ("language", "euro", "yen", "energy", "percent", "day", "month"),
        [
            ("en", "−1,234,567.05", "1,200", "16,874.153", "1.5 %", "1 July 2026", "October 2026"),
            ("de", "−1.234.567,05", "1.200", "16.874,153", "1,5 %", "1. Juli 2026", "Oktober 2026"),
            (
                "fr",
                "−1\u202f234\u202f567,05",
                "1\u202f200",
                "16\u202f874,153",
                "1,5 %",
                "1er juillet 2026",
                "octobre 2026",
            ),
        ],
    )
    def test_writes_as_readers_of_the_language_do(
        self, language, euro, yen, energy, percent, day, month
    ):
        writer = writer_for(language)

        assert writer.amount(-123456705, "EUR") == euro
        assert writer.amount(1200, "JPY") == yen
        assert writer.amount(-1, "KWD")[0] == "−"
        assert writer.energy("16874.153") == energy
        assert writer.percent("0.015").replace("\u00a0", " ") == percent
        assert writer.day(date(2026, 7, 1)) == day
        assert writer.month("2026-10") == month

    def test_loses_no_digit_of_a_large_amount(self):
        assert writer_for("de").amount(2**63 - 1, "EUR") == "92.233.720.368.547.758,07"

    def test_keeps_every_decimal_of_an_energy_and_a_rate(self):
        writer = writer_for("de")

        assert writer.energy("0.1234567") == "0,1234567"
        assert writer.rate("0.93710") == "0,93710"


class TestStatement:
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("en", ["This is not a VAT invoice.", "You receive 11,340.85 EUR", "8 December 2026"]),
            (
                "de",
                ["keine Rechnung", "Sie erhalten 11.340,85 EUR", "8. Dezember 2026", "Seite 1 / "],
            ),
            (
                "fr",
                ["pas une facture", "Vous recevez 11 340,85 EUR", "8 décembre 2026", "Page 1 / "],
            ),
        ],
    )
    def test_speaks_to_its_reader(self, language, words):
        pdf = render_statement(statement(language))

        text = text_of(pdf)
        for one in words:
            assert one in text, one
        assert pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/Lang"] == language
        assert not FIELD.search(text)

    @pytest.mark.parametrize("language", OTHERS)
    def test_leaves_no_english_behind(self, language):
        """Whatever an English label says on its own stands nowhere in the other language."""
        english = shown(statement("en"))["t"]
        other = shown(statement(language))["t"]
        text = text_of(render_statement(statement(language)))
        long = [name for name, label in english.items() if len(label) > 24 and label != other[name]]

        assert len(long) > 20
        assert not [name for name in long if english[name] in text]

    def test_says_what_moved_the_position_in_its_language(self):
        further = [line["text"] for line in shown(statement("de"))["further"]]

        assert further[0].replace("\u00a0", " ") == "USt 19 % DE auf Leistungen an Voltaire"
        assert further[2] == "Vortrag aus der vorigen Verrechnung"

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_says_every_phrase_whole(self, language):
        values = {
            "rate": "0.19", "country": "DE", "name": "Voltaire", "month": "2026-10", "sdrs": "1200",
            "reason": "agreed", "group": "CHF monthly", "starts_at": "2026-08-31T22:00:00Z",
            "ends_at": "2026-09-30T22:00:00Z", "time_zone": "Europe/Brussels",
            "amount_minor": "-10605", "currency": "CHF", "per_euro": "CHF=0.9326 SEK=11.2",
            "rate_date": "2026-10-08",
        }  # fmt: skip
        phrases = [
            name.removeprefix("line_")
            for name in texts_of("statement", language)
            if name.startswith("line_")
        ]
        further = [
            FurtherLine(kind="FEE", text="", amount_minor=0, phrase=phrase, values=values)
            for phrase in phrases
        ]

        lines = shown(replace(statement(language), further=further))["further"]

        assert len(lines) == 15
        assert all(line["text"] and not FIELD.search(line["text"]) for line in lines)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_is_marked_provisional_on_each_page(self, language):
        pdf = render_statement(provisional(language))

        mark = texts_of("statement", language)["watermark_provisional"]
        pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
        assert all(mark in page.extract_text() for page in pages)

    def test_without_anything_to_say_still_says_so(self):
        text = text_of(render_statement(hard_cases("fr")["empty"]))

        assert "Aucun de vos enregistrements" in text
        assert "Rien à payer ni à recevoir 0,00 EUR" in text
