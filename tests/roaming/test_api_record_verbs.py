"""Accepting and withdrawing a record over the API: each side its own verb, a stranger none."""

import uuid

import pytest

from roaming.models import SdrEvent, SdrState
from tests import makers
from tests.makers import NOON, record
from tests.roaming.partner_systems import RECORDS, PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_secrets")]


@pytest.fixture
def nordlicht(noon):
    makers.AgreementMaker(acceptance="EXPLICIT")
    return PartnerSystem(makers.nordlicht())


@pytest.fixture
def voltaire(nordlicht):
    return PartnerSystem(makers.voltaire())


@pytest.fixture
def record_id(nordlicht) -> str:
    answer = nordlicht.send(record()).json()
    assert answer["state"] == "DELIVERED"
    return answer["record_id"]


def act(system, record_id, verb, **headers):
    return system.post(f"{RECORDS}{record_id}/{verb}/", b"", **headers)


def test_the_csp_accepts_what_it_was_sent(voltaire, record_id):
    answer = act(voltaire, record_id, "accept")

    assert (answer.status_code, answer.json()["state"]) == (200, "ACCEPTED")
    event = SdrEvent.objects.filter(record_id=record_id).latest("version")
    assert (event.path[-1], event.reason) == ("ACCEPTED", "accepted by the CSP")
    assert event.actor == "client backend"


def test_the_cso_withdraws_before_acceptance(nordlicht, record_id):
    answer = act(nordlicht, record_id, "withdraw")

    assert (answer.status_code, answer.json()["state"]) == (200, "WITHDRAWN")


@pytest.mark.parametrize(("side", "verb"), [("voltaire", "withdraw"), ("nordlicht", "accept")])
def test_neither_side_has_the_others_verb(request, record_id, side, verb):
    answer = act(request.getfixturevalue(side), record_id, verb)

    assert (answer.status_code, answer.json()["code"]) == (403, "VERB_NOT_YOURS")
    assert SdrState.objects.get(id=record_id).state == "DELIVERED"


def test_an_accepted_record_is_not_withdrawn(nordlicht, voltaire, record_id):
    act(voltaire, record_id, "accept")

    answer = act(nordlicht, record_id, "withdraw")

    assert (answer.status_code, answer.json()["code"]) == (409, "VERB_NOT_NOW")
    assert SdrState.objects.get(id=record_id).state == "ACCEPTED"


def test_a_repeated_call_gets_the_first_answer(voltaire, record_id):
    key = {"Idempotency_Key": str(uuid.uuid4())}
    first = act(voltaire, record_id, "accept", **key)

    second = act(voltaire, record_id, "accept", **key)

    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert SdrEvent.objects.filter(record_id=record_id, at__gte=NOON).count() == 2


def test_a_stranger_learns_nothing(voltaire, record_id):
    stranger = PartnerSystem(makers.laterne())

    for verb in ("accept", "withdraw"):
        unknown = act(stranger, uuid.uuid4(), verb)
        answer = act(stranger, record_id, verb)
        assert answer.status_code == unknown.status_code == 404
        assert answer.json()["code"] == unknown.json()["code"]


def test_a_client_without_the_scope_is_refused(record_id):
    reader = PartnerSystem(makers.voltaire(), scopes=("sdr:read",))

    assert act(reader, record_id, "accept").status_code == 403
