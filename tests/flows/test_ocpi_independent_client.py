"""An OCPI system that we did not write connects to the hub: one built with py_ocpi
(extrawest-ocpi 2025.7.16), in an environment and a process of its own, over real HTTP.

Where the library is not what OCPI 2.2.1 says, it is left as it is. Met by quirks of its connection:

- one object is answered in a list: ``{"answers": "LISTS"}``
- what it appends to a module's address follows without a slash: ``{"addresses": "SLASH"}``

Met without one:

- it sends no OCPI-from and -to and no request or correlation id, and echoes none
- CiStrings are turned to small letters, in addresses and documents; unset fields are sent as null
- it asks for ``token_type`` where the name is ``type``, so that ``type`` means nothing to it
- its 401, 403, 404 and 405 have no envelope; the Location of a CDR begins with https whatever it is
- a PUT is answered with the object

Not met: its CDR has no ``cdr_location.evse_uid``, which 2.2.1 demands. It loses that of a CDR it is
sent, and one that it sends is refused; its push does not look at the answer's envelope.
"""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from partners.models import PartyPresence, RoamingEndpoint
from partners.services.endpoints import issue_registration_token
from roaming.models import (
    AuthorizationRequest,
    Exchange,
    Finding,
    Location,
    Sdr,
    SdrState,
    ServiceSession,
)
from roaming.protocols.ocpi.handshake import connect
from roaming.protocols.ocpi.own_credentials import credentials
from roaming.protocols.ocpi.simulator import FakePartner, Speaker, documents, exact
from roaming.protocols.ocpi.simulator.platform import stamp
from roaming.services import gateway_deliveries, pushes
from tests.flows.independent.partner import Independent
from tests.makers import AgreementMaker, nordlicht, partner_of, voltaire
from tests.roaming.part_five_rows import make

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

UID = "04A1B2C3D4E5F6"


@pytest.fixture
def versions_url(live_server, settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    return f"{live_server.url}/ocpi/versions"


def planned(party, **quirks) -> RoamingEndpoint:
    own = {"owner": partner_of(party), "state": "PLANNED", "url": "", "protocol_version": ""}
    endpoint = make(RoamingEndpoint, quirks=quirks, **own)
    endpoint.parties.set([party])
    return endpoint


def the_hub_registers(partner: Independent, party, versions_url: str) -> RoamingEndpoint:
    """At the partner's system, with the token that it gave us."""
    now = timezone.now()
    endpoint = planned(party, answers="LISTS", addresses="SLASH")

    def own(token: str):
        return credentials(
            endpoint, token=token, version="2.2.1", versions_url=versions_url, now=now
        )

    return connect(
        endpoint,
        versions_url=partner.versions_url,
        registration_token=partner.token_a,
        own=own,
        version="2.2.1",
        now=now,
    )


def the_clock_turns() -> None:
    pushes.send_due(clock=timezone.now)
    gateway_deliveries.deliver_over_gateways(clock=timezone.now)


def no_call_failed() -> None:
    failed = Exchange.objects.filter(direction="OUT", is_success=False)
    assert not list(failed.values_list("module", "http_status", "error"))


def token_document() -> dict:
    country, party = voltaire().code.split("*")
    return {
        "country_code": country,
        "party_id": party,
        "uid": UID,
        "type": "RFID",
        "contract_id": f"{country}-{party}-C00000001",
        "issuer": "Built with py_ocpi",
        "valid": True,
        "whitelist": "NEVER",
        "last_updated": "2026-01-01T00:00:00Z",
    }


def test_as_a_csp_it_publishes_authorizes_and_is_billed(versions_url):
    AgreementMaker(seller=nordlicht(), buyer=voltaire())
    with (
        Independent("EMSP", voltaire().code) as csp,
        FakePartner("cso", "2.2.1", party=nordlicht().code) as cso,
    ):
        endpoint = the_hub_registers(csp, voltaire(), versions_url)
        assert endpoint.registered_at
        assert PartyPresence.objects.get(party=voltaire()).state == "CONNECTED"
        assert csp.peer["credentials"]["roles"][0]["role"] == "HUB"
        cso.register(
            versions_url, issue_registration_token(planned(nordlicht()), now=timezone.now())
        )

        assert cso.push_location("LOC1").ok
        the_clock_turns()
        assert csp.stored("locations")["loc1"]["city"] == "Utrecht"
        assert csp.stored("hubclientinfo")

        csp.keep("tokens", UID, token_document())
        pushed = csp.push("tokens", UID, versions_url.replace("versions", "2.2.1"))
        assert pushed["response"]["status_code"] == 1000, pushed
        asked = cso.authorize(UID, location_id="LOC1")
        assert (asked.ok, asked.data["allowed"]) == (True, "ALLOWED"), asked.answer
        assert AuthorizationRequest.objects.get().decision == "ALLOWED"

        token = token_document()
        began_at = timezone.now() - timedelta(hours=2)
        assert cso.start_session(token, started_at=began_at, id="S1").ok
        finished = cso.finish_session("S1", ended_at=began_at + timedelta(hours=1))
        assert finished.ok, finished.answer
        the_clock_turns()
        kept = csp.stored("sessions")["s1"]
        assert (kept["status"], kept["kwh"]) == ("COMPLETED", 12.345)

        billed = cso.post_cdr("S1")
        assert (billed.status, billed.code) == (201, 1000), billed.answer
        record = Sdr.objects.get()
        assert SdrState.objects.get(id=record.id).state == "ACCEPTED"
        credited = cso.credit_cdr(record.sdr_id)
        assert credited.status == 201, credited.answer
        the_clock_turns()
        invoiced, credit = csp.stored("cdrs").values()
        assert invoiced["total_cost"]["excl_vat"] == 3.0863
        assert (credit["credit"], credit["total_cost"]["excl_vat"]) == (True, -3.0863)
        no_call_failed()


def told_by_a_cso(token: dict) -> dict[str, dict]:
    """A tariff, a site, a session of an hour and its record, by module."""
    owner = Speaker("CPO", *nordlicht().code.split("*"))
    tariff = documents.tariff(owner, "T1")
    place = documents.location(owner, "LOC1", tariff_id="T1")
    began_at = timezone.now() - timedelta(hours=2)
    times = {
        "start_date_time": stamp(began_at),
        "end_date_time": stamp(began_at + timedelta(hours=1)),
    }
    done = {"status": "COMPLETED", "kwh": Decimal("12.345")}
    session = documents.session(owner, "S1", token, place) | times | done
    cdr = documents.cdr(session, "C1", place, tariff)
    made = {"tariffs": tariff, "locations": place, "sessions": session, "cdrs": cdr}
    plain: dict[str, dict] = json.loads(exact.write(made))
    return plain


def test_as_a_cso_it_takes_tokens_and_tells_its_tariff_site_and_session(versions_url):
    AgreementMaker(seller=nordlicht(), buyer=voltaire())
    details_url = versions_url.replace("versions", "2.2.1")
    with (
        Independent("CPO", nordlicht().code) as cso,
        FakePartner("csp", "2.2.1", party=voltaire().code) as csp,
    ):
        the_hub_registers(cso, nordlicht(), versions_url)
        csp.register(
            versions_url, issue_registration_token(planned(voltaire()), now=timezone.now())
        )
        token = csp.add_token(UID)
        assert csp.push_token(UID).ok
        the_clock_turns()
        assert cso.stored("tokens")[UID.lower()]["valid"] is True

        for module, document in told_by_a_cso(token).items():
            cso.keep(module, document["id"], document)
            answer = cso.push(module, document["id"], details_url)
            assert answer["status_code"] in (200, 201), (module, answer)
            if module != "cdrs":
                assert answer["response"]["status_code"] == 1000, (module, answer)
                the_clock_turns()
                assert csp.wait_for(module), module
        assert Location.objects.get().cso == nordlicht()
        assert ServiceSession.objects.get().state == "COMPLETED"
        (session,) = csp.wait_for("sessions", method="PUT")
        assert session.body["kwh"] == Decimal("12.345")

        # Refused for what the library cannot say, and nothing else that a CDR must say.
        assert SdrState.objects.get().state == "REJECTED"
        refused = Finding.objects.filter(severity="REJECT")
        assert list(refused.values_list("code", "field")) == [("V001", "cdr_location.evse_uid")]
        the_clock_turns()
        assert not csp.received("cdrs")
        no_call_failed()
