"""Long work as a row: queued by an edge, claimed by one worker, taken over when that one dies.

``kind`` is the name of the Celery task that does it; the task takes the job's id and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from partners.models import Job, Partner, User

STALE_AFTER = timedelta(seconds=90)
_UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)


class JobCancelled(Exception):
    """Somebody asked for the job to stop; what was committed stays."""


def enqueue(
    kind: str,
    *,
    run_key: str,
    title: str,
    parameters: Mapping[str, object],
    requested_by: User | None = None,
    input_name: str = "",
    partner: Partner | None = None,
) -> Job:
    """Queue a job; the same ``run_key`` again returns the first one. ``partner``: whom it is of."""
    job, _ = Job.objects.get_or_create(
        run_key=run_key,
        defaults={
            "kind": kind,
            "title": title[:200],
            "parameters": dict(parameters),
            "requested_by": requested_by,
            "input_name": input_name,
            "partner": partner,
        },
    )
    return job


def due(*, now: datetime) -> list[Job]:
    """Jobs that nobody works on: queued ones, and running ones without a sign of life."""
    silent = Q(state=Job.State.RUNNING, heartbeat_at__lt=now - STALE_AFTER)
    waiting = Job.objects.filter(Q(state=Job.State.QUEUED) | silent)
    return list(waiting.order_by("created_at")[:100])


@transaction.atomic
def claim(job_id: UUID | str, *, now: datetime) -> Job | None:
    """Take the job for this worker, or ``None`` when it is finished or another one is at it."""
    job = Job.objects.select_for_update(skip_locked=True).filter(pk=job_id).first()
    if job is None or job.state not in _UNFINISHED:
        return None
    is_alive = job.heartbeat_at is not None and job.heartbeat_at > now - STALE_AFTER
    if job.state == Job.State.RUNNING and is_alive:
        return None
    job.state = Job.State.RUNNING
    job.started_at = job.started_at or now
    job.heartbeat_at = now
    job.done = 0
    job.save()
    return job


def carry_out(
    job_id: str, run: Callable[..., object], *, clock: Callable[[], datetime]
) -> dict[str, object]:
    """Do a job's work unless it was done or is being done: what a task answers with.

    ``run(job, clock=…)`` ends the job itself.
    """
    job = claim(job_id, now=clock())
    if job is None:
        return {"job_id": job_id, "claimed": False}
    run(job, clock=clock)
    job.refresh_from_db()
    return {"job_id": job_id, "state": job.state}


def report(job: Job, *, done: int, total: int | None, now: datetime) -> None:
    """Say how far the job is.

    :raises JobCancelled: somebody asked for it to stop.
    """
    Job.objects.filter(pk=job.pk).update(done=done, total=total, heartbeat_at=now)
    job.refresh_from_db(fields=["cancel_requested"])
    if job.cancel_requested:
        raise JobCancelled(f"job {job.pk} was cancelled after {done}")


def finish(
    job: Job,
    *,
    state: str,
    now: datetime,
    result: Mapping[str, object] | None = None,
    error: str = "",
    result_name: str = "",
) -> None:
    """End the job as DONE, FAILED or CANCELLED."""
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(
        state=state,
        result=dict(result) if result is not None else None,
        error=error,
        result_name=result_name,
        finished_at=now,
    )


@contextmanager
def failure_told(job: Job, *, clock: Callable[[], datetime]) -> Iterator[None]:
    """What nobody expected ends the job as FAILED, and rises all the same."""
    try:
        yield
    except Exception as error:
        finish(job, state=Job.State.FAILED, now=clock(), error=f"unexpected: {error!r}")
        raise


def request_cancel(job: Job, *, now: datetime) -> None:
    """Ask a running job to stop at its next chunk; a queued one stops at once."""
    Job.objects.filter(pk=job.pk, state__in=_UNFINISHED).update(cancel_requested=True)
    Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(
        state=Job.State.CANCELLED, finished_at=now
    )
