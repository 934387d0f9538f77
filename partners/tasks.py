"""Clock work of the partners floor."""

from celery import current_app, shared_task
from django.utils import timezone

from partners.services import jobs


@shared_task(name="partners.run_queued_jobs")
def run_queued_jobs() -> dict[str, int]:
    """Send every job that nobody works on to its task; claiming makes a second send harmless."""
    due = jobs.due(now=timezone.now())
    for job in due:
        current_app.send_task(job.kind, kwargs={"job_id": str(job.pk)})
    return {"sent": len(due)}
