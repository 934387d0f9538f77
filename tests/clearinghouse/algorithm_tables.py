"""Read the tables of docs/algorithms/*.md, so that no page carries a wrong figure."""

from __future__ import annotations

from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "algorithms"


def rows_under(page: str, *, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the cells, freed of backticks, of all tables of a page with exactly these columns."""
    rows: list[tuple[str, ...]] = []
    inside = False
    for line in (PAGES / page).read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = tuple(cell.strip().strip("`") for cell in line.strip("|").split("|"))
        if cells == columns:
            inside = True
        elif inside and set("".join(cells)) != set("-") and set("".join(cells)) != set("-:"):
            rows.append(cells)
    if not rows:
        raise LookupError(f"{page} has no table with the columns {columns}.")
    return rows
