"""What a trial of a file would do: its counts, and its rows with the problems first."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.conf import settings

from partners.admin.story import BAD, Badge, Figure, Figures, Table
from partners.models import Job

_ROWS_SHOWN = 200


def sections(job: Job, tones: Mapping[str, str], *, columns: Sequence[str]) -> list[object]:
    """``tones`` by outcome, in the order in which counts make sense."""
    return [_counts(job.result or {}, tones), _rows(job, tones, columns)]


def _counts(counts: dict, tones: Mapping[str, str]) -> Figures:
    told = [Figure(word.capitalize(), f"{counts[word]:,}") for word in tones if counts.get(word, 0)]
    return Figures(told or [Figure("Rows", "0")], title="What would happen")


def _rows(job: Job, tones: Mapping[str, str], columns: Sequence[str]) -> Table:
    path = Path(settings.MEDIA_ROOT) / job.result_name
    rows: list[dict[str, str]] = []
    if job.result_name and path.is_file():
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter=";"))
    rows.sort(key=lambda row: tones[row["outcome"]] != BAD)
    return Table(
        "Row by row",
        [name.replace("_", " ").capitalize() for name in columns],
        [[_cell(row, name, tones) for name in columns] for row in rows[:_ROWS_SHOWN]],
        empty="The file had no rows.",
        note=f"problems first; {min(len(rows), _ROWS_SHOWN)} of {len(rows)} rows",
    )


def _cell(row: dict[str, str], name: str, tones: Mapping[str, str]) -> object:
    return Badge(row[name], tones[row[name]]) if name == "outcome" else row[name]
