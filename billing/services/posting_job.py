"""The job that writes a posting export, for people who wait for it."""

from collections.abc import Callable
from datetime import date, datetime

from billing.models import PostingExport
from billing.services.posting_export import NotExportable, Order, export
from partners.models import Job, User
from partners.services import jobs
from partners.services.jobs import JobCancelled

KIND = "billing.export_postings"


def order_export(order: Order, *, requested_by: User, run_key: str) -> Job:
    """Queue the export; the same ``run_key`` again is the same job."""
    period = PostingExport(starts_at=order.starts_at, ends_at=order.ends_at).period
    return jobs.enqueue(
        KIND,
        run_key=f"{KIND}:{run_key}",
        title=f"Postings {period}, {order.format}",
        parameters={
            "format": order.format,
            "environment": order.environment,
            "currency": order.currency,
            "starts_at": order.starts_at.isoformat(),
            "ends_at": order.ends_at.isoformat(),
            "consultant": order.consultant,
            "client": order.client,
            "year_starts": order.year_starts.isoformat() if order.year_starts else None,
            "account_digits": order.account_digits,
        },
        requested_by=requested_by,
    )


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Write the files; what stands in the way ends the job with a sentence."""
    with jobs.failure_told(job, clock=clock):
        order = _order(job)
        try:
            made = _made_before(job, order) or export(
                order,
                now=clock(),
                told=lambda done, total: jobs.report(job, done=done, total=total, now=clock()),
            )
        except NotExportable as error:
            jobs.finish(job, state=Job.State.FAILED, now=clock(), error=str(error))
            return
        except JobCancelled:
            jobs.finish(job, state=Job.State.CANCELLED, now=clock())
            return
        result: dict[str, object] = {
            "files": len(made),
            "postings": sum(one.rows for one in made),
            "see": {
                "label": "See the export",
                "page": "admin:billing_postingexport_change",
                "id": str(made[0].pk),
            },
        }
        jobs.finish(job, state=Job.State.DONE, now=clock(), result=result)


def _made_before(job: Job, order: Order) -> list[PostingExport]:
    """What this job had kept already when its worker died."""
    return list(
        PostingExport.objects.filter(
            format=order.format,
            environment=order.environment,
            currency=order.currency,
            starts_at=order.starts_at,
            ends_at=order.ends_at,
            made_by=order.made_by,
            made_at__gte=job.started_at,
        ).order_by("id")
    )


def _order(job: Job) -> Order:
    told = job.parameters
    return Order(
        format=told["format"],
        environment=told["environment"],
        currency=told["currency"],
        starts_at=datetime.fromisoformat(told["starts_at"]),
        ends_at=datetime.fromisoformat(told["ends_at"]),
        made_by=job.requested_by.get_username() if job.requested_by else "job",
        consultant=told["consultant"],
        client=told["client"],
        year_starts=date.fromisoformat(told["year_starts"]) if told["year_starts"] else None,
        account_digits=told["account_digits"],
    )
