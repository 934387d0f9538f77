"""How wide a table's columns are on paper, from what stands in them.

WeasyPrint could find that out, but measures every cell twice more for it: a quarter of a page's
processor time. The column that is not named takes what is left.
"""

from collections.abc import Iterable, Mapping, Sequence

# Of the type's size: Inter's figures are tabular, its letters are taken a little wide.
_FIGURE, _PUNCTUATION, _LETTER = 0.66, 0.32, 0.62
_NARROW = ".,\u00a0\u202f 'il-"
_MM_OF_PT = 0.3528

# As in paper.css: the type of cells and heads, and the space before a cell.
CELL_PT, HEAD_PT, SPACE_MM = 8.0, 7.5, 2.6

# The same in a table of class ``wide``.
WIDE_PT, WIDE_SPACE_MM = 6.6, 1.8

Widths = dict[str, str]


def column_widths(
    heads: Mapping[str, str], rows: Iterable[Mapping[str, object]], *, wide: bool = False
) -> Widths:
    """The width in CSS of each column that has a head, so that nothing in it is broken."""
    return {key: f"{mm:.1f}mm" for key, mm in widths_mm(heads, list(rows), wide=wide).items()}


def widths_mm(
    heads: Mapping[str, str], rows: Sequence[Mapping[str, object]], *, wide: bool = False
) -> dict[str, float]:
    cell_pt, space_mm = (WIDE_PT, WIDE_SPACE_MM) if wide else (CELL_PT, SPACE_MM)
    head_pt = WIDE_PT if wide else HEAD_PT
    return {
        key: space_mm
        + max(_mm(head, head_pt), *(_mm(str(row.get(key, "")), cell_pt) for row in rows), 0.0)
        for key, head in heads.items()
    }


def _mm(text: str, size_pt: float) -> float:
    em = sum(
        _PUNCTUATION if one in _NARROW else _FIGURE if not one.isalpha() else _LETTER
        for one in text
    )
    return em * size_pt * _MM_OF_PT
