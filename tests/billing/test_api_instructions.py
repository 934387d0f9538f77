"""Instructions over the API: both sides read the same reference, a stranger nothing."""

import pytest
import time_machine

from billing.models import Instruction
from clearinghouse.uuid7 import new_uuid7
from tests import makers
from tests.billing.portal_world import DECEMBER, settled_month
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db
PATH = "/api/v1/instructions/"


@pytest.fixture(autouse=True)
def world():
    with time_machine.travel(DECEMBER, tick=False):
        settled = settled_month()
        Instruction.objects.create(
            id=new_uuid7(),
            settlement=settled.statement.settlement,
            place=1,
            payer=settled.voltaire,
            payee=settled.nordlicht,
            currency="EUR",
            amount_minor=893,
        )
        yield settled


def rows(party) -> list[dict]:
    answer = PartnerSystem(party).get(PATH)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_both_sides_read_what_is_paid_and_the_payers_reference(world):
    paying, paid = rows(makers.voltaire()), rows(makers.nordlicht())

    [to_nordlicht] = [row for row in paying if row["counterparty"] == "Nordlicht"]
    [from_voltaire] = [row for row in paid if row["direction"] == "RECEIVE"]
    number = world.statement.settlement.documents.get(partner=world.voltaire).number
    assert to_nordlicht["direction"] == "PAY"
    assert from_voltaire["counterparty"] == "Voltaire"
    for name in ("id", "amount_minor", "currency", "reference", "due_date"):
        assert to_nordlicht[name] == from_voltaire[name]
    assert from_voltaire["reference"] == number
    assert from_voltaire["amount_minor"] == 893


def test_a_stranger_reads_nothing():
    assert rows(makers.laterne()) == []


def test_an_unknown_parameter_is_a_problem():
    answer = PartnerSystem(makers.nordlicht()).get(PATH, amount=1)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
