"""Journey J1: from onboarding to the first cent. A (NL) is a CSO that connects through the backend
supplier D, C (NL) is a CSP that speaks OCPI alone; both are tried in TEST and then go live.

Over real HTTP with partners' systems that are simulated, the staff's services and the native API.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db.models import Sum
from django.utils import timezone

from billing.models import ClearedSdr, ClearingWindow, Invoice, InvoicedSdr, Position
from billing.services import conservation
from billing.services.closing import Closing, close_window
from billing.services.tax_rows import load_default_rows
from billing.services.windows import ensure_windows
from partners.models import (
    BankAccount,
    Mandate,
    ParticipationContract,
    Partner,
    Party,
    RoamingEndpoint,
    SettlementGroup,
    TaxRegistration,
    TaxStatus,
    User,
)
from partners.queries import clearing_house
from partners.services import going_live
from partners.services.approvals import NotDecidable
from partners.services.endpoints import issue_registration_token
from partners.services.going_live import NotReady
from roaming.models import AuthorizationRequest, Finding, Sdr, SdrRating, SdrState
from roaming.protocols.ocpi.simulator import FakePartner
from roaming.services import gateway_deliveries, pushes
from tests.billing.oracle_world import SINCE
from tests.billing.payment_world import IBANS
from tests.billing.test_invoicing import agree, legal_facts
from tests.makers import LONG_AGO, AgreementMaker, GroupMaker, PartnerMaker, PartyMaker, record
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db(transaction=True)
UID = "04A1B2C3D4E5F6"
A, C = "NL*AAA", "NL*CCC"
PRICE = Decimal("0.49")


@dataclass
class World:
    """Who signed, the people of the house, and where partners' systems register."""

    partners: dict[str, Partner]
    group: dict[str, SettlementGroup]
    maker: User
    checker: User
    versions_url: str


@pytest.fixture
def world(live_server, settings) -> World:
    """A and C signed, every fact is on file but A's VAT registration check; nobody is live."""
    settings.PARTNERS_MAY_BE_LOCAL = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.PUBLIC_URL = live_server.url
    load_default_rows()
    groups = {
        environment: GroupMaker(name="EUR monthly", environment=environment, taxes="DECIDED")
        for environment in ("TEST", "LIVE")
    }
    partners = {letter: PartnerMaker(name=letter) for letter in "ACD"}
    for letter in "AC":
        signs(partners[letter], groups["LIVE"], IBANS[letter])
    checked_vat(partners["C"])
    legal_facts(clearing_house(), "DE", legal_name="Clearing House SE")
    agree(partners["A"], "A1")
    maker, checker = (User.objects.create(username=name, is_staff=True) for name in ("mia", "kai"))
    checker.user_permissions.add(Permission.objects.get(codename="approve_liveactivation"))
    return World(partners, groups, maker, checker, f"{live_server.url}/ocpi/versions")


def signs(partner: Partner, group: SettlementGroup, iban: str) -> None:
    legal_facts(partner, "NL")
    contract = ParticipationContract.objects.create(
        partner=partner, number=f"PC-{partner.name}", has_netting_clause=True, starts_at=LONG_AGO
    )
    contract.groups.add(group)
    BankAccount.objects.create(
        partner=partner, currency="EUR", holder=partner.name, iban=iban, starts_at=LONG_AGO
    )
    TaxStatus.objects.create(
        partner=partner, kind="SEAT", country_code="NL", proof="register", from_date=SINCE
    )
    TaxStatus.objects.create(partner=partner, kind="DEALER", proof="declared", from_date=SINCE)


def checked_vat(partner: Partner) -> None:
    TaxRegistration.objects.create(
        partner=partner,
        country_code="NL",
        vat_number=f"NL00{partner.name}123456B01",
        check_number="WAPIAAAAX1",
        check_date=SINCE,
        from_date=SINCE,
    )


def a_test_party(partner: Partner, code: str, role: str) -> Party:
    return PartyMaker(
        country_code=code[:2],
        party_id=code[3:],
        role=role,
        environment="TEST",
        partner=partner,
        owned_by=partner,
    )


def joins(system: FakePartner, party: Party, owner: Partner, world: World) -> RoamingEndpoint:
    """Staff prepare the connection for the party, the partner's system registers."""
    endpoint = RoamingEndpoint.objects.create(
        owner=owner, environment=party.environment, protocol="OCPI"
    )
    endpoint.parties.set([party])
    system.register(world.versions_url, issue_registration_token(endpoint, now=timezone.now()))
    endpoint.refresh_from_db()
    return endpoint


def certified(system: FakePartner, owner: Partner, role: str) -> None:
    """A case of the real run, signed and kept."""
    asked = ("--url", system.versions_url, "--token", system.connection.issue(), "--role", role)
    call_command("certify_partner", *asked, "--only", "TRN-01", "--keep", owner.name, "--json")


def yesterday() -> datetime:
    """When the paper work is done: what is charged today is charged by parties that are live."""
    return timezone.now() - timedelta(days=1)


def confirmed(party: Party, world: World, *, but: str = "") -> None:
    now = yesterday()
    for stands in going_live.checklist(party, now=now):
        if stands.item != but and stands.step is None:
            going_live.confirm(
                party, stands.item, evidence=f"file of {party.code}", by=world.maker, now=now
            )


def goes_live(party: Party, world: World) -> Party:
    now = yesterday()
    going_live.request(party, reason="tried for a week", by=world.maker, now=now)
    with pytest.raises(NotDecidable, match="second person"):
        going_live.approve(party.pk, checker=world.maker, now=now)
    return going_live.approve(party.pk, checker=world.checker, now=now).live_party


def the_clock_turns() -> None:
    pushes.send_due(clock=timezone.now)
    gateway_deliveries.deliver_over_gateways(clock=timezone.now)


def charges(cso: FakePartner, token: dict, session_id: str, *, ended_at: datetime) -> None:
    """An hour in which 18.400 kWh are charged at LOC1."""
    began_at = ended_at - timedelta(hours=1)
    assert cso.start_session(token, started_at=began_at, id=session_id).ok
    assert cso.finish_session(session_id, Decimal("18.400"), ended_at=ended_at).ok


def priced(cso: FakePartner) -> None:
    component = {"type": "ENERGY", "price": PRICE, "vat": Decimal(21), "step_size": 1}
    since = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    elements = [{"price_components": [component]}]
    cso.add_tariff("T1", elements=elements, start_date_time=since)
    assert cso.push_tariff("T1").ok
    assert cso.push_location("LOC1").ok


def costs(excl_vat: str, incl_vat: str) -> dict:
    cost = {"excl_vat": Decimal(excl_vat), "incl_vat": Decimal(incl_vat)}
    return {"total_cost": cost, "total_energy_cost": cost}


def test_onboarding_to_the_first_cent(world, capsys):
    a, c, d = (world.partners[letter] for letter in "ACD")
    seller, buyer = a_test_party(a, A, "CSO"), a_test_party(c, C, "CSP")
    mandate = Mandate.objects.create(
        grantor=a, agent=d, verbs=[Mandate.Verb.SUBMIT_SDR], starts_at=LONG_AGO
    )
    mandate.parties.add(seller)
    ended_at = timezone.now() - timedelta(hours=1)
    with ExitStack() as stack:

        def system(role: str, code: str) -> FakePartner:
            return stack.enter_context(FakePartner(role, "2.2.1", party=code))

        tried = {"cso": system("cso", A), "csp": system("csp", C)}
        joins(tried["cso"], seller, d, world)
        joins(tried["csp"], buyer, c, world)
        AgreementMaker(seller=seller, buyer=buyer, group=world.group["TEST"])
        a_test_record_of_12_34(tried["cso"], tried["csp"], ended_at)
        certified(tried["cso"], d, "cso")
        certified(tried["csp"], c, "csp")

        live_seller = live_is_refused_until_it_is_complete(seller, world)
        confirmed(buyer, world)
        live_buyer = goes_live(buyer, world)
        mandate.parties.add(live_seller)
        AgreementMaker(
            seller=live_seller,
            buyer=live_buyer,
            group=world.group["LIVE"],
            commission_rate=Decimal(0),
        )
        ensure_windows(world.group["LIVE"], now=timezone.now())
        cso, csp = system("cso", A), system("csp", C)
        joins(cso, live_seller, d, world)
        joins(csp, live_buyer, c, world)
        token = csp.add_token(UID)
        assert csp.push_token(UID).ok
        priced(cso)
        the_clock_turns()

        asked = cso.authorize(UID, location_id="LOC1")
        assert (asked.ok, asked.data["allowed"]) == (True, "ALLOWED"), asked.answer
        assert AuthorizationRequest.objects.get(cso=live_seller).decision == "ALLOWED"
        charges(cso, token, "S1", ended_at=ended_at)
        a_wrong_check_digit_is_refused_with_the_right_one(cso)
        a_supplier_outside_its_mandate_is_refused(cso, d)

        billed = cso.post_cdr("S1", **costs("9.02", "10.91"))
        assert (billed.status, billed.code) == (201, 1000), billed.answer
        the_clock_turns()
        (told,) = csp.wait_for("cdrs", method="POST")
        assert told.body["total_cost"]["excl_vat"] == Decimal("9.02")

    sdr = Sdr.objects.get(seller=live_seller, sdr_id=told.body["id"])
    assert (sdr.energy_kwh, sdr.sender, sdr.mandate) == (Decimal("18.400"), d, mandate)
    assert SdrState.objects.get(id=sdr.id).state == "ACCEPTED"
    the_first_cent(world, sdr)


def a_test_record_of_12_34(cso: FakePartner, csp: FakePartner, ended_at: datetime) -> None:
    token = csp.add_token(UID)
    charges(cso, token, "TEST-1", ended_at=ended_at)
    billed = cso.post_cdr("TEST-1", **costs("12.34", "14.93"))
    assert (billed.status, billed.code) == (201, 1000), billed.answer
    the_clock_turns()
    assert csp.wait_for("cdrs", method="POST")
    assert Sdr.objects.get().claim_amount == Decimal("12.34")


def live_is_refused_until_it_is_complete(party: Party, world: World) -> Party:
    """The item that lacks is named; once complete, a second person is needed."""
    confirmed(party, world, but="VAT_CHECKED")
    now = yesterday()
    with pytest.raises(NotReady) as refused:
        going_live.request(party, reason="tried for a week", by=world.maker, now=now)
    assert "VAT registration check: Ask VIES" in str(refused.value)
    lacking = [one.item for one in going_live.checklist(party, now=now) if one.todo]
    assert lacking == ["VAT_CHECKED"]
    assert not Party.objects.filter(environment="LIVE", party_id=party.party_id).exists()

    checked_vat(world.partners["A"])
    confirmed(party, world)
    steps = {one.item: one.step for one in going_live.checklist(party, now=now)}
    assert {"MANDATE_ON_FILE", "CERTIFIED"} <= set(steps)
    return goes_live(party, world)


def a_wrong_check_digit_is_refused_with_the_right_one(cso: FakePartner) -> None:
    token = cso.drafts("sessions")["S1"]["cdr_token"]
    wrong = cso.post_cdr(
        "S1", cdr_token=token | {"contract_id": "DE-8AA-CA2B3C4D5-N"}, **costs("9.02", "10.91")
    )
    assert (wrong.status, wrong.code) == (200, 2001)
    told = "The check digit of the contract id is N, but L would fit."
    assert told in wrong.answer["status_message"]
    assert told in Finding.objects.get(code="V007", severity="REJECT").message


def a_supplier_outside_its_mandate_is_refused(cso: FakePartner, d: Partner) -> None:
    """D speaks for A alone: over its OCPI connection, and with its API client."""
    other = PartnerMaker(name="B")
    PartyMaker(country_code="NL", party_id="BBB", partner=other, owned_by=other)
    for_b = cso.post_cdr("S1", party_id="BBB", **costs("9.02", "10.91"))
    assert for_b.code == 2001
    assert "a CDR of NL*BBB from NL*AAA" in for_b.answer["status_message"]

    of_d = PartnerSystem(PartyMaker(party_id="DDD", role="DATA", partner=d, owned_by=d))
    native = of_d.send(record(cso_id="NL*BBB", csp_id=C, evse_id="NL*BBB*E1*1"))
    assert native.status_code == 422
    assert "V002" in of_d.codes_of(native)
    assert Finding.objects.get(code="V002").severity == "REJECT"


def the_first_cent(world: World, sdr: Sdr) -> None:
    """The month closes: 9.02 + 21 % = 10.91 on A's invoice, and nothing of TEST in a LIVE total."""
    live, test = world.group["LIVE"], world.group["TEST"]
    closing = closed(live, of=sdr.ended_at)

    invoice = Invoice.objects.get(settlement=closing.settlement, seller=world.partners["A"])
    assert (invoice.net_minor, invoice.vat_minor, invoice.gross_minor) == (902, 189, 1091)
    assert InvoicedSdr.objects.get(invoice=invoice).sdr_id == sdr.id
    rating = SdrRating.objects.get(record_id=sdr.id)
    assert (rating.total_excl_tax, rating.difference) == (Decimal("9.02"), Decimal(0))
    energy, rounding = rating.trace
    assert (energy["quantity"], energy["price"], energy["excl_vat"]) == ("18.40", "0.49", "9.016")
    assert (rounding["component"], rounding["excl_vat"]) == ("ROUNDING", "0.004")

    cleared = ClearedSdr.objects.all()
    assert {row.claim_minor for row in cleared} == {902}
    nets = Position.objects.filter(settlement=closing.settlement)
    assert {row.partner.name: row.net_minor for row in nets.select_related("partner")} == {
        "A": 1091,
        "C": -1091,
        clearing_house().name: 0,
    }
    assert conservation.prove(now=closing.window.closes_at) == []
    tried = closed(test, of=sdr.ended_at)
    assert tried.settlement.environment == "TEST"
    assert {row.claim_minor for row in ClearedSdr.objects.filter(window=tried.window)} == {1234}
    totals = Invoice.objects.filter(environment="LIVE").aggregate(Sum("gross_minor"))
    assert totals == {"gross_minor__sum": 1091}


def closed(group: SettlementGroup, *, of: datetime) -> Closing:
    """Close the group's windows up to the one of the instant, which is returned."""
    ensure_windows(group, now=of)
    window = ClearingWindow.objects.get(
        group=group, supply_starts_at__lte=of, supply_ends_at__gt=of
    )
    while True:
        closing = close_window(group, now=window.closes_at + timedelta(hours=1))
        if closing.window == window:
            return closing
