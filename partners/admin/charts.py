"""Charts as sections of a page: drawn by the theme's Chart.js, and always told as a table too."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from partners.admin.story import Table

Number = int | Decimal
# In this order; told apart by lightness too, and readable on light and dark.
_COLORS = ("var(--color-primary-600)", "var(--color-primary-300)", "var(--color-base-400)")


@dataclass(frozen=True, slots=True)
class Series:
    """One value per label of its chart; None where there is none."""

    label: str
    values: Sequence[Number | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """``sentence`` says what the chart shows, for those who do not see it.

    ``first_header`` names the labels in the table, which tells them by ``names`` where they are too
    long to be drawn.
    """

    title: str
    sentence: str
    first_header: str
    labels: Sequence[str]
    series: Sequence[Series]
    names: Sequence[str] = ()
    is_horizontal: bool = False
    decimals: int = 0
    empty: str = "Nothing to draw yet."
    note: str = ""
    template = "admin/story/chart.html"

    @property
    def is_empty(self) -> bool:
        return not any(value for one in self.series for value in one.values)

    @property
    def rows(self) -> int:
        """As many rows of bars as its height must hold; upright bars need that of five."""
        return min(len(self.labels), 10) if self.is_horizontal else 5

    @property
    def data(self) -> str:
        return json.dumps(
            {
                "labels": list(self.labels),
                "datasets": [
                    {
                        "label": one.label,
                        "data": [None if value is None else str(value) for value in one.values],
                        "backgroundColor": _COLORS[place % len(_COLORS)],
                        "borderRadius": 3,
                        "maxBarThickness": 22,
                        "displayYAxis": True,
                    }
                    for place, one in enumerate(self.series)
                ],
            }
        )

    @property
    def options(self) -> str:
        """Empty: the theme's own, for upright bars."""
        if not self.is_horizontal:
            return ""
        whole = {"color": "#9ca3af", **({} if self.decimals else {"precision": 0})}
        plain = {"grid": {"display": False}, "ticks": {"color": "#9ca3af"}, "border": {"width": 0}}
        return json.dumps(
            {
                "indexAxis": "y",
                "animation": False,
                "maintainAspectRatio": False,
                "plugins": {"legend": {"display": len(self.series) > 1}},
                "scales": {"x": {**plain, "ticks": whole, "beginAtZero": True}, "y": plain},
            }
        )

    @property
    def table(self) -> Table:
        return Table(
            self.title,
            (self.first_header, *(one.label for one in self.series)),
            [
                (label, *(self._told(one.values[place]) for one in self.series))
                for place, label in enumerate(self.names or self.labels)
            ],
            frozenset(range(1, len(self.series) + 1)),
        )

    def _told(self, value: Number | None) -> str:
        return "–" if value is None else f"{value:,.{self.decimals}f}"


@dataclass(frozen=True, slots=True)
class Cell:
    """``shade`` from 0 (nothing) to 5 (the largest), which helps; ``text`` says it."""

    text: str
    shade: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A table whose cells are shaded by their size: rows against columns.

    ``values``: one list per row, one value per column; None: not possible, told as a dash.
    """

    title: str
    corner: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[Decimal | None]]
    decimals: int = 2
    empty: str = "Nothing here."
    note: str = ""
    template = "admin/story/heat_map.html"

    @property
    def told(self) -> list[tuple[str, list[tuple[str, Cell]]]]:
        """Each row with its name; each cell with the name of its column."""
        every = (abs(one) for row in self.values for one in row if one)
        most = max(every, default=Decimal(0))
        return [
            (
                name,
                [
                    (column, self._cell(value, most))
                    for column, value in zip(self.columns, row, strict=True)
                ],
            )
            for name, row in zip(self.rows, self.values, strict=True)
        ]

    def _cell(self, value: Decimal | None, most: Decimal) -> Cell:
        if not value:
            return Cell("–" if value is None else f"{value:,.{self.decimals}f}", 0)
        # What is there is never shaded as nothing.
        shade = min(5, 1 + int(abs(value) * 5 // most))
        return Cell(f"{value:,.{self.decimals}f}", shade)
