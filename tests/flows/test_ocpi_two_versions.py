"""A 2.2.1 CSO and a 2.1.1 CSP roam with each other through the hub, over real HTTP.

Handshake, location, token, authorization, session, record, counter-record, credit, and after the
settlement the reconciliation of its invoice; the hub translates. What is pushed goes by the same
services that the clock runs. What a version has no word for goes by REST, or by a connection of
2.3.0: said where it is.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.models import ClearingWindow, Invoice, ReconciliationRecord
from billing.services.closing import close_window
from billing.services.tax_rows import load_default_rows
from billing.services.windows import ensure_windows
from partners.models import ParticipationContract, RoamingEndpoint, SettlementGroup
from partners.queries import clearing_house
from partners.services.endpoints import issue_registration_token
from roaming.models import AuthorizationRequest, Exchange, Match, Sdr, SdrState, ServiceSession
from roaming.protocols.ocpi.simulator import FakePartner
from roaming.services import gateway_deliveries, matching, presence, pushes
from tests.billing.oracle_world import tax_facts
from tests.billing.test_invoicing import agree, legal_facts
from tests.makers import (
    LONG_AGO,
    AgreementMaker,
    GroupMaker,
    nordlicht,
    partner_of,
    polder,
    voltaire,
)
from tests.roaming.part_five_rows import make
from tests.roaming.partner_systems import COUNTERS, PartnerSystem

pytestmark = pytest.mark.django_db(transaction=True)

UID = "04A1B2C3D4E5F6"


@pytest.fixture
def versions_url(live_server, settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
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


def test_they_authorize_charge_bill_compare_credit_and_reconcile(versions_url):
    group = signed_by_both()
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

        began_at = timezone.now() - timedelta(hours=5)
        record = charged_and_billed(cso, csp, token, "S1", began_at=began_at)
        the_csp_counters(record, token)
        taken_back = charged_and_billed(
            cso, csp, token, "S2", began_at=began_at + timedelta(hours=2)
        )
        credited = cso.credit_cdr(taken_back.sdr_id)
        assert credited.status == 201, credited.answer
        the_clock_turns()
        assert len(csp.wait_for("cdrs", 3, method="POST")) == 3
        assert sum(one.claim_amount for one in Sdr.objects.all()) == record.claim_amount

        invoice = settled(group, record)
        reconciled_in_2_3_0(versions_url, invoice, record)
        reconciled_by_rest(invoice, record)

        listed = Exchange.objects.filter(direction="OUT", is_success=False)
        assert not list(listed.values_list("module", "error"))
    assert not Exchange.objects.filter(request_body__contains=UID).exists()


def signed_by_both() -> SettlementGroup:
    """Both settle in one group, are dealers with a checked VAT number, and invoice through us."""
    load_default_rows()
    group = GroupMaker(taxes="DECIDED")
    AgreementMaker(
        seller=nordlicht(),
        buyer=voltaire(),
        group=group,
        commission_rate=Decimal(0),
        counter_records="IF_PRESENT",
    )
    for party, country in ((nordlicht(), "DE"), (voltaire(), "FR")):
        partner = partner_of(party)
        legal_facts(partner, country)
        tax_facts(partner, country, is_dealer=True)
        contract = ParticipationContract.objects.create(
            partner=partner, number=f"PC-{party.party_id}", starts_at=LONG_AGO
        )
        contract.groups.add(group)
    legal_facts(clearing_house(), "DE", legal_name="Clearing House SE")
    agree(partner_of(nordlicht()), "A1")
    return group


def charged_and_billed(
    cso: FakePartner, csp: FakePartner, token: dict, session_id: str, *, began_at: datetime
) -> Sdr:
    """An hour of charging: the session is told, then its record."""
    started = cso.start_session(token, started_at=began_at, id=session_id)
    assert started.ok, started.answer
    finished = cso.finish_session(session_id, ended_at=began_at + timedelta(hours=1))
    assert finished.ok, finished.answer
    the_clock_turns()
    assert csp.wait_for("sessions")
    assert set(ServiceSession.objects.values_list("state", flat=True)) == {"COMPLETED"}

    billed = cso.post_cdr(session_id)
    assert (billed.status, billed.code) == (201, 1000), billed.answer
    the_clock_turns()
    cdr = csp.wait_for("cdrs", method="POST")[-1]
    record = Sdr.objects.get(sdr_id=cdr.body["id"])
    assert SdrState.objects.get(id=record.id).state == "ACCEPTED"
    assert cdr.body["total_cost"] == record.claim_amount
    assert "stop_date_time" in cdr.body
    return record


def the_csp_counters(record: Sdr, token: dict) -> None:
    """OCPI 2.1.1 has no word for it, and our own module begins with 2.2.1: by REST."""
    told = {
        "counter_id": "VOL-1",
        "csp_id": voltaire().code,
        "cso_id": nordlicht().code,
        "service_session_id": record.service_session_id,
        "evse_id": record.evse_id,
        "contract_id": token["contract_id"],
        "started_at": record.started_at.isoformat(),
        "ended_at": record.ended_at.isoformat(),
        "energy_kwh": str(record.energy_kwh),
        "amount": str(record.claim_amount),
        "currency": "EUR",
    }
    answer = PartnerSystem(voltaire()).post(COUNTERS, json.dumps(told).encode())
    assert answer.status_code == 201, answer.content
    now = timezone.now()
    matching.match(from_at=now - timedelta(days=1), until_at=now, run_key="flow", now=now)
    match = Match.objects.get(is_current=True, counter_id__isnull=False)
    assert (match.record_id, match.outcome) == (record.id, "MATCHED")


def settled(group: SettlementGroup, record: Sdr) -> Invoice:
    """The month closes; the invoice is over the record that was not taken back."""
    ensure_windows(group, now=record.ended_at)
    window = ClearingWindow.objects.get(
        group=group, supply_starts_at__lte=record.ended_at, supply_ends_at__gt=record.ended_at
    )
    closes_at = window.closes_at + timedelta(hours=1)
    while close_window(group, now=closes_at).window != window:
        pass
    invoice = Invoice.objects.get()
    assert (invoice.net_minor, invoice.sdrs) == (309, 1)
    return invoice


def reconciled_in_2_3_0(versions_url: str, invoice: Invoice, record: Sdr) -> None:
    """The CSO's accounting has a connection of its own: before 2.3.0 OCPI has no invoices."""
    with FakePartner("cso", "2.3.0", party=nordlicht().code) as accounting:
        join(accounting, nordlicht(), versions_url)
        read = accounting.ask("GET", "SENDER", "invoicereconciliation")
        (told,) = read.data
        assert (told["invoice_id"], told["cdrs"]) == (invoice.number, [record.sdr_id])
        country, party = nordlicht().code.split("*")
        own = {"country_code": country, "party_id": party, "id": "IRR1"} | {
            "invoice_id": invoice.number,
            "cdrs": [record.sdr_id],
            "last_updated": timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        stated = accounting.ask("POST", "RECEIVER", "invoicereconciliation", body=own)
        assert stated.status == 201, stated.answer
        assert ReconciliationRecord.objects.get().findings == []


def reconciled_by_rest(invoice: Invoice, record: Sdr) -> None:
    """What the 2.1.1 CSP has: the same invoice with its records by API."""
    answer = PartnerSystem(voltaire()).get(f"/api/v1/invoices/{invoice.pk}/records/")
    (row,) = answer.json()["results"]
    assert row["sdr_id"] == record.sdr_id


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
