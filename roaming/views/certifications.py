"""Certify my TEST systems: what is asked, how far it is, what came, the signed report."""

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from partners.models import CertificationRun, Environment, Job, RoamingEndpoint
from partners.portal import for_partner, partner_of, user_of
from partners.rules.roles import OPERATE
from partners.services import audit
from roaming.protocols.ocpi.certify import cases_for
from roaming.protocols.ocpi.certify.hints import hint_for
from roaming.services import certification
from roaming.services.certification import NotCertifiable
from roaming.tasks import ask_worker, order_certification

_LAST = 10
# How long an order may lie before its job is there.
_PATIENCE_S = 30
_UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)
_ASKED = "asked_certifications"
_STAGES = {"passed": "settled", "failed": "refused"}
_ORDER = {"failed": 0, "passed": 1}


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(to_write=OPERATE)
def certify(request: HttpRequest, own_endpoint_id: UUID) -> HttpResponse:
    """What would be asked of one system, and a button that has it asked."""
    endpoint = _own(request, own_endpoint_id)
    unfit = _unfit(endpoint)
    if request.method == "POST":
        if unfit:
            messages.error(request, unfit)
        elif _is_working(request, endpoint, certification.newest_job(endpoint)):
            messages.error(request, gettext("It is being certified: wait for that report."))
        elif ask_worker(
            order_certification.delay, endpoint_id=str(endpoint.pk), user_id=user_of(request).pk
        ):
            request.session[_ASKED] = {str(endpoint.pk): timezone.now().timestamp()}
        else:
            messages.error(request, gettext("It cannot be asked just now; try again in a minute."))
        return redirect("sandbox:certify", endpoint.pk)
    job = certification.newest_job(endpoint)
    roles = {party.role for party in endpoint.parties.all()}
    context = {
        "section": "sandbox",
        "endpoint": endpoint,
        "unfit": unfit,
        "job": job,
        "has_failed": job is not None and job.state == Job.State.FAILED,
        "is_working": _is_working(request, endpoint, job),
        "cases": cases_for(roles, endpoint.protocol_version),
        "runs": told_runs(runs_of(request).filter(endpoint=endpoint)[:_LAST]),
    }
    response = render(request, "portal/certify.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
@for_partner
def progress(request: HttpRequest, own_endpoint_id: UUID) -> HttpResponse:
    """The part of the page that htmx asks for, until the report is there."""
    endpoint = _own(request, own_endpoint_id)
    job = certification.newest_job(endpoint)
    if _is_working(request, endpoint, job):
        context = {"endpoint": endpoint, "job": job, "is_working": True}
        return render(request, "portal/_certifying.html", context)
    request.session.pop(_ASKED, None)
    is_done = job is not None and job.state == Job.State.DONE
    url = reverse("sandbox:certify", args=[endpoint.pk])
    if job is not None and is_done and (job.result or {}).get("report"):
        url = reverse("sandbox:report", args=[job.result["report"]])  # type: ignore[index]
    return HttpResponse(headers={"HX-Redirect": url})


@require_safe
@for_partner
def report(request: HttpRequest, own_run_id: UUID) -> HttpResponse:
    """Each case: asked, expected, what came; failed ones first, with what to do."""
    run = get_object_or_404(runs_of(request), pk=own_run_id)
    cases = sorted(run.report.get("cases", []), key=lambda one: _ORDER.get(one["verdict"], 2))
    [(_, word, stage)] = told_runs([run])
    context = {
        "section": "sandbox",
        "run": run,
        "word": word,
        "stage": stage,
        "cases": [
            (
                one,
                _STAGES.get(one["verdict"], "waiting"),
                _word(one["verdict"]),
                hint_for(one["case"]) if one["verdict"] == "failed" else "",
            )
            for one in cases
        ],
    }
    return render(request, "portal/certification.html", context)


@require_safe
@for_partner
def signed_report(request: HttpRequest, own_run_id: UUID) -> HttpResponse:
    """The file that can be handed on and verified; who took it is noted."""
    run = get_object_or_404(runs_of(request), pk=own_run_id)
    by, now = request.user.get_username(), timezone.now()
    audit.record("certification.report_taken", run, actor=by, at=now)
    name = f"certification-{run.ran_at:%Y%m%d-%H%M}.json"
    return HttpResponse(
        certification.signed_file(run),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def runs_of(request: HttpRequest) -> QuerySet[CertificationRun]:
    """The reports of who is logged in, the newest first."""
    own = CertificationRun.objects.filter(partner=partner_of(request))
    return own.defer("signature").order_by("-id")


def told_runs(runs) -> list[tuple[CertificationRun, str, str]]:
    """Each with its verdict in words and its stage."""
    return [
        (run, gettext("Not yet"), "refused")
        if run.failed or not run.passed
        else (run, gettext("Passed"), "settled")
        for run in runs
    ]


def _own(request: HttpRequest, endpoint_id: UUID) -> RoamingEndpoint:
    own = RoamingEndpoint.objects.filter(owner=partner_of(request), environment=Environment.TEST)
    found = own.prefetch_related("parties").filter(pk=endpoint_id).first()
    if found is None:
        raise Http404("no test system of yours")
    return found


def _unfit(endpoint: RoamingEndpoint) -> str:
    if endpoint.state == RoamingEndpoint.State.SUSPENDED:
        return gettext("It is suspended: ask the clearing house.")
    try:
        certification.refuse_unfit(endpoint)
    except NotCertifiable as error:
        return str(error)
    return ""


def _is_working(request: HttpRequest, endpoint: RoamingEndpoint, job: Job | None) -> bool:
    """Also in the moment between the order and its job."""
    if job is not None and job.state in _UNFINISHED:
        return True
    asked_at = request.session.get(_ASKED, {}).get(str(endpoint.pk), 0)
    is_recent = timezone.now().timestamp() - asked_at < _PATIENCE_S
    return is_recent and (job is None or job.created_at.timestamp() < asked_at)


def _word(verdict: str) -> str:
    words = {"passed": gettext("Passed"), "failed": gettext("Failed")}
    return words.get(verdict, gettext("Not asked"))
