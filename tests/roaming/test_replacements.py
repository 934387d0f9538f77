"""The house puts a record of the agreed amount in another's place, or leaves nothing behind."""

from decimal import Decimal
from pathlib import Path

import pytest

from roaming.intake.csv_file import read_csv
from roaming.intake.profile import load_profile
from roaming.models import ContractIdentity, Sdr, SdrState
from roaming.services import corrections, intake, lifecycle
from tests.makers import NOON, AgreementMaker, later, nordlicht, partner_of, take_one

pytestmark = pytest.mark.django_db
PROFILE = """
title = "Sessions with the driver's contract"
file = { time_zone = "UTC" }
seller = { party = "DE*NLX", name = "Nordlicht" }
counterparties = [{ party = "FR*VOL", name = "Voltaire" }]
texts = { sdr_id = "id", service_session_id = "id", contract_id = "contract" }
constants = { currency = "EUR", location_country = "DE" }
times.started_at = { columns = ["start"], formats = ["%Y-%m-%dT%H:%M"] }
times.ended_at = { columns = ["end"], formats = ["%Y-%m-%dT%H:%M"] }
numbers = { energy_kwh = { column = "kwh" }, total_amount = { column = "cost" } }
agreement = { starts_on = 2020-01-01, currency = "EUR", group = { name = "EUR monthly" } }
"""
ROWS = """id,contract,start,end,kwh,cost
NLX-0001,DE-8AA-CA2B3C4D5-L,2026-11-14T10:00,2026-11-14T11:00,18.4,9.02
"""


@pytest.fixture
def disputed():
    AgreementMaker(acceptance="EXPLICIT")
    record_id = take_one().record_id
    lifecycle.move(record_id, "DISPUTED", actor="csp", reason="D01", now=NOON)
    return record_id


def replace(record_id, amount="8.00", *, now=NOON):
    return corrections.replace(
        record_id, amount=Decimal(amount), actor="clock", reason="agreed", now=now
    )


@pytest.mark.parametrize("amount", ["-1", "99999"])
def test_one_that_intake_refuses_leaves_nothing_behind(disputed, amount):
    with pytest.raises(corrections.CannotReplace):
        replace(disputed, amount)

    assert SdrState.objects.get().state == "DISPUTED"
    assert Sdr.objects.count() == 1


def test_one_may_come_long_after_the_session(disputed):
    """A dispute may last 90 days; its record must not be refused as late at the end of it."""
    replacement = Sdr.objects.get(id=replace(disputed, now=later(days=120)))

    assert replacement.claim_amount == Decimal(8)
    assert SdrState.objects.get(id=replacement.id).state == "ACCEPTED"


def test_one_of_a_row_of_a_file_is_the_same_drivers(tmp_path: Path):
    AgreementMaker(acceptance="EXPLICIT")
    (tmp_path / "own.toml").write_text(PROFILE)
    (tmp_path / "in.csv").write_text(ROWS)
    profile = str(tmp_path / "own.toml")
    [[taken]] = intake.take_in(
        read_csv(tmp_path / "in.csv", load_profile(profile)),
        sender=partner_of(nordlicht()),
        environment="LIVE",
        origin=intake.Origin(door="FILE", actor="tests", profile=profile),
        received_at=NOON,
    )
    assert taken.state == "DELIVERED", taken
    lifecycle.move(taken.record_id, "DISPUTED", actor="csp", reason="D01", now=NOON)

    replacement = Sdr.objects.get(id=replace(taken.record_id))

    original = Sdr.objects.get(id=taken.record_id)
    assert replacement.pseudonym == original.pseudonym != ""
    assert replacement.service_session_id == original.service_session_id
    assert ContractIdentity.objects.count() == 1
