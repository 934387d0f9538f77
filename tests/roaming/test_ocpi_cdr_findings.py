"""What the rules find in CDRs over OCPI, and what stays after a kill: CDR-06, 10, 13, 14, 21."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from roaming.models import Delivery, Sdr, SdrState
from tests.conftest import connect_as_owner
from tests.makers import AgreementMaker, nordlicht, voltaire
from tests.roaming.ocpi_world import System, connection
from tests.roaming.tariff_world import per_kwh, published
from tests.roaming.test_ocpi_cdr_module import cdr, codes_of, costs, credit, hours_ago, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def agreed():
    return AgreementMaker(seller=nordlicht(), buyer=voltaire())


@pytest.fixture
def cso() -> System:
    _, token = connection(nordlicht())
    return System(token)


def period(start: str, kwh: str) -> dict[str, Any]:
    dimensions = [{"type": "ENERGY", "volume": Decimal(kwh)}, {"type": "TIME", "volume": 1}]
    return {"start_date_time": start, "dimensions": dimensions}


def test_cdr_10_periods_that_do_not_add_up_are_found(cso):
    sent = cdr()
    cso.post("receiver/cdrs", sent | {"charging_periods": [period(sent["start_date_time"], "17")]})
    assert codes_of("C1") == {"V210"}


def test_cdr_13_a_period_before_the_session_is_found(cso):
    cso.post("receiver/cdrs", cdr(charging_periods=[period(hours_ago(7), "18.4")]))
    assert "V207" in codes_of("C1")


@pytest.mark.django_db(transaction=True)
def test_cdr_06_what_was_answered_is_there_for_everybody(cso):
    """No transaction of ours is open any more when the answer leaves: a kill takes nothing back."""
    assert cso.post("receiver/cdrs", cdr()).status_code == 201
    with connect_as_owner(connections["default"].settings_dict["NAME"]) as another:
        (records,) = another.execute("SELECT count(*) FROM roaming_sdr").fetchone()
        owed = another.execute("SELECT sequence FROM roaming_delivery WHERE kind = 'SDR'")
        assert (records, owed.fetchone()) == (1, (1,))


def test_cdr_21_a_credit_and_its_replacement_leave_the_replacement(cso):
    original = cdr("C1")
    cso.post("receiver/cdrs", original)
    cso.post("receiver/cdrs", credit(original))
    replacement = cdr("C2", session_id="S-C1", **costs("8.00"))
    answer = cso.post("receiver/cdrs", replacement)

    assert answer.status_code == 201
    accepted = SdrState.objects.filter(state="ACCEPTED").values("id")
    left = Sdr.objects.filter(id__in=accepted)
    assert sum(one.claim_amount for one in left) == Decimal("8.00")
    assert Delivery.objects.filter(kind="SDR").count() == 3


@pytest.mark.parametrize(
    ("energy", "is_found"), [("9.02", False), ("9.03", False), ("9.52", True)], ids=str
)
def test_cdr_14_the_price_is_checked_against_the_tariff_within_the_tolerance(cso, energy, is_found):
    """18.4 kWh at 0.49 are 9.016: a cent is within the tolerance, half a euro is not."""
    published(per_kwh("0.49"))
    used = period(cdr()["start_date_time"], "18.4") | {"tariff_id": "NLX-AC"}
    cso.post("receiver/cdrs", cdr(charging_periods=[used], **costs(energy)))

    assert (state_of("C1") == "HELD") is is_found
    assert codes_of("C1") == ({"V502"} if is_found else set())
