"""Clock work of the partners floor."""

from datetime import timedelta

from celery import current_app, shared_task
from django.utils import timezone

from partners.models import AccessToken
from partners.services import approvals, idempotency, jobs

# A retry with the same Idempotency-Key is answered as the first time for this long.
KEEP_KEYS = timedelta(days=90)


@shared_task(name="partners.run_queued_jobs")
def run_queued_jobs() -> dict[str, int]:
    """Send every job that nobody works on to its task; claiming makes a second send harmless."""
    due = jobs.due(now=timezone.now())
    for job in due:
        current_app.send_task(job.kind, kwargs={"job_id": str(job.pk)})
    return {"sent": len(due)}


@shared_task(name="partners.expire_approvals")
def expire_approvals() -> dict[str, int]:
    """Close the requests for a second person that nobody decided in seven days."""
    return {"expired": approvals.expire(now=timezone.now())}


@shared_task(name="partners.forget_expired")
def forget_expired() -> dict[str, int]:
    """Delete expired access tokens and idempotency keys older than 90 days."""
    now = timezone.now()
    tokens, _ = AccessToken.objects.filter(expires__lt=now).delete()
    keys = idempotency.forget_keys(before=now - KEEP_KEYS)
    return {"tokens": tokens, "keys": keys}
