"""A certification as a job: the cases asked of a TEST connection's system with the agreed token."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from partners.models import Job, Party, RoamingEndpoint
from partners.services import jobs
from partners.services.endpoints import secret_of
from roaming.protocols.ocpi.certify import CASES, Report, Target, certify, our_role
from roaming.protocols.ocpi.identity import PROTOCOL, VERSIONS
from roaming.protocols.ocpi.simulator import FakePartner, Options, RegistrationFailed
from roaming.protocols.ocpi.simulator.exchanges import OUT, Call
from roaming.services import certification
from roaming.services.certification import NotCertifiable
from roaming.services.webhook_address import UnsafeAddress, check_url

# The party that we are towards the tested system: nobody's.
_TESTER = "TST"


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Do a claimed job; its report is signed and kept, whatever it says."""
    with jobs.failure_told(job, clock=clock):
        try:
            endpoint = RoamingEndpoint.objects.select_related("owner").get(
                pk=job.parameters["endpoint"]
            )
            report = _asked(job, endpoint, clock=clock)
        except (NotCertifiable, RegistrationFailed, ValueError) as error:
            jobs.finish(job, state=Job.State.FAILED, now=clock(), error=str(error))
            return
        except jobs.JobCancelled:
            jobs.finish(job, state=Job.State.CANCELLED, now=clock())
            return
        content = report.as_json()
        signature = certification.sign(content, now=report.ran_at)
        kept = certification.keep(endpoint.owner, content, signature, now=report.ran_at)
        result = {"report": str(kept.pk)} | report.totals
        jobs.finish(job, state=Job.State.DONE, now=clock(), result=result)


def _asked(job: Job, endpoint: RoamingEndpoint, *, clock: Callable[[], datetime]) -> Report:
    """Ask all cases but those of the handshake, which would end the connection.

    :raises NotCertifiable: it is LIVE, not registered, or speaks another protocol
    """
    certification.refuse_unfit(endpoint)
    if endpoint.protocol != PROTOCOL or endpoint.protocol_version not in VERSIONS:
        raise NotCertifiable(f"There are no cases for {endpoint.protocol}.")
    parties = list(endpoint.parties.order_by("country_code", "party_id"))
    role = _role(parties)
    done, total = 0, len(CASES)

    def told(call: Call) -> None:
        # A sign of life. Its answers to our commands come on threads of their own.
        if call.direction == OUT:
            jobs.report(job, done=done, total=total, now=clock())

    def case_told(number: int, of: int) -> None:
        nonlocal done, total
        done, total = number, of
        jobs.report(job, done=done, total=total, now=clock())

    options = Options(
        base64={"RAW": False, "BASE64": True}.get(endpoint.quirks.get("auth", "")),
        public_url=settings.CERTIFICATION_PUBLIC_URL,
        trace=told,
        guard=_guard,
    )
    target = Target(endpoint.versions_url, secret_of(endpoint), role, party=parties[0].code)
    us = FakePartner(
        our_role(role),
        endpoint.protocol_version,
        party=f"{settings.HUB_COUNTRY_CODE}*{_TESTER}",
        bind=settings.CERTIFICATION_BIND,
        options=options,
    )
    with us:
        return certify(us, target, ran_at=clock(), told=case_told)


def _role(parties: list[Party]) -> str:
    """:raises NotCertifiable: it speaks for nobody who sells or buys charging"""
    roles = {party.role for party in parties} & {Party.Role.CSO, Party.Role.CSP}
    if not roles:
        raise NotCertifiable("It speaks for no CSO and no CSP.")
    return "both" if len(roles) == 2 else next(iter(roles)).lower()


def _guard(url: str) -> None:
    """What a tested system says is its address may be somebody else's, or our own."""
    try:
        check_url(url, may_be_local=settings.PARTNERS_MAY_BE_LOCAL)
    except UnsafeAddress as error:
        raise ValueError(f"{url}: {error}") from error
