"""The role "lab": certifications of test systems, and nothing else that is here."""

import json

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from partners.models import AuditEvent, CertificationRun, Job, RoamingEndpoint, User
from partners.services import jobs
from partners.services.endpoints import Offered, Terms, settle
from roaming import tasks
from roaming.protocols.ocpi.simulator import FakePartner
from roaming.services import certification, receipts
from roaming.services.certification import NotCertifiable
from tests.makers import (
    NOON,
    PartnerUserMaker,
    PartyMaker,
    StaffMaker,
    laterne,
    nordlicht,
    partner_of,
)
from tests.roaming.part_five_rows import make

pytestmark = pytest.mark.django_db
LIST = reverse("admin:partners_certificationrun_changelist")
ASK = reverse("admin:partners_certificationrun_ask")


@pytest.fixture
def lab(client) -> User:
    """A login with the role as it is installed, and nothing besides."""
    user = User.objects.create(username="lab", is_staff=True)
    user.groups.add(Group.objects.get(name="lab"))
    client.force_login(user)
    return user


def registered(party, versions_url: str = "https://partner.example/versions", **changes):
    own = {"protocol": "OCPI", "protocol_version": "2.2.1", "registered_at": NOON}
    own |= {"state": "CONNECTED", "environment": party.environment, "versions_url": versions_url}
    endpoint = make(RoamingEndpoint, owner=partner_of(party), **own | changes)
    endpoint.parties.set([party])
    return endpoint


def test_reads_reports_and_takes_the_signed_file_which_can_be_verified(
    client, lab, tmp_path, capsys
):
    content = {
        "type": "certification-report",
        "environment": "TEST",
        "versions_url": "https://partner.example/versions",
        "role": "cso",
        "version": "2.2.1",
        "totals": {"passed": 1, "failed": 1, "not applicable": 0},
        "cases": [
            {"case": "TRN-01", "asked": "the list", "expected": "401", "came": "401"}
            | {"verdict": "passed"},
            {"case": "LOC-01", "asked": "a connector", "expected": "moves", "came": "stays"}
            | {"verdict": "failed"},
        ],
    }
    signature = certification.sign(content, now=NOON)
    run = certification.keep(partner_of(nordlicht()), content, signature, now=NOON)

    assert str(run.pk) in client.get(LIST).content.decode()
    shown = client.get(reverse("admin:partners_certificationrun_change", args=[run.pk]))
    told = shown.content.decode()
    assert told.index("LOC-01") < told.index("TRN-01")  # what failed stands first
    file = client.get(reverse("admin:partners_certificationrun_report", args=[run.pk]))
    assert json.loads(file.content)["report"] == content
    path = tmp_path / "report.json"
    path.write_bytes(file.content)
    call_command("certify_partner", "--verify", str(path))
    assert "Valid" in capsys.readouterr().out


def test_asks_a_test_system_and_the_job_keeps_the_signed_report(client, lab, settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    endpoint = registered(nordlicht("TEST"))
    with FakePartner("cso", "2.2.1", party=nordlicht("TEST").code) as system:
        system.add_location("LOC1")
        terms = Terms(
            secret=system.connection.issue(),
            versions_url=system.versions_url,
            version="2.2.1",
            interfaces=(Offered("locations", "SENDER", f"{system.base_url}/x"),),
        )
        settle(endpoint, terms, now=NOON)
        asked = client.post(ASK, {"endpoint": str(endpoint.pk)}, follow=True)
        assert "The cases are being asked" in asked.content.decode()
        job = Job.objects.get()
        assert (job.kind, job.requested_by) == (certification.JOB, lab)
        with pytest.raises(NotCertifiable, match="being certified"):
            certification.ask_for(endpoint, by=lab, now=timezone.now())

        tasks.certify_endpoint(job_id=str(job.pk))

    job.refresh_from_db()
    run = CertificationRun.objects.get()
    assert (job.state, job.result["report"]) == ("DONE", str(run.pk)), job.error
    assert (run.partner, run.endpoint, run.environment) == (endpoint.owner, endpoint, "TEST")
    assert run.passed > 15
    assert (
        certification.verify(run.signature, keys=receipts.public_keys())["totals"]
        == run.report["totals"]
    )
    assert terms.secret not in json.dumps([job.parameters, job.result, run.report])
    assert AuditEvent.objects.get(action="certification.asked").actor == "lab"


def test_live_and_what_never_registered_are_refused(client, lab):
    live = registered(nordlicht())
    twin = registered(nordlicht("TEST"), versions_url="https://PARTNER.example/versions/")
    never = registered(
        a_test_party_of(laterne()), registered_at=None, versions_url="https://l.example/v"
    )
    page = client.get(ASK).content.decode()
    assert str(twin.pk) in page
    for unfit, words in ((live, "LIVE"), (twin, "live system"), (never, "not registered")):
        client.post(ASK, {"endpoint": str(unfit.pk)})
        with pytest.raises(NotCertifiable, match=words):
            certification.ask_for(unfit, by=lab, now=NOON)
        assert str(live.pk) not in page
    assert not Job.objects.exists()
    # And where a job got in all the same, it ends before anything is asked.
    job = jobs.enqueue(
        certification.JOB, run_key="x", title="x", parameters={"endpoint": str(live.pk)}
    )
    tasks.certify_endpoint(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, "LIVE" in job.error) == ("FAILED", True)
    assert not CertificationRun.objects.exists()


def a_test_party_of(party):
    partner = partner_of(party)
    return PartyMaker(
        country_code=party.country_code,
        party_id=party.party_id,
        role=party.role,
        environment="TEST",
        partner=partner,
        owned_by=partner,
    )


def test_an_address_inside_the_house_is_not_asked(client, lab):
    endpoint = registered(nordlicht("TEST"), versions_url="https://127.0.0.1:9/versions")
    job = certification.ask_for(endpoint, by=lab, now=NOON)
    tasks.certify_endpoint(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == "FAILED"
    assert "not on the public Internet" in job.error


def test_sees_nothing_else(client, lab):
    pages = ("partners_partner", "partners_roamingendpoint", "roaming_sdr", "partners_job")
    others = [reverse(f"admin:{page}_changelist") for page in pages]
    others += [
        reverse("admin:billing_settlement_changelist"),
        reverse("admin:roaming_exchange_changelist"),
    ]
    assert {client.get(url).status_code for url in others} == {403}
    first = client.get(reverse("admin:index")).content.decode()
    assert "Claims received" not in first
    assert LIST in first


def test_strangers_see_no_report_and_ask_nobody(client):
    run = make(CertificationRun)
    urls = [
        LIST,
        ASK,
        reverse("admin:partners_certificationrun_change", args=[run.pk]),
        reverse("admin:partners_certificationrun_report", args=[run.pk]),
    ]
    for somebody in (
        PartnerUserMaker(partner=partner_of(nordlicht())),
        User.objects.create(username="new", is_staff=True),
    ):
        client.force_login(somebody)
        assert {client.get(url).status_code for url in urls} <= {302, 403}
        assert client.post(ASK, {}).status_code in (302, 403)
    client.force_login(StaffMaker())
    assert {client.get(url).status_code for url in urls} == {200}
    assert not Job.objects.exists()
