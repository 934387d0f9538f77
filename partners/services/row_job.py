"""A file of rows as a job: progress while it runs, counts and a file of results at its end."""

import csv
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from django.conf import settings

from clearinghouse.spreadsheet import neutralize
from partners.models import Job
from partners.services import jobs

# A small file may hold millions of empty rows: what a worker keeps of them must be bounded.
MOST_ROWS = 100_000
_MOST_COLUMNS = 500
# The first cell of each result row is its outcome, by which rows are counted.
Cells: TypeAlias = Sequence[str]


class UnreadableRows(ValueError):
    """The file as a whole cannot be read; the text says why. Nothing was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job does: ``total`` rows, in ``chunks`` that are committed one by one."""

    columns: Sequence[str]
    total: int
    chunks: Iterator[Iterable[Cells]]


def run(
    job: Job,
    plan_of: Callable[[Job], Plan],
    *,
    clock: Callable[[], datetime],
    see: dict[str, str] | None = None,
) -> None:
    """Do a claimed job; ``see``: the page that its result leads to."""
    counts: Counter[str] = Counter()
    with jobs.failure_told(job, clock=clock):
        try:
            name = _write(job, plan_of(job), counts, clock)
        except jobs.JobCancelled:
            jobs.finish(job, state=Job.State.CANCELLED, now=clock(), result=_told(counts))
        except (UnreadableRows, FileNotFoundError) as error:
            jobs.finish(job, state=Job.State.FAILED, now=clock(), error=str(error))
        else:
            result = _told(counts) | ({"see": see} if see else {})
            jobs.finish(job, state=Job.State.DONE, now=clock(), result=result, result_name=name)


def rows_of(path: Path, *, wanted: Sequence[str], most: int = MOST_ROWS) -> list[dict[str, str]]:
    """The rows of a CSV (comma or semicolon) by column.

    A spreadsheet's apostrophe, which our own download puts before a formula, is taken off again.

    :raises UnreadableRows: no text, too many rows, or a column of ``wanted`` is missing.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableRows("the file is no UTF-8 text; save it as “CSV UTF-8”") from error
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(text.splitlines(keepends=True), delimiter=delimiter)
    try:
        _refuse_columns(reader.fieldnames or (), wanted)
        rows = [
            {name: _bare(cell) for name, cell in row.items() if name and isinstance(cell, str)}
            for row in islice(reader, most + 1)
        ]
    except csv.Error as error:
        raise UnreadableRows(f"the file cannot be read: {error}") from error
    if len(rows) > most:
        raise UnreadableRows(f"the file has more than {most:,} rows: split it")
    return rows


def _refuse_columns(named: Sequence[str], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in named]
    if missing:
        raise UnreadableRows(f"the file lacks the columns {', '.join(missing)}")
    if len(named) > _MOST_COLUMNS:
        raise UnreadableRows(f"the file has more than {_MOST_COLUMNS} columns")


def _bare(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and neutralize(cell[1:]) == cell else cell


def _write(job: Job, plan: Plan, counts: Counter[str], clock: Callable[[], datetime]) -> str:
    path = Path(settings.MEDIA_ROOT) / "results" / f"{job.pk}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    part_path = path.with_suffix(".part")
    jobs.report(job, done=0, total=plan.total, now=clock())
    with part_path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(plan.columns)
        for chunk in plan.chunks:
            for cells in chunk:
                counts[cells[0]] += 1
                writer.writerow([neutralize(cell) for cell in cells])
            jobs.report(job, done=counts.total(), total=plan.total, now=clock())
    os.replace(part_path, path)
    return f"results/{path.name}"


def _told(counts: Counter[str]) -> dict[str, object]:
    return {word: counts[word] for word in sorted(counts)}
