"""The file of agreements as a job: a trial first, which changes nothing, then for good."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from partners.models import Job
from partners.services import agreement_file, row_job
from partners.services.agreement_file import Result

KIND = "partners.import_agreements"
APPLY_PAGE = "admin:partners_roamingagreement_apply"
COLUMNS = ("outcome", "row", "number", "changes", "problem")
_LARGEST_CHUNK = 200


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Do a claimed job. ``parameters``: is_trial, reason, file_name.

    Started again after a kill it finds what it did before as “same”.
    """
    see = None
    if job.parameters["is_trial"]:
        see = {"label": "See the preview and apply it…", "page": APPLY_PAGE, "id": str(job.pk)}
    row_job.run(job, lambda job: _plan(job, clock), clock=clock, see=see)


def _plan(job: Job, clock: Callable[[], datetime]) -> row_job.Plan:
    if job.requested_by is None:
        raise row_job.UnreadableRows("nobody asked for this job")
    rows = row_job.rows_of(
        Path(settings.MEDIA_ROOT) / job.input_name, wanted=agreement_file.REQUIRED
    )
    return row_job.Plan(columns=COLUMNS, total=len(rows), chunks=_chunks(job, rows, clock))


def _chunks(
    job: Job, rows: Sequence[Mapping[str, str]], clock: Callable[[], datetime]
) -> Iterator[list[row_job.Cells]]:
    for first in range(0, len(rows), _LARGEST_CHUNK):
        chunk = rows[first : first + _LARGEST_CHUNK]
        with transaction.atomic():
            results = agreement_file.apply(
                chunk,
                actor=job.requested_by.get_username() if job.requested_by else "",
                reason=str(job.parameters.get("reason") or "preview"),
                now=clock(),
            )
            transaction.set_rollback(bool(job.parameters["is_trial"]))
        yield [
            _cells(row, result, number)
            for number, (row, result) in enumerate(zip(chunk, results, strict=True), first + 2)
        ]


def _cells(row: Mapping[str, str], result: Result, number: int) -> row_job.Cells:
    """``number`` is the line that a spreadsheet shows."""
    return (
        result.outcome,
        str(number),
        row.get("number", ""),
        result.changes,
        " | ".join(f"{name}: {text}" for name, text in result.problems.items()),
    )
