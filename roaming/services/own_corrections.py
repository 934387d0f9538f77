"""A partner corrects its own held and refused records by a file: what goes out, and what is asked.

A request of a partner may neither read records as they came nor write jobs: tasks do both.
"""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings

from clearinghouse.spreadsheet import neutralize
from clearinghouse.whole_files import whole_file
from partners.models import Job, Partner, User
from partners.services import audit, jobs
from roaming.models import SdrState
from roaming.queries_corrections import correctable
from roaming.services import correction_job
from roaming.services.hold_correction import COLUMNS, rows_for

FILE = "roaming.own_corrections_file"
MOST_RECORDS = 5_000
_CHUNK = 500
_UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)


def order_file(partner: Partner, *, by: User) -> Job:
    """Queue the file of what can be corrected, unless one is being made."""
    last = newest_file(partner)
    if last is not None and last.state in _UNFINISHED:
        return last
    number = Job.objects.filter(kind=FILE, partner=partner).count() + 1
    return jobs.enqueue(
        FILE,
        run_key=f"{FILE}:{partner.pk}:{number}",
        title=f"Records of {partner.name} to correct"[:200],
        parameters={},
        requested_by=by,
        partner=partner,
    )


def newest_file(partner: Partner) -> Job | None:
    """The job that made the newest file, or makes it."""
    return Job.objects.filter(kind=FILE, partner=partner).order_by("-created_at", "-id").first()


def path_of(job: Job) -> Path | None:
    """The file that the job made, if it is still there."""
    path = Path(settings.MEDIA_ROOT) / job.result_name
    return path if job.result_name and path.is_file() else None


def order_trial(partner: Partner, *, key: UUID, input_name: str, file_name: str, by: User) -> Job:
    """Queue the preview of an uploaded file; ``key`` is what its page is found by."""
    return jobs.enqueue(
        correction_job.KIND,
        run_key=_trial_key(key),
        title=f"Preview of {file_name}"[:200],
        parameters={"is_trial": True, "file_name": file_name[:255]},
        requested_by=by,
        input_name=input_name,
        partner=partner,
    )


def order_application(partner: Partner, *, key: UUID, reason: str, by: User) -> Job | None:
    """Queue for good what was previewed, once; None where there is no finished preview."""
    trial = trial_of(partner, key)
    if trial is None or trial.state != Job.State.DONE:
        return None
    return jobs.enqueue(
        correction_job.KIND,
        run_key=f"apply:{_trial_key(key)}",
        title=f"Apply {trial.parameters['file_name']}"[:200],
        parameters={
            "is_trial": False,
            "file_name": trial.parameters["file_name"],
            "reason": reason,
        },
        requested_by=by,
        input_name=trial.input_name,
        partner=partner,
    )


def trial_of(partner: Partner, key: UUID) -> Job | None:
    """The partner's preview under the key."""
    return Job.objects.filter(partner=partner, run_key=_trial_key(key)).first()


def application_of(partner: Partner, key: UUID) -> Job | None:
    """What applies it."""
    return Job.objects.filter(partner=partner, run_key=f"apply:{_trial_key(key)}").first()


def rows_in(job: Job, *, most: int) -> list[dict[str, str]]:
    """The first result rows of a job that is done."""
    path = path_of(job)
    if path is None:
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream, delimiter=";")
        return [row for row, _ in zip(reader, range(most), strict=False)]


def write_file(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Write the file whole or not at all; it is noted who took which records."""
    with jobs.failure_told(job, clock=clock):
        if job.partner is None:
            raise ValueError("the job names no partner")
        states = list(correctable(job.partner, now=clock())[:MOST_RECORDS])
        path = Path(settings.MEDIA_ROOT) / "results" / f"{job.pk}.csv"
        try:
            with whole_file(path) as target:
                written = _write(target, states, job, clock)
        except jobs.JobCancelled:
            jobs.finish(job, state=Job.State.CANCELLED, now=clock())
            return
        now, by = clock(), str(job.requested_by or "clock")
        audit.record(
            "record.corrections_file_made", job.partner, actor=by, at=now, after={"rows": written}
        )
        jobs.finish(
            job,
            state=Job.State.DONE,
            now=now,
            result={"rows": written, "erased": len(states) - written},
            result_name=f"results/{path.name}",
        )


def _write(
    target: IO[bytes], states: Sequence[SdrState], job: Job, clock: Callable[[], datetime]
) -> int:
    written = 0
    with io.TextIOWrapper(target, newline="", encoding="utf-8-sig") as stream:
        writer = csv.DictWriter(stream, COLUMNS, delimiter=";")
        writer.writeheader()
        for start in range(0, len(states), _CHUNK):
            for row in rows_for(states[start : start + _CHUNK]):
                writer.writerow({name: neutralize(cell) for name, cell in row.items()})
                written += 1
            done = min(start + _CHUNK, len(states))
            jobs.report(job, done=done, total=len(states), now=clock())
    return written


def _trial_key(key: UUID) -> str:
    return f"own corrections:{key}"
