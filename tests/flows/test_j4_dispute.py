"""Journey J4: a dispute is opened, settled at another amount, and a credit puts last month right.

A is Polder (CSO and CSP), B is Voltaire, C is Nordlicht. Up to the positions of the window.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
import time_machine

from billing.models import ClearedSdr, Position
from billing.services import conservation
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from partners.models import Party, SettlementGroup
from roaming import queries_chain
from roaming.models import Dispute, SdrState
from roaming.services import disputes, matching
from tests.makers import AgreementMaker, PartyMaker, nordlicht, partner_of, polder, record, voltaire
from tests.roaming.partner_systems import COUNTERS, MATCHES, RECORDS, PartnerSystem

pytestmark = pytest.mark.django_db
DISPUTES = "/api/v1/disputes/"
LAST_MONTH = datetime(2026, 11, 14, 12, 0, tzinfo=UTC)
LAST_CLOSING = datetime(2026, 12, 8, 17, 0, tzinfo=UTC)
TODAY = datetime(2026, 12, 10, 12, 0, tzinfo=UTC)
CLOSING = datetime(2027, 1, 12, 17, 0, tzinfo=UTC)
SESSION = {"started_at": "2026-12-10T10:00:00Z", "ended_at": "2026-12-10T11:00:00Z"}


@pytest.fixture(autouse=True)
def _quick_secrets(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def csp_of_a():
    owner = partner_of(polder())
    return PartyMaker(
        country_code="NL", party_id="PLC", role=Party.Role.CSP, partner=owner, owned_by=owner
    )


@pytest.fixture
def agreements(csp_of_a):
    free = {"commission_rate": Decimal(0)}
    AgreementMaker(seller=nordlicht(), buyer=csp_of_a, price_basis="INCL_TAX", **free)
    AgreementMaker(
        seller=polder(), buyer=voltaire(), acceptance="DEEMED", counter_records="REQUIRED", **free
    )


def system(party):
    scopes = "sdr:write sdr:read settlement:read dispute:read dispute:write counter:write"
    return PartnerSystem(party, scopes=[*scopes.split(), "counter:read"])


def clear(run_key, now):
    return clear_group(SettlementGroup.objects.get(), run_key=run_key, now=now)


def act(partner, dispute, verb, **order):
    answer = partner.post(f"{DISPUTES}{dispute.pk}/{verb}/", json.dumps(order).encode())
    assert answer.status_code == 200, answer.content


@pytest.fixture
def last_month(agreements) -> UUID:
    """C's record of last month, settled."""
    with time_machine.travel(LAST_MONTH, tick=False):
        sent = system(nordlicht()).send(record(csp_id="NL*PLC", total_amount="12.10", items=None))
        assert sent.status_code == 201
    clear("last month", LAST_CLOSING)
    close_window(SettlementGroup.objects.get(), now=LAST_CLOSING)
    return UUID(sent.json()["record_id"])


@pytest.fixture
def disputed(last_month) -> Dispute:
    """A's record of 12.50, from which B's own differs by a tenth of the energy."""
    with time_machine.travel(TODAY, tick=False):
        a = system(polder())
        sdr = record(
            sdr_id="PLD-1",
            cso_id="NL*PLD",
            evse_id="NL*PLD*E1",
            location_country="NL",
            service_session_id="P-1",
            total_amount="12.50",
            items=None,
            **SESSION,
        )
        sent = a.send(sdr)
        assert sent.status_code == 201, sent.content
        counter = {
            "counter_id": "V-1",
            "csp_id": "FR*VOL",
            "cso_id": "NL*PLD",
            "service_session_id": "P-1",
            "evse_id": "NL*PLD*E1",
            "contract_id": "DE-8AA-CA2B3C4D5-L",
            "energy_kwh": "16.560",
            "currency": "EUR",
            **SESSION,
        }
        b = system(voltaire())
        told = b.post(COUNTERS, json.dumps(counter).encode())
        assert (told.status_code, told.json()["outcome"]) == (201, "accepted")
        found = matching.match_and_dispute(
            from_at=datetime(2026, 12, 1, tzinfo=UTC),
            until_at=datetime(2027, 1, 1, tzinfo=UTC),
            run_key="december",
            now=TODAY,
        )
        assert found["MISMATCH"] == 1
        for side in (a, b):
            [shown] = side.get(MATCHES, outcome="MISMATCH").json()["results"]
            assert (shown["sdr_energy_kwh"], shown["counter_energy_kwh"]) == ("18.4", "16.56")
            assert shown["differences"] == ["energy"]

        dispute = Dispute.objects.get()
        assert (dispute.reason, dispute.is_automatic) == ("D01", True)
        state = SdrState.objects.get(id=sent.json()["record_id"])
        assert state.state == "DISPUTED"
        clear("while in dispute", TODAY)
        assert ClearedSdr.objects.count() == 1
    return dispute


def test_j4(last_month, disputed):
    dispute = disputed
    with time_machine.travel(TODAY, tick=False):
        a, b = system(polder()), system(voltaire())
        act(b, dispute, "confirm")
        act(a, dispute, "partial", amount="8.00", text="the meter was off by a third")
        act(b, dispute, "agree")
        dispute.refresh_from_db()
        assert (dispute.outcome, dispute.decided_amount) == ("REPLACEMENT", Decimal("8.00"))

        disputes.replace_agreed(now=TODAY)

        credit = record(
            sdr_id="NLX-0001-C",
            credits_sdr_id="NLX-0001",
            csp_id="NL*PLC",
            total_amount="-12.10",
            items=None,
        )
        credited = system(nordlicht()).send(credit)
        assert (credited.status_code, credited.json()["outcome"]) == (201, "accepted")

    clear("this month", CLOSING)
    settlement = close_window(SettlementGroup.objects.get(), now=CLOSING).settlement

    positions = Position.objects.filter(settlement=settlement)
    nets = {position.partner.name: position.net_minor for position in positions}
    assert {name: nets[name] for name in ("Polder", "Voltaire", "Nordlicht")} == {
        "Polder": 2010,
        "Voltaire": -800,
        "Nordlicht": -1210,
    }
    chain = queries_chain.chain_of(last_month)
    assert queries_chain.sum_of(chain) == 0
    assert all(line.holds for line in conservation.lines())
    stranger = system(nordlicht())
    assert stranger.get(f"{DISPUTES}{dispute.pk}/").status_code == 404
    assert stranger.get(f"{RECORDS}{dispute.record_id}/").status_code == 404
    assert stranger.get(MATCHES).json()["results"] == []
