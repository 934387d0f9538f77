"""A sender reads why its records wait and what healed; a buyer and a stranger read nothing."""

import pytest

from roaming.models import Delivery
from roaming.services import holds
from tests import makers
from tests.makers import later, numbered_record, take
from tests.roaming.partner_systems import PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "quick_secrets")]
HOLDS = "/api/v1/holds/"


@pytest.fixture
def nordlicht():
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def waiting():
    """One waits for its home-CSP, one for a person."""
    makers.AgreementMaker()
    [_, fact, person] = take(
        numbered_record(1),
        numbered_record(2, csp_id="NO*FJL"),
        numbered_record(3, service_session_id="S-00001"),
    )
    return fact.record_id, person.record_id


def test_a_sender_reads_why_its_records_wait(nordlicht, waiting):
    page = nordlicht.get(HOLDS).json()

    fact, person = page["results"]
    assert [fact["record_id"], person["record_id"]] == list(waiting)
    assert (fact["codes"], fact["heals"]) == (["V003"], True)
    assert fact["findings"][0]["remedy"].startswith("Name a home-CSP")
    assert fact["cures"][0].startswith("Set up the home-CSP")
    assert (person["codes"], person["heals"]) == (["V402"], False)
    assert person["total_amount"] == "9.020000"
    assert (fact["held_at"], fact["expires_at"]) == (
        "2026-11-14T12:00:00Z",
        "2026-12-14T12:00:00Z",
    )
    assert page["next"] is None


def test_pages_and_codes_narrow_the_list(nordlicht, waiting):
    first = nordlicht.get(HOLDS, limit=1).json()
    rest = nordlicht.http.get(first["next"], headers=nordlicht.headers).json()

    assert [one["record_id"] for one in (*first["results"], *rest["results"])] == list(waiting)
    assert len(nordlicht.get(HOLDS, code="V402").json()["results"]) == 1
    assert nordlicht.get(HOLDS, cursor="x").status_code == 400
    assert nordlicht.get(HOLDS, state="HELD").status_code == 400


def test_the_summary_of_what_healed_is_delivered_once(nordlicht, waiting):
    makers.AgreementMaker(buyer=makers.fjell())
    holds.heal(actor="tests", now=later(hours=1))

    owed = nordlicht.get("/api/v1/deliveries/", receiver="DE*NLX").json()["results"]
    [healed] = [one["message"] for one in owed if one["message"]["type"] == "HEALED"]
    summary = nordlicht.get(f"{HOLDS}healings/{healed['subject_id']}/").json()

    assert (summary["party"], summary["released"]) == ("DE*NLX", [waiting[0]])
    assert summary["rejected"] == []
    assert [one["record_id"] for one in nordlicht.get(HOLDS).json()["results"]] == [waiting[1]]


def test_strangers_and_buyers_read_nothing(waiting):
    makers.AgreementMaker(buyer=makers.fjell())
    holds.heal(actor="tests", now=later(hours=1))
    healing = Delivery.objects.get(kind="HEALED").subject_id

    for party in (makers.laterne(), makers.voltaire(), makers.fjell()):
        system = PartnerSystem(party)
        assert system.get(HOLDS).json()["results"] == []
        assert system.get(f"{HOLDS}healings/{healing}/").status_code == 404


def test_a_token_without_the_scope_is_refused(waiting):
    system = PartnerSystem(makers.nordlicht(), scopes=("sdr:write",))

    assert system.get(HOLDS).status_code == 403
