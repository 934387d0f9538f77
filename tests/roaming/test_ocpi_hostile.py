"""What a hostile partner's system sends: refused as its mistake, never as ours (3000)."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from partners.models import AuditEvent, Mandate, PartyOwnership, RoamingEndpoint
from partners.services import bindings
from roaming.protocols.ocpi.handshake import offered_in
from tests.makers import AgreementMaker, fjell, nordlicht, polder, voltaire
from tests.roaming.ocpi_partners import Partner
from tests.roaming.ocpi_world import System, connection
from tests.roaming.over_http import wire
from tests.roaming.partner_end import at_work
from tests.roaming.test_ocpi_cdr_module import cdr
from tests.roaming.test_ocpi_locations import LOCATION
from tests.roaming.test_ocpi_tokens import token

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def agreed():
    AgreementMaker(acceptance="EXPLICIT", counter_records="REQUIRED")


@pytest.fixture
def cso() -> System:
    return System(connection(nordlicht(), capabilities=["CLEARING"])[1])


@pytest.fixture
def csp() -> System:
    return System(connection(voltaire(), capabilities=["CLEARING"])[1])


@pytest.mark.parametrize("shown", [b"\xfc", b"\xff\xfe", b"====", b"A" * 5000])
def test_a_token_that_none_can_be_is_401(shown):
    answer: Any = wire().send("GET", "/ocpi/versions", b"", {"Authorization": b"Token " + shown})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "receiver/locations/DE/NLX/%00",
        "sender/locations/%00",
        "receiver/sessions/DE/NLX/%00",
        "receiver/tariffs/DE/NLX/%00",
        "receiver/cdrs/DE/NLX/%00",
        "sender/clearing/cdrs/%00/NLX/1",
        "sender/locations?date_from=%00",
        "sender/tokens?offset=%00",
    ],
)
def test_an_address_with_nul_leads_nowhere(cso, path):
    answer = cso.get(path)
    assert (answer.status_code, answer.ocpi["status_code"]) == (404, 2000)


def test_bodies_with_nul_are_refused(cso, csp):
    nul = "a\0b"
    assert cso.post("receiver/cdrs", cdr("C1")).status_code == 201
    of_nobody = cdr("C2")["cdr_token"] | {"country_code": nul}
    answers = [
        cso.post("receiver/cdrs", cdr("C2", cdr_token=of_nobody)),
        cso.post(
            "sender/commands/START_SESSION/key", {"result": "ACCEPTED", "message": {"text": nul}}
        ),
        cso.post("sender/tokens/AAAA1111/authorize", {"location_id": nul}),
        csp.put(f"receiver/tokens/FR/VOL/{token()['uid']}", token(visual_number=nul)),
        csp.post("receiver/clearing/counter-records", {"id": nul}),
        csp.post("receiver/clearing/cdrs/DE/NLX/C1/decline", {"reason": "D01", "text": nul}),
    ]
    told = [(answer.status_code, answer.ocpi["status_code"]) for answer in answers]
    assert told == [(400, 2000)] * len(answers)


def test_a_body_that_is_too_long_is_413(cso, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = cso.put("receiver/locations/DE/NLX/LOC1", b" " * 1001)
    assert (answer.status_code, answer.ocpi["status_code"]) == (413, 2000)


@pytest.mark.parametrize("figure", ["1e999999", "1e131071", "1e-5000", f"0.{'1' * 1100}"])
def test_a_figure_that_would_grow_in_the_database_is_refused(cso, figure):
    """One of them made the page of locations unreadable, or as long as it liked."""
    whole = json.dumps(LOCATION | {"x_own": "figure"}).replace('"figure"', figure)
    answer = cso.put("receiver/locations/DE/NLX/LOC1", whole.encode())
    assert (answer.status_code, answer.ocpi["status_code"]) == (400, 2000)


@pytest.mark.parametrize("cdr_id", ["A#1", "A?1", "A/1", "../A", "A B", "A%2F"])
def test_a_cdr_is_found_at_the_address_that_was_answered_whatever_its_id(cso, cdr_id):
    taken = cso.post("receiver/cdrs", cdr(cdr_id))
    address = taken.headers["Location"].removeprefix("http://testserver")
    assert cso.get(address).ocpi["data"]["id"] == cdr_id


def lapsed(how: str) -> tuple[RoamingEndpoint, System]:
    """A connection that served Nordlicht for its owner, or for an agent, until a minute ago."""
    parties = [nordlicht()] if how == "ownership" else [polder(), nordlicht()]
    endpoint, shown = connection(*parties)
    ended = (
        PartyOwnership.objects.filter(party=nordlicht()) if how == "ownership" else Mandate.objects
    )
    ended.update(ends_at=timezone.now() - timedelta(minutes=1))
    return endpoint, System(shown, as_code="DE*NLX")


@pytest.mark.parametrize("how", ["mandate", "ownership"])
def test_who_lost_its_mandate_or_sold_its_party_does_not_speak_for_it(how):
    endpoint, agent = lapsed(how)
    told = agent.put("receiver/locations/DE/NLX/LOC1", LOCATION)
    assert (told.status_code, told.ocpi["status_code"]) == (404, 2001)
    assert agent.get("sender/tokens").ocpi["status_code"] == 2001
    assert nordlicht() in endpoint.parties.all()

    assert bindings.release_lapsed(now=timezone.now()) == 1
    assert nordlicht() not in endpoint.parties.all()
    event = AuditEvent.objects.get(action="roamingendpoint.party_released")
    assert (event.actor, event.before) == ("clock", {"party": "DE*NLX"})
    assert bindings.release_lapsed(now=timezone.now()) == 0


def test_what_is_of_the_year_9999_does_not_lock_out_what_comes_later(cso, csp):
    """A CSP could not block its token again: all it sent was older, and answered as taken."""
    path, late = f"receiver/tokens/FR/VOL/{token()['uid']}", "9999-12-31T23:59:59Z"
    assert csp.put(path, token()).status_code == 201
    answers = [
        csp.put(path, token(last_updated=late)),
        csp.patch(path, {"valid": True, "last_updated": late}),
        cso.put("receiver/locations/DE/NLX/LOC1", LOCATION | {"last_updated": late}),
    ]
    assert [answer.ocpi["status_code"] for answer in answers] == [2001] * 3
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert csp.patch(path, {"valid": False, "last_updated": now}).ocpi["status_code"] == 1000
    assert csp.get(path).ocpi["data"]["valid"] is False


def test_a_kind_of_token_that_nobody_knows_may_be_of_any_length(csp):
    path = f"receiver/tokens/FR/VOL/{token()['uid']}"
    assert csp.put(path, token(type="x" * 300)).ocpi["status_code"] == 1000
    assert csp.get(f"{path}?type=OTHER").ocpi["data"]["type"] == "OTHER"


def test_of_an_endless_list_of_modules_as_many_are_kept_as_there_can_be():
    listed = [
        {"identifier": f"m{number}", "role": "SENDER", "url": "https://partner.example/"}
        for number in range(5000)
    ]
    assert len(offered_in({"endpoints": listed}, version="2.2.1")) == 200


@pytest.mark.parametrize("policy", ["ALWAYS", "NEVER"])
def test_who_lists_the_card_of_anothers_driver_gains_nothing(cso, csp, policy):
    """The newest word counted: it had the driver, or blocked it."""
    AgreementMaker(buyer=fjell())
    thief = System(connection(fjell())[1])
    uid = token()["uid"]
    assert csp.put(f"receiver/tokens/FR/VOL/{uid}", token()).status_code == 201
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    stolen = token(country_code="NO", party_id="FJL", whitelist=policy, last_updated=now)
    assert thief.put(f"receiver/tokens/NO/FJL/{uid}", stolen).status_code == 201

    allowed = cso.post(f"sender/tokens/{uid}/authorize").ocpi["data"]
    assert (allowed["allowed"], allowed["token"]["party_id"]) == ("ALLOWED", "VOL")

    handed_over = token(valid=False, last_updated=now)
    assert csp.put(f"receiver/tokens/FR/VOL/{uid}", handed_over).status_code == 200
    answer = cso.post(f"sender/tokens/{uid}/authorize", {"location_id": "LOC2"}).ocpi
    if policy == "ALWAYS":
        assert answer["data"]["token"]["party_id"] == "FJL"
    else:
        assert answer["status_code"] == 4000  # it is the one to be asked now


def test_a_csps_answer_is_passed_on_as_far_as_it_is_one(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    told = {
        "allowed": "ALLOWED",
        "location": {"location_id": {"a": 1}, "evse_uids": "xyz"},
        "info": {"language": "en", "text": "y" * 100_000, "more": ["z"] * 1000},
    }
    with at_work() as ours, at_work() as theirs:
        asking, asked = Partner(ours, nordlicht()), Partner(theirs, voltaire())
        asked.answers(told)
        answer = asking.post("sender/tokens/AAAA1111/authorize", to_code="FR*VOL").ocpi["data"]
    assert answer["info"] == {"language": "en", "text": "y" * 512}
    assert "location" not in answer
