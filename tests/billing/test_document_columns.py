"""Columns are as wide as what stands in them, measured with the fonts that are printed."""

import pytest
from fontTools.ttLib import TTFont

from billing.documents.columns import column_widths, widths_mm
from billing.documents.statement_text import shown
from tests.own_house import ROOT
from tests.samples import statement

_MM_OF_PT = 25.4 / 72


def printed_mm(text: str, font: str, size_pt: float) -> float:
    """Figures as wide as the widest, as tabular ones are."""
    file = TTFont(ROOT / "static" / "fonts" / f"{font}.ttf")
    glyphs, widths = file.getBestCmap(), file["hmtx"]
    em = [widths[glyphs[ord("0" if one.isdigit() else one)]][0] for one in text]
    return sum(em) / file["head"].unitsPerEm * size_pt * _MM_OF_PT


@pytest.mark.parametrize("figure", ["−123.456.789,01", "1\u202f234\u202f567,000", "November 2026"])
def test_hold_bold_figures(figure):
    width = widths_mm({"net": ""}, [{"net": figure}, {"net": "0,00"}])["net"]

    assert 0 < width - printed_mm(figure, "Inter-SemiBold", 8) < 6


def test_hold_their_heads_and_leave_the_unnamed_column_what_is_left():
    widths = column_widths({"net": "Saldo in EUR"}, [{"name": "long " * 9, "net": "1"}])

    assert list(widths) == ["net"]
    assert float(widths["net"].removesuffix("mm")) > printed_mm(
        "Saldo in EUR", "Inter-Regular", 7.5
    )


def test_are_of_smaller_type_only_where_figures_leave_no_room_for_names():
    plain, crowd = statement.statement("de"), statement.hard_cases("de")["crowd"]

    assert not shown(plain)["is_wide"]
    assert shown(crowd)["is_wide"]
    assert shown(plain)["widths"]["figures"]["net"] < shown(crowd)["widths"]["figures"]["net"]
