"""A 2.2.1 CSO and a 2.1.1 CSP roam with each other through the hub, over real HTTP.

Handshake, location, token, authorization, session, record, credit; the hub translates. What is
pushed goes by the same services that the clock runs.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.models import RoamingEndpoint
from partners.services.endpoints import issue_registration_token
from roaming.models import AuthorizationRequest, Exchange, Sdr, SdrState, ServiceSession
from roaming.protocols.ocpi.simulator import FakePartner
from roaming.services import gateway_deliveries, presence, pushes
from tests.makers import AgreementMaker, nordlicht, partner_of, polder, voltaire
from tests.roaming.part_five_rows import make

pytestmark = pytest.mark.django_db(transaction=True)

UID = "04A1B2C3D4E5F6"


@pytest.fixture
def versions_url(live_server, settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    return f"{live_server.url}/ocpi/versions"


def join(partner, party, versions_url: str) -> RoamingEndpoint:
    """Staff prepare the connection, the partner's system registers."""
    endpoint = make(
        RoamingEndpoint, owner=partner_of(party), state="PLANNED", url="", protocol_version=""
    )
    endpoint.parties.set([party])
    partner.register(versions_url, issue_registration_token(endpoint, now=timezone.now()))
    return endpoint


def the_clock_turns() -> None:
    pushes.send_due(clock=timezone.now)
    gateway_deliveries.deliver_over_gateways(clock=timezone.now)


def test_they_authorize_charge_bill_and_credit(versions_url):
    AgreementMaker(seller=nordlicht(), buyer=voltaire())
    with (
        FakePartner("cso", "2.2.1", party=nordlicht().code) as cso,
        FakePartner("csp", "2.1.1", party=voltaire().code) as csp,
    ):
        join(cso, nordlicht(), versions_url)
        join(csp, voltaire(), versions_url)

        assert cso.push_location("LOC1").ok
        the_clock_turns()
        (pushed,) = csp.wait_for("locations", method="PUT")
        assert pushed.body["id"] == "LOC1"
        assert "country_code" not in pushed.body  # 2.1.1 knows no owner

        token = csp.add_token(UID)
        assert csp.push_token(UID).ok
        asked = cso.authorize(UID, location_id="LOC1")
        assert asked.ok, asked.answer
        assert asked.data["allowed"] == "ALLOWED"
        assert csp.received("tokens", "POST")
        assert AuthorizationRequest.objects.get().decision == "ALLOWED"

        began_at = timezone.now() - timedelta(hours=2)
        started = cso.start_session(token, started_at=began_at, id="S1")
        assert started.ok, started.answer
        ended_at = began_at + timedelta(hours=1)
        finished = cso.finish_session("S1", ended_at=ended_at)
        assert finished.ok, finished.answer
        the_clock_turns()
        assert csp.wait_for("sessions")
        assert ServiceSession.objects.get().state == "COMPLETED"

        billed = cso.post_cdr("S1")
        assert (billed.status, billed.code) == (201, 1000), billed.answer
        record = Sdr.objects.get()
        assert SdrState.objects.get(id=record.id).state == "ACCEPTED"
        the_clock_turns()
        (cdr,) = csp.wait_for("cdrs", method="POST")
        assert cdr.body["total_cost"] == record.claim_amount
        assert "stop_date_time" in cdr.body

        credited = cso.credit_cdr(record.sdr_id)
        assert credited.status == 201, credited.answer
        the_clock_turns()
        assert len(csp.wait_for("cdrs", 2, method="POST")) == 2
        assert sum(one.claim_amount for one in Sdr.objects.all()) == 0

        listed = Exchange.objects.filter(direction="OUT", is_success=False)
        assert not list(listed.values_list("module", "error"))
    assert not Exchange.objects.filter(request_body__contains=UID).exists()


def test_hci_01_02_and_04_others_are_told_who_comes_and_goes(versions_url):
    AgreementMaker(seller=nordlicht(), buyer=voltaire())
    with (
        FakePartner("csp", "2.2.1", party=voltaire().code) as csp,
        FakePartner("cso", "2.2.1", party=nordlicht().code) as cso,
        FakePartner("cso", "2.2.1", party=polder().code) as stranger,
    ):
        join(csp, voltaire(), versions_url)
        join(stranger, polder(), versions_url)
        endpoint = join(cso, nordlicht(), versions_url)
        pushes.send_due(clock=timezone.now)
        assert told(csp, 1) == [("NLX", "CONNECTED")]

        cso.go_offline()
        silent = timezone.now() + timedelta(minutes=20)
        presence.keep_alive(clock=lambda: silent)
        pushes.send_due(clock=lambda: silent)
        assert told(csp, 2)[-1] == ("NLX", "OFFLINE")
        cso.come_back()
        again = silent + timedelta(minutes=20)
        presence.keep_alive(clock=lambda: again)
        pushes.send_due(clock=lambda: again)
        assert told(csp, 3)[-1] == ("NLX", "CONNECTED")

        assert cso.unregister().ok
        pushes.send_due(clock=timezone.now)
        assert told(csp, 4)[-1] == ("NLX", "SUSPENDED")
        endpoint.refresh_from_db()
        assert endpoint.state == "SUSPENDED"
        assert not stranger.received("hubclientinfo")


def told(csp: FakePartner, count: int) -> list[tuple[str, str]]:
    heard = csp.wait_for("hubclientinfo", count, method="PUT")
    return [(one.body["party_id"], one.body["status"]) for one in heard]
