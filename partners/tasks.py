"""Clock work of the partners floor."""

import logging
from datetime import timedelta

from celery import current_app, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from partners.models import AccessToken
from partners.services import (
    agreement_job,
    approvals,
    exports,
    idempotency,
    jobs,
    life,
    offer_answers,
)

# A retry with the same Idempotency-Key is answered as the first time for this long.
KEEP_KEYS = timedelta(days=90)

logger = logging.getLogger(__name__)


@shared_task(name="partners.run_queued_jobs")
def run_queued_jobs() -> dict[str, int]:
    """Send every job that nobody works on to its task; claiming makes a second send harmless."""
    due = jobs.due(now=timezone.now())
    for job in due:
        current_app.send_task(job.kind, kwargs={"job_id": str(job.pk)})
    return {"sent": len(due)}


def wake_worker() -> None:
    """Let the queue be looked at now; with the broker away, the clock does it within a minute."""
    try:
        run_queued_jobs.delay()
    except OperationalError:
        logger.warning("partners.job.worker_not_woken")


@shared_task(name="partners.expire_approvals")
def expire_approvals() -> dict[str, int]:
    """Close the requests for a second person that nobody decided in seven days."""
    return {"expired": approvals.expire(now=timezone.now())}


@shared_task(name="partners.expire_offers")
def expire_offers() -> dict[str, int]:
    """End offers of agreements that nobody answered in time."""
    return {"expired": offer_answers.expire(now=timezone.now())}


@shared_task(name="partners.end_services")
def end_services() -> dict[str, int]:
    """Revoke clients and end connections of partners whose service has ended."""
    now = timezone.now()
    partners = list(life.services_to_end(now=now))
    for partner in partners:
        life.end_access(partner, now=now)
    return {"ended": len(partners)}


@shared_task(name=agreement_job.KIND)
def import_agreements(*, job_id: str) -> dict[str, object]:
    """Try or apply a file of agreements."""
    return jobs.carry_out(job_id, agreement_job.run, clock=timezone.now)


@shared_task(name="partners.forget_expired")
def forget_expired() -> dict[str, int]:
    """Delete expired access tokens, idempotency keys older than 90 days and old exports."""
    now = timezone.now()
    tokens, _ = AccessToken.objects.filter(expires__lt=now).delete()
    keys = idempotency.forget_keys(before=now - KEEP_KEYS)
    return {"tokens": tokens, "keys": keys, "exports": exports.forget_old(now=now)}


@shared_task(name=exports.KIND)
def export_table(*, job_id: str) -> dict[str, object]:
    """Make the file of a list that somebody asked for."""
    return jobs.carry_out(job_id, exports.run, clock=timezone.now)
