"""A record is accepted by its CSP or taken back by its CSO; a stranger does neither."""

import json

import pytest

from roaming.models import SdrEvent, SdrState
from tests import makers
from tests.makers import record
from tests.roaming.partner_systems import EVERY_SCOPE, RECORDS, PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]
SCOPES = EVERY_SCOPE


@pytest.fixture
def nordlicht():
    makers.AgreementMaker(acceptance="EXPLICIT")
    return PartnerSystem(makers.nordlicht(), scopes=SCOPES)


@pytest.fixture
def voltaire(nordlicht):
    return PartnerSystem(makers.voltaire(), scopes=SCOPES)


@pytest.fixture
def record_id(nordlicht) -> str:
    return nordlicht.send(record()).json()["record_id"]


def do(system, record_id, verb):
    return system.post(f"{RECORDS}{record_id}/{verb}/", b"")


def test_the_csp_accepts_once(voltaire, record_id):
    answer = do(voltaire, record_id, "accept")

    assert (answer.status_code, answer.json()["state"]) == (200, "ACCEPTED")
    last = SdrEvent.objects.filter(record_id=record_id).latest("version")
    assert (last.actor, last.reason) == ("client backend", "accepted by the CSP")
    assert do(voltaire, record_id, "accept").status_code == 409


def test_the_cso_withdraws_before_acceptance_only(nordlicht, voltaire, record_id):
    assert do(nordlicht, record_id, "withdraw").json()["state"] == "WITHDRAWN"
    assert do(voltaire, record_id, "accept").status_code == 409
    assert nordlicht.send(record(sdr_id="NLX-0002")).status_code == 201


def test_neither_side_does_the_others(nordlicht, voltaire, record_id):
    assert do(nordlicht, record_id, "accept").status_code == 403
    assert do(voltaire, record_id, "withdraw").status_code == 403


def test_a_record_in_dispute_takes_neither(nordlicht, voltaire, record_id):
    body = json.dumps({"record_id": record_id, "reason": "D01"}).encode()
    assert voltaire.post("/api/v1/disputes/", body).status_code == 201

    assert do(voltaire, record_id, "accept").status_code == 409
    assert do(nordlicht, record_id, "withdraw").status_code == 409
    assert SdrState.objects.get(id=record_id).state == "DISPUTED"


def test_a_stranger_finds_nothing(record_id):
    laterne = PartnerSystem(makers.laterne("CSP"), scopes=SCOPES)

    assert do(laterne, record_id, "accept").status_code == 404
    assert do(laterne, record_id, "withdraw").status_code == 404
