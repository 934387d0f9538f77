"""Large annexes as a job: 100,000 rows take some 40 s of processor time, more than a page may.

A file is made once per statement and format and kept for ``KEPT`` under the files folder; what it
says is frozen with the statement, so that it cannot be out of date. The CSV needs no job: it is
what the others are made from.
"""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from billing.models import Document
from billing.services.annex_files import make_annex
from billing.services.statements import AnnexDiffers, StoredContentChanged
from clearinghouse.whole_files import forget_before, whole_file
from partners.models import Job, User
from partners.services import jobs
from partners.services.jobs import JobCancelled

KIND = "billing.make_annex"
LARGE_ROWS = 5_000
KEPT = timedelta(days=30)
# A file that was deleted is made again, one that failed is tried again, so many times in all.
_MOST_TRIES = 20
_FOLDER = "annexes"
_UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)


def is_large(document: Document, kind: str) -> bool:
    """Is it made by a job?"""
    return kind != "csv" and document.content["annex"]["rows"] > LARGE_ROWS


def made(document: Document, kind: str) -> Path | None:
    """The file, if it was made and is still kept."""
    path = _path(document, kind)
    return path if path.is_file() else None


def job_of(document: Document, kind: str) -> Job | None:
    """The job that makes it or tried last."""
    keys = [_run_key(document, kind, number) for number in range(1, _MOST_TRIES + 1)]
    return Job.objects.filter(run_key__in=keys).order_by("-created_at", "-id").first()


def order(document: Document, kind: str, *, requested_by: User | None = None) -> Job:
    """Queue the job, unless one is at it or its file is kept: the same one then."""
    last = job_of(document, kind)
    if last is not None and (last.state in _UNFINISHED or made(document, kind)):
        return last
    number = 1 if last is None else int(last.run_key.rpartition(":")[2]) + 1
    if last is not None and number > _MOST_TRIES:
        return last
    return jobs.enqueue(
        KIND,
        run_key=_run_key(document, kind, number),
        title=f"Records of {document.number} as {kind.upper()}",
        parameters={"document_id": str(document.pk), "kind": kind},
        requested_by=requested_by,
    )


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Make the file; evidence that gives another annex than stated ends the job with a sentence."""
    with jobs.failure_told(job, clock=clock):
        document = Document.objects.select_related("settlement").get(
            pk=job.parameters["document_id"]
        )
        kind, rows = job.parameters["kind"], document.content["annex"]["rows"]
        path = _path(document, kind)
        forget_before(path.parent, clock() - KEPT)
        try:
            with (
                make_annex(
                    document,
                    kind,
                    told=lambda done: jobs.report(job, done=done, total=rows, now=clock()),
                ) as file,
                whole_file(path) as target,
            ):
                shutil.copyfileobj(file, target)
        except (AnnexDiffers, StoredContentChanged) as error:
            jobs.finish(job, state=Job.State.FAILED, now=clock(), error=str(error))
            return
        except JobCancelled:
            jobs.finish(job, state=Job.State.CANCELLED, now=clock())
            return
        jobs.finish(
            job,
            state=Job.State.DONE,
            now=clock(),
            result={"rows": rows, "size_bytes": path.stat().st_size},
            result_name=f"{_FOLDER}/{path.name}",
        )


def _path(document: Document, kind: str) -> Path:
    return Path(settings.MEDIA_ROOT) / _FOLDER / f"{document.pk}.{kind}"


def _run_key(document: Document, kind: str, number: int) -> str:
    return f"{KIND}:{document.pk}:{kind}:{number}"
