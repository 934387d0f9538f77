"""Certifications: what the conformance cases found at a partner's test system, signed and kept.

The signature holds the whole report: who has the published keys needs nothing else.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from partners.models import CertificationRun, Environment, Job, Partner, RoamingEndpoint, User
from partners.services import audit, jobs
from roaming.rules import receipt
from roaming.services import receipts

KIND = "certification-report+jws"
JOB = "roaming.certify_endpoint"


class LiveSystem(Exception):
    """The system serves real drivers; cases would leave their objects there."""


class NotCertifiable(Exception):
    """The connection cannot be asked the cases; the text says why."""


def ask_for(endpoint: RoamingEndpoint, *, by: User, now: datetime) -> Job:
    """Queue a certification of a connection's system; one is under way at a time.

    :raises NotCertifiable: it is LIVE, not registered, or being certified
    """
    refuse_unfit(endpoint)
    of_endpoint = Job.objects.filter(kind=JOB, parameters__endpoint=str(endpoint.pk))
    if of_endpoint.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING)).exists():
        raise NotCertifiable("It is being certified; wait for that report.")
    job = jobs.enqueue(
        JOB,
        run_key=f"certify:{endpoint.pk}:{now.isoformat()}",
        title=f"Certify {endpoint}",
        parameters={"endpoint": str(endpoint.pk)},
        requested_by=by,
        partner=endpoint.owner,
    )
    audit.record("certification.asked", endpoint, actor=by.get_username(), at=now)
    return job


def newest_job(endpoint: RoamingEndpoint) -> Job | None:
    """The certification of a connection's system that was asked for last."""
    asked = Job.objects.filter(kind=JOB, partner=endpoint.owner_id)
    return asked.filter(parameters__endpoint=str(endpoint.pk)).order_by("-created_at").first()


def signed_file(run: CertificationRun) -> str:
    """The file that is handed on, as ``certify_partner --json --sign`` prints it."""
    told = {"report": run.report, "signature": run.signature}
    return json.dumps(told, ensure_ascii=False, indent=2)


def refuse_unfit(endpoint: RoamingEndpoint) -> None:
    """:raises NotCertifiable: it is LIVE, or not registered so that no token was agreed"""
    if endpoint.environment != Environment.TEST:
        raise NotCertifiable("It is a LIVE connection; cases would leave their objects there.")
    if endpoint.registered_at is None or not endpoint.versions_url:
        raise NotCertifiable("Its system has not registered yet.")
    try:
        refuse_live(endpoint.versions_url)
    except LiveSystem as error:
        raise NotCertifiable(str(error)) from error


def refuse_live(versions_url: str) -> None:
    """:raises LiveSystem: one of our connections of the LIVE environment leads there."""
    live = RoamingEndpoint.objects.filter(environment=Environment.LIVE).exclude(versions_url="")
    known = live.values_list("versions_url", flat=True)
    if _spelled(versions_url) in {_spelled(one) for one in known}:
        raise LiveSystem(f"{versions_url} is a live system; certify its test system")


def sign(report: Mapping[str, object], *, now: datetime) -> str:
    """The report as a compact JWS of :data:`KIND`, by the key of our receipts."""
    claims = {"iss": receipts.ISSUER, "iat": int(now.timestamp()), "report": report}
    return receipts.sign(claims, kind=KIND)


def verify(signature: str, *, keys: Sequence[Mapping[str, str]]) -> dict[str, object]:
    """The report that was signed with one of ``keys``.

    :raises ReceiptInvalid: it is none of ours, or none of a certification.
    """
    claims = receipt.verify(signature, {key["kid"]: key for key in keys}, kind=KIND)
    report = claims["report"]
    if not isinstance(report, dict):
        raise receipt.ReceiptInvalid("it holds no report")
    return report


def keep(
    partner: Partner, report: Mapping[str, object], signature: str, *, now: datetime
) -> CertificationRun:
    """Store a signed report with the partner; its test endpoint is found by the URL."""
    totals = report["totals"]
    assert isinstance(totals, dict)  # noqa: S101 our own report
    endpoints = RoamingEndpoint.objects.filter(
        owner=partner, environment=Environment.TEST, versions_url=report["versions_url"]
    )
    return CertificationRun.objects.create(
        partner=partner,
        endpoint=endpoints.first(),
        environment=Environment.TEST,
        ran_at=now,
        passed=totals["passed"],
        failed=totals["failed"],
        not_applicable=totals["not applicable"],
        report=report,
        signature=signature,
    )


def _spelled(url: str) -> tuple[str, str]:
    """Host and path, whatever the case of one and the last slash of the other."""
    parts = urlsplit(url.strip())
    return parts.netloc.lower(), parts.path.rstrip("/")
