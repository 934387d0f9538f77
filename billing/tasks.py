"""Clock work of the billing floor: each may run twice, be killed anywhere, and run again."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from billing.gateways import mail_server
from billing.models import BankEntry, Document, ExposureReading
from billing.services import (
    annex_job,
    close_job,
    closing,
    conservation,
    data_package,
    exposure,
    invoice_files,
    invoice_objections,
    mailing,
    notification_mail,
    notifying,
    posting_job,
    sealing,
    statements,
    suspense,
)
from billing.services.bank import dunning, matching, unallocated
from billing.services.clearing import clear_group
from billing.services.closing import ConservationDiffers, NotClosable
from partners.models import Environment, Partner, SettlementGroup, User
from partners.services import jobs
from partners.services.clockwork import Work, go_through
from partners.tasks import run_queued_jobs

# After each clearing only fresh receipts are proved anew; the night proves all of them.
_FRESH = timedelta(days=35)
# What the portal hands out as PDF.
_IN_PORTAL = {Document.Kind.STATEMENT, Document.Kind.PROVISIONAL, Document.Kind.DUNNING}

logger = logging.getLogger(__name__)


@shared_task(name="billing.clear_hourly")
def clear_hourly(run_key: str = "") -> dict[str, int]:
    """Clear every settlement group once per ``run_key``, by default once an hour.

    A group that cannot be cleared holds up no other.
    """
    now = timezone.now()
    key = run_key or f"hourly:{now:%Y-%m-%dT%H}"
    done = []
    for group in SettlementGroup.objects.order_by("environment", "name"):
        try:
            done.append(clear_group(group, run_key=f"{key}:{group.pk}", now=now))
        except Exception:
            logger.exception("billing.clearing.failed", extra={"group_id": str(group.pk)})
    differing = conservation.prove(now=now, from_day=(now - _FRESH).date())
    _tell(differing)
    return {
        "cleared": sum(one.run.cleared for one in done if not one.is_repeat),
        "left": sum(sum(one.left.values()) for one in done),
        "differing": len(differing),
    }


@shared_task(name="billing.close_due_windows")
def close_due_windows() -> dict[str, int]:
    """Close every window whose closing day has come; one that must stay open holds up no other."""
    closed = refused = 0
    for window in closing.due_windows(now=timezone.now()):
        try:
            closing.close_window(window, now=timezone.now())
        except ConservationDiffers as error:
            refused += 1
            logger.error(
                "billing.window.not_closed",
                extra={"window_id": str(window.pk), "lines": [str(line) for line in error.lines]},
            )
        except NotClosable as error:
            refused += 1
            logger.error(
                "billing.window.rates_missing",
                extra={"window_id": str(window.pk), "reason": str(error)},
            )
        except Exception:
            # What nobody foresaw, such as two fees that fit equally well: the others close.
            refused += 1
            logger.exception("billing.window.failed", extra={"window_id": str(window.pk)})
        else:
            closed += 1
    return {"closed": closed, "refused": refused}


@shared_task(name=close_job.KIND)
def close_ordered_window(*, job_id: str) -> dict[str, object]:
    """Close the window that a person ordered closed, and render its statements."""
    return jobs.carry_out(job_id, close_job.run, clock=timezone.now)


@shared_task(name=posting_job.KIND)
def export_postings(*, job_id: str) -> dict[str, object]:
    """Write the posting export that a person ordered."""
    return jobs.carry_out(job_id, posting_job.run, clock=timezone.now)


@shared_task(name="billing.order_annex")
def order_annex(*, document_id: str, kind: str) -> dict[str, str]:
    """Queue the file that a partner asked for: its request may write no job itself."""
    document = Document.objects.get(pk=document_id)
    job = annex_job.order(document, kind)
    run_queued_jobs()
    return {"job_id": str(job.pk)}


def ask_for_annex(document: Document, kind: str) -> None:
    """Have a large annex made; with the broker away, whoever asks again asks anew."""
    try:
        order_annex.delay(document_id=str(document.pk), kind=kind)
    except OperationalError:
        logger.warning("billing.annex.not_ordered", extra={"number": document.number})


@shared_task(name=annex_job.KIND)
def make_annex(*, job_id: str) -> dict[str, object]:
    """Write a large annex that somebody asked for."""
    return jobs.carry_out(job_id, annex_job.run, clock=timezone.now)


@shared_task(name="billing.order_package")
def order_package(*, partner_id: str, user_id: int) -> dict[str, str]:
    """Queue the data package that a person asked for: a portal request may write no job."""
    job = data_package.order(
        Partner.objects.get(pk=partner_id), requested_by=User.objects.get(pk=user_id)
    )
    run_queued_jobs()
    return {"job_id": str(job.pk)}


def ask_for_package(partner: Partner, *, by: User) -> bool:
    """Have a partner's data package made; whether the order was taken."""
    try:
        order_package.delay(partner_id=str(partner.pk), user_id=by.pk)
    except OperationalError:
        logger.warning("billing.package.not_ordered", extra={"partner_id": str(partner.pk)})
        return False
    return True


@shared_task(name=data_package.KIND)
def make_package(*, job_id: str) -> dict[str, object]:
    """Write all that a partner may take along."""
    return jobs.carry_out(job_id, data_package.run, clock=timezone.now)


@shared_task(name="billing.prove_conservation")
def prove_conservation() -> dict[str, int]:
    """Prove every line of every sender."""
    differing = conservation.prove(now=timezone.now())
    _tell(differing)
    return {"differing": len(differing)}


@shared_task(name="billing.follow_disputes")
def follow_disputes() -> dict[str, int]:
    """Show in the books what is in dispute, and no longer what was."""
    return {"posted": suspense.follow_disputes(now=timezone.now())}


@shared_task(name="billing.seal_ledger")
def seal_ledger() -> dict[str, int]:
    """Chain what was posted since the last sealing, and move the horizon of the books to now."""
    return {"sealed": sealing.seal(now=timezone.now())}


@shared_task(name="billing.render_missing_statements")
def render_missing_statements(job_id: str = "") -> dict[str, int]:
    """Render the statements that have no PDF yet."""
    work = Work(
        "billing.render_missing_statements",
        "Statements made into PDF",
        statements.missing(),
        lambda document: statements.is_rendered(document, now=timezone.now()),
    )
    return {"rendered": go_through(work, clock=timezone.now, job_id=job_id)}


@shared_task(name="billing.render_missing_invoices")
def render_missing_invoices(job_id: str = "") -> dict[str, int]:
    """Take back what sellers refused; render what has no files, judged by the rules."""
    taken_back = len(invoice_objections.take_back_refused(now=timezone.now()))
    work = Work(
        "billing.render_missing_invoices",
        "Invoices made into PDF and XML",
        invoice_files.missing(),
        lambda document: invoice_files.is_rendered(document, now=timezone.now()),
    )
    return {
        "taken_back": taken_back,
        "rendered": go_through(work, clock=timezone.now, job_id=job_id),
    }


@shared_task(name="billing.send_letters")
def send_letters() -> dict[str, int]:
    """Tell partners of their documents; without a mail server the letters wait for one."""
    owed = mailing.owe_letters(now=timezone.now())
    server = mail_server(settings.EMAIL_URL)
    if server is None:
        return {"owed": owed, "sent": 0, "left": 0}
    sites = settings.CSRF_TRUSTED_ORIGINS or ["http://localhost:8000"]
    sent = mailing.send_letters(server, site=sites[0], link=_link_to, clock=timezone.now)
    if sent["left"]:
        logger.error("billing.letters.not_taken", extra={"letters": sent["left"]})
    return {"owed": owed, **sent}


@shared_task(name="billing.notify_people")
def notify_people() -> dict[str, int]:
    """Tell people of partners what happened; without a mail server it is noted and not told."""
    is_direct = settings.MONEY_FLOW == "INSTRUCTION_ONLY"
    noted = notifying.owe(is_direct=is_direct, now=timezone.now())
    server = mail_server(settings.EMAIL_URL)
    if server is None:
        return {"noted": noted, "letters": 0, "sent": 0, "left": 0}
    letters = notifying.gather(now=timezone.now())
    sites = settings.CSRF_TRUSTED_ORIGINS or ["http://localhost:8000"]
    sent = notification_mail.send(server, site=sites[0], link=_page_of, clock=timezone.now)
    if sent["left"]:
        logger.error("billing.letters.not_taken", extra={"letters": sent["left"]})
    return {"noted": noted, "letters": letters, **sent}


def _page_of(page: Sequence[str]) -> str:
    name, *about = page
    return reverse(name, args=about)


@shared_task(name="billing.forget_notifications")
def forget_notifications() -> dict[str, int]:
    """Delete what people were told 90 days ago and more."""
    return {"forgotten": notifying.forget(now=timezone.now())}


def _link_to(document: Document) -> str:
    """The page that hands the document out; of what the portal does not show, its first page."""
    if document.environment == Environment.LIVE and document.kind in _IN_PORTAL:
        return reverse("portal:statement-pdf", args=[document.pk])
    return reverse("portal:home")


@shared_task(name="billing.read_exposures")
def read_exposures() -> dict[str, int]:
    """Read each group's exposures before its records are cleared, and block or lift by them."""
    levels: Counter[str] = Counter()
    for group in SettlementGroup.objects.order_by("environment", "name"):
        try:
            readings = exposure.read_exposures(group, now=timezone.now())
        except Exception:
            logger.exception("billing.exposure.failed", extra={"group_id": str(group.pk)})
            continue
        for reading in readings:
            levels[reading.level.lower()] += 1
            if reading.level != ExposureReading.Level.FREE:
                logger.warning(
                    "billing.exposure.near_or_over_its_limit",
                    extra={"partner_id": str(reading.partner_id), "level": reading.level},
                )
    return dict(levels)


@shared_task(name="billing.match_bank")
def match_bank() -> dict[str, int]:
    """Match again what waits of the bank: since the last time an account or a debt may be known.

    What was paid too much is offered for debts that fell due.
    """
    done = matching.Round()
    environments = BankEntry.objects.order_by("environment").values_list("environment", flat=True)
    for environment in environments.distinct():
        done += matching.match_all(environment, by="the clock", now=timezone.now())
        unallocated.suggest(environment, now=timezone.now())
    for account in done.stopped:
        logger.warning("billing.bank.statement_missing", extra={"account": account[-4:]})
    return {"matched": done.matched, "exceptions": done.exceptions, "stopped": len(done.stopped)}


@shared_task(name="billing.dun_overdue")
def dun_overdue() -> dict[str, int]:
    """Take each level of dunning that was reached; a settlement that fails holds up no other."""
    steps: Counter[str] = Counter()
    for settlement in dunning.due_settlements(now=timezone.now()):
        try:
            taken = dunning.dun(settlement, now=timezone.now())
        except Exception:
            logger.exception("billing.dunning.failed", extra={"settlement_id": str(settlement.pk)})
            continue
        steps.update(step.level.lower() for step in taken)
    return dict(steps)


def _tell(differing: Iterable[conservation.Line]) -> None:
    for line in differing:
        logger.error("billing.conservation.differs", extra={"line": str(line)})
