"""A partner tries its TEST parties and has its TEST systems certified; never LIVE."""

import html
import json
import re
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.services.clearing import clear_group
from billing.services.closing import close_window
from clearinghouse.uuid7 import uuid7_at
from partners.models import (
    ApiClient,
    AuditEvent,
    CertificationRun,
    Job,
    Party,
    RoamingAgreement,
    RoamingEndpoint,
)
from partners.services import sandbox
from partners.services.endpoints import Offered, Terms, settle
from roaming import tasks
from roaming.models import CounterRecord, Match, Sdr, SdrState
from roaming.protocols.ocpi.certify import CASES
from roaming.protocols.ocpi.certify.hints import hint_for
from roaming.protocols.ocpi.simulator import FakePartner
from roaming.services import certification, receipts, samples
from roaming.services.matching import match_and_dispute
from tests.makers import NOON, PartnerUserMaker, laterne, nordlicht, partner_of, voltaire
from tests.roaming.test_lab import registered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_secrets")]
HOME = reverse("sandbox:home")


@pytest.fixture(autouse=True)
def orders(monkeypatch):
    """What the portal asks the worker to do; the test is the worker."""
    asked: list[tuple[str, dict[str, str | int]]] = []
    for room, name in (("sandbox", "send_sample"), ("certifications", "order_certification")):
        task = SimpleNamespace(delay=lambda name=name, **what: asked.append((name, what)))
        monkeypatch.setattr(f"roaming.views.{room}.{name}", task)
    return asked


@pytest.fixture
def person(client):
    person = PartnerUserMaker(partner=partner_of(nordlicht("TEST")), role="partner-operations")
    client.force_login(person)
    return person


def words(answer) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(html.unescape(text).split())


def ordered(client, orders, party: Party, kind: str) -> str:
    """The page that an order leads to, and then what the worker does."""
    told = client.post(reverse("sandbox:order-sample"), {"party": party.pk, "kind": kind})
    assert told.status_code == 302
    [(name, asked)] = orders
    orders.clear()
    assert name == "send_sample"
    assert "on its way" in words(client.get(told["Location"]))
    tasks.send_sample(**asked)
    return told["Location"]


class TestASample:
    def test_of_a_seller_goes_through_to_a_counterpart_of_the_house(self, client, person, orders):
        party = nordlicht("TEST")
        assert "counterpart of the house" in words(client.get(HOME))

        page = client.get(ordered(client, orders, party, "good"), follow=True)

        record = Sdr.objects.get()
        state = SdrState.objects.get()
        assert (state.environment, state.state) == ("TEST", "ACCEPTED")
        assert page.redirect_chain[-1][0] == reverse("portal:record", args=[record.pk])
        assert "TEST" in words(page)
        assert record.sdr_id in words(client.get(HOME))
        # The counterpart sent its own record of the session, and matching finds both.
        assert CounterRecord.objects.get().environment == "TEST"
        counts = match_and_dispute(
            from_at=record.started_at, until_at=timezone.now(), run_key="x", now=timezone.now()
        )
        assert Match.objects.get().outcome == Match.Outcome.MATCHED, counts
        agreement = RoamingAgreement.objects.get()
        assert (agreement.environment, agreement.seller) == ("TEST", party)
        assert AuditEvent.objects.filter(action="sample.sent").count() == 1

    def test_stands_on_a_statement_of_test_in_the_end(self, person):
        party, now = nordlicht("TEST"), timezone.now()
        samples.send(party, kind="good", key=uuid7_at(now), by=person, now=now)
        group = RoamingAgreement.objects.get().group

        assert clear_group(group, run_key="hour", now=now).run.cleared == 1
        closing = close_window(group, now=now + timedelta(days=70))

        statement = next(one for one in closing.documents if one.partner == person.partner)
        assert statement.environment == "TEST"
        assert statement.number.startswith("TST-")

    @pytest.mark.parametrize(
        ("kind", "state", "code"), [("wrong", "REJECTED", "V2"), ("unknown", "HELD", "V003")]
    )
    def test_that_is_wrong_says_why(self, client, person, orders, kind, state, code):
        page = client.get(ordered(client, orders, nordlicht("TEST"), kind), follow=True)

        assert SdrState.objects.get().state == state
        assert code in words(page)

    def test_of_a_buyer_comes_from_the_counterpart(self, client, orders):
        party = voltaire("TEST")
        client.force_login(PartnerUserMaker(partner=partner_of(party)))

        page = client.get(ordered(client, orders, party, "good"), follow=True)

        assert SdrState.objects.get().buyer == party
        assert "Accepted" in words(client.get(HOME))
        assert page.status_code == 200

    def test_asked_for_again_by_the_same_key_changes_nothing(self, person):
        key = uuid7_at(timezone.now())
        party = nordlicht("TEST")
        first = samples.send(party, kind="good", key=key, by=person, now=timezone.now())
        again = samples.send(party, kind="good", key=key, by=person, now=timezone.now())

        assert (first.outcome, again.outcome) == ("accepted", "duplicate")
        assert Sdr.objects.count() == Party.objects.filter(name=sandbox.NAME).count() == 1

    def test_of_live_is_refused_and_the_hour_has_an_end(self, client, person, monkeypatch):
        nordlicht()
        refused = client.post(
            reverse("sandbox:order-sample"), {"party": nordlicht().pk, "kind": "good"}
        )
        assert refused.status_code == 422
        with pytest.raises(sandbox.NoSandbox, match="LIVE"):
            samples.send(nordlicht(), kind="good", key=UUID(int=1), by=person, now=NOON)
        monkeypatch.setattr(samples, "MOST_PER_HOUR", 1)
        party, now = nordlicht("TEST"), timezone.now()
        samples.send(party, kind="good", key=uuid7_at(now), by=person, now=now)
        with pytest.raises(samples.TooManySamples):
            samples.send(party, kind="good", key=uuid7_at(now), by=person, now=now)
        assert Sdr.objects.count() == 1

    def test_is_told_to_nobody_else(self, client, person, orders):
        ordered(client, orders, nordlicht("TEST"), "good")
        record = Sdr.objects.get()
        client.force_login(PartnerUserMaker(partner=partner_of(laterne())))

        assert client.get(reverse("portal:record", args=[record.pk])).status_code == 404
        page = words(client.get(HOME))
        assert record.sdr_id not in page
        assert "no party in TEST yet" in page
        for asked in ({"party": nordlicht("TEST").pk, "kind": "good"}, {"kind": "none"}):
            answer = client.post(reverse("sandbox:order-sample"), asked)
            assert answer.status_code == 422
        assert orders == []


class TestCertification:
    @pytest.fixture
    def system(self, settings):
        settings.PARTNERS_MAY_BE_LOCAL = True
        party = nordlicht("TEST")
        endpoint = registered(party)
        with FakePartner("cso", "2.2.1", party=party.code) as system:
            system.add_location("LOC1")
            terms = Terms(
                secret=system.connection.issue(),
                versions_url=system.versions_url,
                version="2.2.1",
                interfaces=(Offered("locations", "SENDER", f"{system.base_url}/x"),),
            )
            settle(endpoint, terms, now=NOON)
            yield endpoint

    def test_is_asked_for_followed_and_reported(self, client, person, orders, system):
        page = reverse("sandbox:certify", args=[system.pk])
        before = words(client.get(page))
        assert "TRN-01" in before
        assert "CRD-01" not in before  # the handshake would end the connection
        assert "TOK-01" not in before  # that is asked of providers

        client.post(page)
        client.post(page)  # impatient

        [(name, asked)] = orders
        assert name == "order_certification"
        progress = reverse("sandbox:progress", args=[system.pk])
        assert "hx-get" in client.get(page).content.decode()
        assert "Waiting for its turn" in words(client.get(progress))
        tasks.order_certification(**asked)
        job = Job.objects.get(kind=certification.JOB)
        assert (job.partner, job.requested_by) == (system.owner, person)
        Job.objects.filter(pk=job.pk).update(state="RUNNING", done=7, total=len(CASES))
        assert f"7 of {len(CASES)} cases are through" in words(client.get(progress))
        Job.objects.filter(pk=job.pk).update(state="QUEUED", done=0, total=None)

        tasks.certify_endpoint(job_id=str(job.pk))

        job.refresh_from_db()
        assert (job.state, job.done, job.total) == ("DONE", len(CASES), len(CASES)), job.error
        run = CertificationRun.objects.get()
        report = reverse("sandbox:report", args=[run.pk])
        assert client.get(progress)["HX-Redirect"] == report
        told = words(client.get(report))
        failed = [one for one in run.report["cases"] if one["verdict"] == "failed"]
        for one in failed:
            assert f"{one['case']} {one['asked']}" in told
            assert str(hint_for(one["case"])) in told
        assert f"Passed {run.passed}" in told
        file = json.loads(client.get(reverse("sandbox:signed", args=[run.pk])).content)
        content = certification.verify(file["signature"], keys=receipts.public_keys())
        assert content == run.report
        assert report in client.get(HOME).content.decode()

    def test_that_cannot_be_says_why(self, client, person, orders):
        never = registered(nordlicht("TEST"), registered_at=None)
        page = reverse("sandbox:certify", args=[never.pk])

        answer = client.post(page, follow=True)

        assert "has not registered" in words(answer)
        assert orders == []

    def test_every_case_has_a_hint(self):
        assert [case.id for case in CASES if not hint_for(case.id)] == []

    def test_strangers_find_nothing(self, client, person, orders, system):
        content = {"cases": [], "versions_url": "https://x.example", "totals": _totals()}
        run = certification.keep(system.owner, content, "signed", now=NOON)
        client.force_login(PartnerUserMaker(partner=partner_of(laterne())))

        for name, pk in (
            ("certify", system.pk), ("progress", system.pk), ("report", run.pk), ("signed", run.pk),
        ):  # fmt: skip
            assert client.get(reverse(f"sandbox:{name}", args=[pk])).status_code == 404
        assert client.post(reverse("sandbox:certify", args=[system.pk])).status_code == 404
        assert str(system.pk) not in client.get(HOME).content.decode()
        assert orders == []

    def test_a_live_connection_is_not_here(self, client, person):
        live = registered(nordlicht(), versions_url="https://live.example/v")
        assert client.get(reverse("sandbox:certify", args=[live.pk])).status_code == 404
        assert "live.example" not in client.get(HOME).content.decode()


class TestRoles:
    def test_credentials_are_the_administrators_and_of_test(self, client):
        admin = PartnerUserMaker(username="ada", partner=partner_of(nordlicht("TEST")))
        client.force_login(admin)

        made = client.post(reverse("sandbox:credentials"))

        assert made.context["made"].secret in made.content.decode()
        assert "no-store" in made["Cache-Control"]
        assert made.context["made"].secret not in client.get(HOME).content.decode()
        client_row = ApiClient.objects.get()
        assert (client_row.environment, client_row.partner) == ("TEST", admin.partner)
        token = client.post(
            "/o/token/",
            {
                "grant_type": "client_credentials",
                "client_id": made.context["made"].client_id,
                "client_secret": made.context["made"].secret,
                "scope": "sdr:write",
            },
        )
        assert token.status_code == 200
        assert AuditEvent.objects.get().action == "api_client.made_for_test"

    def test_others_read_and_do_not(self, client, orders):
        endpoint = registered(nordlicht("TEST"))
        party = nordlicht("TEST")
        for role in ("partner-finance", "partner-read-only", "partner-operations"):
            person = PartnerUserMaker(username=role, partner=partner_of(party), role=role)
            client.force_login(person)
            page = client.get(HOME)
            assert page.status_code == 200
            assert client.post(reverse("sandbox:credentials")).status_code == 403
            if role != "partner-operations":
                assert "Send it and watch" not in page.content.decode()
                sample = {"party": party.pk, "kind": "good"}
                assert client.post(reverse("sandbox:order-sample"), sample).status_code == 403
                certify = reverse("sandbox:certify", args=[endpoint.pk])
                assert client.post(certify).status_code == 403
        assert orders == []

    def test_the_page_costs_few_queries(self, client, django_assert_max_num_queries):
        client.force_login(PartnerUserMaker(partner=partner_of(nordlicht("TEST"))))
        RoamingEndpoint.objects.filter(pk=registered(nordlicht("TEST")).pk).update(state="OFFLINE")

        with django_assert_max_num_queries(12):
            client.get(HOME)


def _totals() -> dict[str, int]:
    return {"passed": 1, "failed": 0, "not applicable": 0}
