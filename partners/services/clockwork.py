"""Work of the clock that goes on for long is a job that people may watch and stop."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from partners.models import Job
from partners.services import jobs

# Fewer pieces are done before anybody looks.
MANY = 20


@dataclass(frozen=True, slots=True)
class Work:
    """``act`` does one piece and says whether it could; ``kind`` is the task that does the work."""

    kind: str
    title: str
    pieces: QuerySet[Any]
    act: Callable[[Any], bool]


def go_through(work: Work, *, clock: Callable[[], datetime], job_id: str = "") -> int:
    """Do every piece and return how many could be done; ``MANY`` or more are a job.

    Nothing is done while such a job is at work. Who stops it stops it after a piece; the clock
    takes up the rest when it comes by next. ``job_id``: of a job whose worker died.
    """
    if not job_id and _is_running(work.kind, now=clock()):
        return 0
    total = work.pieces.count()
    if not job_id and total < MANY:
        return _go_through(work, None, total, clock=clock)
    job = jobs.claim(job_id or _begin(work, now=clock()).pk, now=clock())
    if job is None:  # another process took it: it does the work
        return 0
    with jobs.failure_told(job, clock=clock):
        return _go_through(work, job, total, clock=clock)


def _is_running(kind: str, *, now: datetime) -> bool:
    alive = Job.objects.filter(
        kind=kind, state=Job.State.RUNNING, heartbeat_at__gt=now - jobs.STALE_AFTER
    )
    return alive.exists()


def _begin(work: Work, *, now: datetime) -> Job:
    return jobs.enqueue(
        work.kind, run_key=f"{work.kind}:{now.isoformat()}", title=work.title, parameters={}
    )


def _go_through(work: Work, job: Job | None, total: int, *, clock: Callable[[], datetime]) -> int:
    tried = able = 0
    for piece in work.pieces:
        able += work.act(piece)
        tried += 1
        if job is None:
            continue
        try:
            jobs.report(job, done=tried, total=max(total, tried), now=clock())
        except jobs.JobCancelled:
            jobs.finish(job, state=Job.State.CANCELLED, now=clock(), result={"done": able})
            return able
    if job is not None:
        result = {"done": able, "not_done": tried - able}
        jobs.finish(job, state=Job.State.DONE, now=clock(), result=result)
    return able
