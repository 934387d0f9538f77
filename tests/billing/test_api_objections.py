"""Objections over the API, with tokens from the real token endpoint."""

import json

import pytest
import time_machine

from billing.api import documentation_objections as documentation
from billing.models import Objection
from billing.services import objections, settling
from billing.services.objections import Mending
from partners.models import PartyOwnership
from tests.billing.objection_world import (
    NEXT_DAY,
    OBJECTIONS,
    UNTIL,
    a_waiting_settlement,
    an_adjustment,
    objected,
    somebody,
    statement_of,
    system_of,
)
from tests.makers import laterne
from tests.roaming.partner_systems import PartnerSystem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_secrets")]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NEXT_DAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world():
    return a_waiting_settlement()


@pytest.fixture
def quick_secrets(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def address(document) -> str:
    return f"/api/v1/statements/{document.pk}/objections/"


def post(system, document, body: object = None, **headers):
    sent = {"text": "a day is missing"} if body is None else body
    return system.post(address(document), json.dumps(sent).encode(), **headers)


def test_is_raised_read_and_answered(world):
    oracle, _ = world
    system, document = system_of(oracle), statement_of(*world)
    body = {"text": "too much", "amount_minor": 1250, "counterparty": "DE*BBB", "sdr_id": "A-0001"}

    raised = post(system, document, body)

    assert raised.status_code == 201
    row = raised.json()
    assert body.items() <= row.items()
    assert (row["state"], row["statement_number"]) == ("OPEN", document.number)
    assert (row["currency"], row["record_id"] is None) == ("EUR", False)
    adjustment = an_adjustment(oracle)
    objections.uphold(
        row["objection_id"],
        answer="booked next month",
        mending=Mending(adjustment=adjustment),
        by=somebody(),
        now=NEXT_DAY,
    )
    read = system.get(f"{OBJECTIONS}{row['objection_id']}/").json()
    assert (read["state"], read["answer"]) == ("UPHELD", "booked next month")
    assert (read["remedy"], read["adjustment_minor"]) == ("ADJUSTMENT", 1200)
    assert "olga" not in json.dumps(read)
    party = PartyOwnership.objects.filter(partner=system.partner, party__role="CSO").get().party
    told = system.get("/api/v1/deliveries/", receiver=party.code, role="CSO").json()["results"]
    news = [one["message"] for one in told if one["message"]["type"] == "OBJECTION"]
    assert [one["subject_id"] for one in news] == [row["objection_id"]]


def test_lists_by_state_and_page(world):
    oracle, _ = world
    system, document = system_of(oracle), statement_of(*world)
    ids = [str(objected(*world, text=f"no. {n}").pk) for n in range(3)]
    objections.reject(ids[0], answer="it is there", by=somebody(), now=NEXT_DAY)

    def listed(path=OBJECTIONS, **query):
        page = system.get(path, **query).json()
        return [row["objection_id"] for row in page["results"]], page["next"]

    newest_first = sorted(ids, reverse=True)
    assert listed() == (newest_first, None)
    assert listed(address(document))[0] == newest_first
    assert listed(state="REJECTED") == (ids[:1], None)
    first, following = listed(limit=2)
    assert first == newest_first[:2]
    assert [row["objection_id"] for row in system.get(following).json()["results"]] == (
        newest_first[2:]
    )
    assert system.get(OBJECTIONS, state="DRAFT").json()["code"] == "PARAMETERS_INVALID"
    assert system.get(OBJECTIONS, stat="OPEN").json()["code"] == "PARAMETERS_INVALID"


def test_is_refused_in_time_and_state_with_a_code(world, clock):
    oracle, settlement = world
    system, document = system_of(oracle), statement_of(*world)
    clock.move_to(UNTIL.replace(minute=1))
    late = post(system_of(oracle), document)
    clock.move_to(NEXT_DAY)
    settling.cancel(settlement, reason="a fee is missing", now=NEXT_DAY)
    cancelled = post(system, document)

    assert (late.status_code, late.json()["code"]) == (409, "OBJECTION_TOO_LATE")
    assert (cancelled.status_code, cancelled.json()["code"]) == (409, "STATEMENT_CANCELLED")
    assert late["Content-Type"] == "application/problem+json"
    assert not Objection.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": " "}, 422, "OBJECTION_TEXT_MISSING"),
        ({"text": "t", "amount_minor": 0}, 422, "OBJECTION_AMOUNT_WRONG"),
        ({"text": "t", "amount_minor": 12.5}, 400, "BODY_UNREADABLE"),
        ({"text": "t", "amount_minor": 2**64}, 422, "OBJECTION_AMOUNT_WRONG"),
        ({"text": "t", "counterparty": "FR*VOL"}, 422, "COUNTERPARTY_NOT_IN_STATEMENT"),
        ({"text": "t\0"}, 400, "BODY_UNREADABLE"),
        ({"text": "t", "sdr_id": "a\0"}, 400, "BODY_UNREADABLE"),
        ({"text": "t" * 2001}, 400, "BODY_UNREADABLE"),
        ({"text": "t", "amout_minor": 5}, 400, "BODY_UNREADABLE"),
        ({}, 400, "BODY_UNREADABLE"),
    ],
)
def test_says_what_is_wrong_with_the_grounds(world, body, status, code):
    answer = post(system_of(world[0]), statement_of(*world), body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_is_raised_once_under_one_key(world):
    system, document = system_of(world[0]), statement_of(*world)

    first, again = (post(system, document, Idempotency_Key="k1") for _ in range(2))

    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Objection.objects.count() == 1


def test_of_others_is_not_there(world):
    """B is a partner of the same settlement, Laterne of none; a trial system sees no live one."""
    oracle, _ = world
    document, own = statement_of(*world), objected(*world)
    trial = system_of(oracle, environment="TEST")
    for stranger in (system_of(oracle, "B"), PartnerSystem(laterne()), trial):
        assert post(stranger, document).status_code == 404
        assert stranger.get(address(document)).status_code == 404
        assert stranger.get(f"{OBJECTIONS}{own.pk}/").status_code == 404
        assert stranger.get(OBJECTIONS).json()["results"] == []
    assert Objection.objects.count() == 1


def test_needs_the_scopes(world):
    document = statement_of(*world)
    reader = system_of(world[0], scopes=("settlement:read",))
    sender = system_of(world[0], scopes=("sdr:write",))

    assert reader.get(OBJECTIONS).status_code == 200
    assert post(reader, document).json()["code"] == "SCOPE_MISSING"
    assert sender.get(OBJECTIONS).json()["code"] == "SCOPE_MISSING"
    assert not Objection.objects.exists()


def test_the_example_has_what_an_answer_has(world):
    raised = post(system_of(world[0]), statement_of(*world)).json()

    assert set(documentation.ROW) == set(raised)
    assert documentation.ROW["next_step"] == raised["next_step"]
