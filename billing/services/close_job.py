"""Closing a window as a job: ordered by a person, done by a worker, statements and all."""

from collections.abc import Callable
from datetime import datetime

from billing.models import ClearingWindow
from billing.rules.supply_period import supply_title
from billing.services import statements
from billing.services.closing import Closing, NotClosable, close_window
from clearinghouse.money import format_amount
from partners.models import Job, User
from partners.services import jobs

KIND = "billing.close_ordered_window"


def enqueue(window: ClearingWindow, *, requested_by: User | None) -> Job:
    """Queue the closing; while one is queued or running, that one is returned."""
    prefix = f"close-window:{window.pk}:"
    earlier = Job.objects.filter(run_key__startswith=prefix)
    finished = earlier.filter(finished_at__isnull=False).count()
    return jobs.enqueue(
        KIND,
        run_key=f"{prefix}{finished}",
        title=f"Close {window.group}, {_supply(window)}",
        parameters={"window_id": str(window.pk)},
        requested_by=requested_by,
    )


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Do a claimed job. Killed and started again it ends with the same settlement."""
    with jobs.failure_told(job, clock=clock):
        try:
            closing = _close_and_render(job, clock)
        except jobs.JobCancelled:
            jobs.finish(job, state=Job.State.CANCELLED, now=clock())
        except NotClosable as error:
            jobs.finish(job, state=Job.State.FAILED, now=clock(), error=str(error))
        else:
            jobs.finish(job, state=Job.State.DONE, now=clock(), result=_result(closing))


def _close_and_render(job: Job, clock: Callable[[], datetime]) -> Closing:
    window = ClearingWindow.objects.select_related("group").get(pk=job.parameters["window_id"])
    # Here it can still be stopped; once closed, the statements belong to it.
    jobs.report(job, done=0, total=None, now=clock())
    closing = close_window(window, now=clock())
    documents = [*closing.documents, *closing.provisional]
    total = 1 + len(documents)
    for done, document in enumerate(documents, start=1):
        Job.objects.filter(pk=job.pk).update(done=done, total=total, heartbeat_at=clock())
        statements.render_document(document, now=clock())
    Job.objects.filter(pk=job.pk).update(done=total, total=total, heartbeat_at=clock())
    return closing


def _supply(window: ClearingWindow) -> str:
    return supply_title(
        window.supply_starts_at, window.supply_ends_at, time_zone=window.group.time_zone
    )


def _result(closing: Closing) -> dict[str, object]:
    currency = closing.settlement.currency
    return {
        "statements": len(closing.documents),
        "provisional statements": len(closing.provisional),
        "see": {
            "label": "Positions and statements",
            "page": "admin:billing_settlement_change",
            "id": str(closing.settlement.pk),
        },
        "positions": {
            position.partner.name: format_amount(position.net_minor, currency)
            for position in closing.positions
        },
    }
