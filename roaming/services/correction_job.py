"""The file of corrected records as a job: a trial first, then for good.

A job with a partner corrects that partner's own records and no other.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from partners.models import Job
from partners.services import row_job
from roaming.services.hold_correction import Corrected, Order, correct

# Twice what a download holds.
MOST_ROWS = 10_000
KIND = "roaming.correct_holds"
APPLY_PAGE = "admin:roaming_hold_apply"
COLUMNS = ("outcome", "record_id", "sdr_id", "changes", "problem", "new_record_id")


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Do a claimed job. ``parameters``: is_trial, reason, file_name."""
    see = None
    if job.parameters["is_trial"] and job.partner is None:
        see = {"label": "See the preview and apply it…", "page": APPLY_PAGE, "id": str(job.pk)}
    row_job.run(job, lambda job: _plan(job, clock), clock=clock, see=see)


def _plan(job: Job, clock: Callable[[], datetime]) -> row_job.Plan:
    rows = row_job.rows_of(
        Path(settings.MEDIA_ROOT) / job.input_name, wanted=("record_id", "version"), most=MOST_ROWS
    )
    if job.requested_by is None:
        raise row_job.UnreadableRows("nobody asked for this job")
    order = Order(
        user=job.requested_by,
        reason=str(job.parameters.get("reason", "")),
        now=clock(),
        is_trial=bool(job.parameters["is_trial"]),
        job=job,
        sender=job.partner,
    )
    return row_job.Plan(columns=COLUMNS, total=len(rows), chunks=_chunks(rows, order))


def _chunks(rows: list[dict[str, str]], order: Order) -> Iterator[list[row_job.Cells]]:
    for chunk in correct(rows, order):
        yield [_cells(one) for one in chunk]


def _cells(one: Corrected) -> row_job.Cells:
    changes = (f"{name}: {old or '—'} → {new or '—'}" for name, (old, new) in one.changes.items())
    return (
        one.outcome,
        one.record_id,
        one.sdr_id,
        "; ".join(changes),
        one.problem,
        one.new_record_id,
    )
