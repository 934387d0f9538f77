"""A list as a file, however long it is: made by a job, chunk by chunk, and kept for some days.

What the rows are and who may have them is the edge's to say: it registers how a source is opened,
and the job opens it when its turn comes, with the rights that hold then.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from django.conf import settings

from clearinghouse.whole_files import whole_file
from partners.documents.long_tables import MEDIA_TYPES, Column, Row, table_into
from partners.models import Job, User
from partners.services import audit, jobs

KIND = "partners.export_table"
FORMATS = tuple(MEDIA_TYPES)
KEPT = timedelta(days=7)
# What a killed worker left is nobody's after so long: its job has begun anew and ended.
_PARTS_KEPT = timedelta(days=1)
_FOLDER = "exports"


class NotExportable(Exception):
    """The list cannot be read as it was asked for; the text says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is exported. ``chunks`` reads it from the start; ``count`` says how many rows it has.

    Rows that come meanwhile may be left out or make the number larger.
    """

    columns: Sequence[Column]
    count: Callable[[], int]
    chunks: Callable[[], Iterable[Sequence[Row]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """``parameters`` are what the source needs to be opened again; no secret is among them."""

    source: str
    form: str
    title: str
    parameters: Mapping[str, object]


_SOURCES: dict[str, Callable[[Job], Source]] = {}


def register(name: str, opener: Callable[[Job], Source]) -> None:
    """Let orders of the source ``name`` be opened by ``opener``.

    It is told the job and raises ``NotExportable`` where who asked may not have the rows now.
    """
    _SOURCES[name] = opener


def place(wanted: Order, *, requested_by: User, run_key: str, now: datetime) -> Job:
    """Queue the export; the same ``run_key`` again is the same job."""
    if wanted.form not in MEDIA_TYPES or wanted.source not in _SOURCES:
        raise ValueError(f"nobody makes {wanted.form} of {wanted.source}")
    job = jobs.enqueue(
        KIND,
        run_key=f"{KIND}:{requested_by.pk}:{run_key}",
        title=wanted.title,
        parameters={"source": wanted.source, "format": wanted.form} | dict(wanted.parameters),
        requested_by=requested_by,
    )
    audit.record(
        "export.ordered",
        job,
        actor=requested_by.get_username(),
        at=now,
        after={"what": wanted.title, "format": wanted.form},
    )
    return job


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Make the file. A cancelled or failed one leaves nothing."""
    with jobs.failure_told(job, clock=clock):
        path = _path(job)
        try:
            with whole_file(path) as target:
                rows = _write(job, target, clock=clock)
        except NotExportable as error:
            jobs.finish(job, state=Job.State.FAILED, now=clock(), error=str(error))
            return
        except jobs.JobCancelled:
            jobs.finish(job, state=Job.State.CANCELLED, now=clock())
            return
        jobs.finish(
            job,
            state=Job.State.DONE,
            now=clock(),
            result={"rows": rows, "size_bytes": path.stat().st_size},
            result_name=f"{_FOLDER}/{path.name}",
        )


def _write(job: Job, target: IO[bytes], *, clock: Callable[[], datetime]) -> int:
    source = _SOURCES[job.parameters["source"]](job)
    total, done = source.count(), 0
    jobs.report(job, done=0, total=total, now=clock())
    with table_into(target, job.parameters["format"], source.columns) as write:
        for chunk in source.chunks():
            write(chunk)
            done += len(chunk)
            total = max(total, done)
            jobs.report(job, done=done, total=total, now=clock())
    jobs.report(job, done=done, total=done, now=clock())
    return done


def kept_until(job: Job) -> datetime | None:
    """When the file will be deleted; ``None`` where there is none."""
    return job.finished_at + KEPT if job.finished_at and job.result_name else None


def forget_old(*, now: datetime) -> int:
    """Delete files kept long enough and what killed workers left; how many."""
    folder = Path(settings.MEDIA_ROOT) / _FOLDER
    deleted = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        limit = _PARTS_KEPT if path.suffix == ".part" else KEPT
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < now - limit:
            path.unlink(missing_ok=True)
            Job.objects.filter(result_name=f"{_FOLDER}/{path.name}").update(result_name="")
            deleted += 1
    return deleted


def _path(job: Job) -> Path:
    return Path(settings.MEDIA_ROOT) / _FOLDER / f"{job.pk}.{job.parameters['format']}"
