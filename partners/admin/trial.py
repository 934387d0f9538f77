"""A file is tried before it is applied: both are jobs; the trial's page shows what it would do."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from partners.admin.story import BAD, Badge, Figure, Figures, Table
from partners.models import Job
from partners.services import audit, jobs
from partners.tasks import wake_worker

_ROWS_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The job's kind, and what the audit trail calls its trial and its application."""

    kind: str
    tried: str
    applied: str


def queue(
    request, work: Work, *, run_key: str, title: str, parameters: dict, input_name: str
) -> Job:
    """Queue a trial (``is_trial`` in the parameters) or its application; the act is noted."""
    with transaction.atomic():
        job = jobs.enqueue(
            work.kind,
            run_key=run_key,
            title=title,
            parameters=parameters,
            requested_by=request.user,
            input_name=input_name,
        )
        audit.record(
            work.tried if parameters["is_trial"] else work.applied,
            job,
            actor=request.user.get_username(),
            at=timezone.now(),
            reason=parameters.get("reason", ""),
        )
        transaction.on_commit(wake_worker)
    return job


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
