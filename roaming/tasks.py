"""Clock and queue work of the roaming floor: translate, one call, a small dict."""

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from celery.result import AsyncResult
from django.utils import timezone
from kombu.exceptions import OperationalError

from partners.models import Job, Partner, Party, RoamingEndpoint, User
from partners.services import jobs
from partners.tasks import run_queued_jobs
from roaming.protocols.ocpi import certify_job
from roaming.services import (
    ageing,
    agreement_news,
    certification,
    correction_job,
    counter_proof,
    deliveries,
    dispute_clock,
    dispute_escalation,
    dispute_overtaken,
    disputes,
    exchanges,
    figures,
    gateway_deliveries,
    healing,
    holds,
    import_job,
    leaving,
    lifecycle,
    manifests,
    matching,
    outages,
    own_corrections,
    partitions,
    presence,
    pushes,
    registry_job,
    remote_outcomes,
    reservations,
    samples,
    silence,
    simulation_job,
    unbilled_sessions,
    webhooks,
)

logger = logging.getLogger(__name__)


@shared_task(name="roaming.import_file")
def import_file(*, job_id: str) -> dict[str, object]:
    """Run an uploaded import; killed and started again it ends with the same totals."""
    return jobs.carry_out(job_id, import_job.run, clock=timezone.now)


@shared_task(name="roaming.erase_drivers")
def erase_drivers() -> dict[str, int]:
    """Forget the drivers of partners that left 13 months ago."""
    return {"rows": leaving.erase_drivers(now=timezone.now())}


@shared_task(name="roaming.correct_holds")
def correct_holds(*, job_id: str) -> dict[str, object]:
    """Try or apply a file of corrected held records; started again it finds them moved."""
    return jobs.carry_out(job_id, correction_job.run, clock=timezone.now)


@shared_task(name=own_corrections.FILE)
def write_corrections_file(*, job_id: str) -> dict[str, object]:
    """Write the file of a partner's records that it can correct."""
    return jobs.carry_out(job_id, own_corrections.write_file, clock=timezone.now)


@shared_task(name="roaming.order_corrections")
def order_corrections(step: str, *, partner_id: str, user_id: int, **asked: str) -> dict[str, str]:
    """Queue what a person of a partner asked for: a portal request may write no job."""
    partner, by = Partner.objects.get(pk=partner_id), User.objects.get(pk=user_id)
    key = UUID(asked.pop("key")) if "key" in asked else None
    job: Job | None
    if key is None:
        job = own_corrections.order_file(partner, by=by)
    elif step == "try":
        job = own_corrections.order_trial(partner, key=key, by=by, **asked)
    else:
        job = own_corrections.order_application(partner, key=key, by=by, **asked)
    run_queued_jobs()
    return {"job_id": str(job.pk) if job else ""}


def ask_for_corrections(step: str, partner: Partner, *, by: User, **asked: str) -> bool:
    """Have a step done: "file", "try" or "apply"; whether the order was taken."""
    try:
        order_corrections.delay(step, partner_id=str(partner.pk), user_id=by.pk, **asked)
    except OperationalError:
        logger.warning("roaming.corrections.not_ordered", extra={"partner_id": str(partner.pk)})
        return False
    return True


@shared_task(name="roaming.order_certification")
def order_certification(*, endpoint_id: str, user_id: int) -> dict[str, str]:
    """Queue a certification that a person of its owner asked for in the portal."""
    endpoint = RoamingEndpoint.objects.select_related("owner").get(pk=endpoint_id)
    try:
        job = certification.ask_for(endpoint, by=User.objects.get(pk=user_id), now=timezone.now())
    except certification.NotCertifiable as error:  # it was fit when the person asked
        return {"refused": str(error)}
    run_queued_jobs()
    return {"job_id": str(job.pk)}


@shared_task(name="roaming.send_sample")
def send_sample(*, party_id: str, kind: str, key: str, user_id: int) -> dict[str, str]:
    """Send an invented record of a TEST party; a portal request may make no counterpart."""
    party, by = Party.objects.get(pk=party_id), User.objects.get(pk=user_id)
    try:
        outcome = samples.send(party, kind=kind, key=UUID(key), by=by, now=timezone.now())
    except samples.TooManySamples:
        return {"refused": "enough were sent in the last hour"}
    return {"sdr_id": outcome.sdr_id, "outcome": outcome.outcome}


def ask_worker(task: Callable[..., AsyncResult], **asked: str | int) -> bool:
    """Have a task done that a portal request asks for; whether the order was taken."""
    try:
        task(**asked)
    except OperationalError:
        logger.warning("roaming.portal.not_ordered")
        return False
    return True


@shared_task(name="roaming.simulate_rules")
def simulate_rules(*, job_id: str) -> dict[str, object]:
    """Show what drafts would do to past records; it writes the job's row alone."""
    return jobs.carry_out(job_id, simulation_job.run, clock=timezone.now)


@shared_task(name="roaming.import_registry")
def import_registry(*, job_id: str) -> dict[str, object]:
    """Try or apply a registry's file; the same rows again change nothing."""
    return jobs.carry_out(job_id, registry_job.run, clock=timezone.now)


@shared_task(name="roaming.certify_endpoint")
def certify_endpoint(*, job_id: str) -> dict[str, object]:
    """Ask a TEST connection's system the conformance cases; started again it asks anew."""
    return jobs.carry_out(job_id, certify_job.run, clock=timezone.now)


@shared_task(name="roaming.publish_overdue_deliveries")
def publish_overdue_deliveries() -> dict[str, int]:
    """Number the deliveries that a killed process left without a sequence."""
    return {"numbered": deliveries.publish_overdue()}


@shared_task(name="roaming.tell_of_offers")
def tell_of_offers() -> dict[str, int]:
    """Owe both sides' systems the news of offered agreements."""
    return {"told": agreement_news.owe_news(now=timezone.now())}


@shared_task(name="roaming.ensure_partitions")
def ensure_partitions() -> dict[str, int]:
    """Make the partitions of the months to come."""
    return {"made": partitions.ensure_ahead(now=timezone.now())}


@shared_task(name="roaming.deem_accepted")
def deem_accepted() -> dict[str, int]:
    """Accept what the CSPs left unanswered past their deadlines."""
    return {"accepted": lifecycle.deem_accepted(now=timezone.now())}


@shared_task(name="roaming.send_webhooks")
def send_webhooks() -> dict[str, int]:
    """Send what is owed to every party with a webhook."""
    return webhooks.send_due(clock=timezone.now)


def wake_webhooks() -> None:
    """Send what is due now; with the broker away, the clock does it within a minute."""
    try:
        send_webhooks.delay()
    except OperationalError:
        logger.warning("roaming.webhooks.not_woken")


@shared_task(name="roaming.send_pushes")
def send_pushes() -> dict[str, int]:
    """Push the newest state of what changed to the partners that are to know it."""
    return pushes.send_due(clock=timezone.now)


@shared_task(name="roaming.deliver_over_gateways")
def deliver_over_gateways() -> dict[str, int]:
    """Hand records over to the parties that are connected by a protocol."""
    return gateway_deliveries.deliver_over_gateways(clock=timezone.now)


@shared_task(name="roaming.keep_alive")
def keep_alive() -> dict[str, int]:
    """Ask the systems that were not heard of for five minutes whether they are there."""
    return presence.keep_alive(clock=timezone.now)


@shared_task(name="roaming.prune_exchanges")
def prune_exchanges() -> dict[str, int]:
    """Delete the exchanges of more than thirty days ago."""
    return {"deleted": exchanges.prune(now=timezone.now())}


@shared_task(name="roaming.retry_holds")
def retry_holds() -> dict[str, int]:
    """Check again what waits for master data; a partner's own role may not read raw records."""
    return dict(holds.heal(actor="clock", now=timezone.now()))


@shared_task(name="roaming.expire_holds")
def expire_holds() -> dict[str, int]:
    """Reject what was held for thirty days."""
    return {"rejected": holds.expire(now=timezone.now())}


@shared_task(name="roaming.match_records")
def match_records() -> dict[str, int]:
    """Compare both sides of the sessions of the last 35 days, once an hour."""
    now = timezone.now()
    return matching.match_and_dispute(
        from_at=now - timedelta(days=35), until_at=now, run_key=f"hour {now:%Y-%m-%dT%H}", now=now
    )


@shared_task(name="roaming.age_one_sided")
def age_one_sided() -> dict[str, int]:
    """Pass the stages that silence leads to."""
    return ageing.age_one_sided(now=timezone.now())


@shared_task(name="roaming.prove_counter_records")
def prove_counter_records() -> dict[str, int]:
    """Prove that every counter-record that came in is there; alert staff where one is not."""
    return {"differing": len(counter_proof.prove(now=timezone.now()))}


@shared_task(name="roaming.watch_senders")
def watch_senders() -> dict[str, int]:
    """Tell of CSOs that fell silent, and of receivers that are away."""
    now = timezone.now()
    return silence.watch(now=now) | outages.watch(now=now)


@shared_task(name="roaming.watch_sessions")
def watch_sessions() -> dict[str, int]:
    """Tell of sessions that are over and whose records did not come when agreed."""
    return unbilled_sessions.watch(now=timezone.now())


@shared_task(name="roaming.write_manifests")
def write_manifests() -> dict[str, int]:
    """Write the manifests of the days that are over."""
    return manifests.write_due(now=timezone.now())


@shared_task(name="roaming.heal_news")
def heal_news() -> dict[str, int]:
    """Check again what the newest master data may cure."""
    return dict(healing.heal_news(now=timezone.now()))


@shared_task(name="roaming.expire_disputes")
def expire_disputes() -> dict[str, int]:
    """Remind of deadlines, let silence have its outcome, replace and split what stands in part."""
    now = timezone.now()
    return (
        dispute_overtaken.close_overtaken(now=now)
        | dispute_clock.expire_due(now=now)
        | disputes.split_undisputed(now=now)
        | disputes.replace_agreed(now=now)
        | dispute_escalation.watch(now=now)
    )


@shared_task(name="roaming.close_remote_requests")
def close_remote_requests() -> dict[str, int]:
    """Tell askers of what got no outcome in time; end the reservations that nobody used."""
    now = timezone.now()
    return {
        "timed_out": remote_outcomes.time_out(now=now),
        "expired": reservations.expire(now=now),
    }


@shared_task(name="roaming.prepare_figures")
def prepare_figures() -> dict[str, object]:
    """Count the days to whose records something happened; twice changes nothing."""
    return dict(figures.prepare(now=timezone.now()))
