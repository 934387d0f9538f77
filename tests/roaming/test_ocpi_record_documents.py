"""A kept CDR as the version of whoever reads it."""

from uuid import UUID

import pytest

from partners.models import Party
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.record_documents import cdr_documents
from roaming.protocols.ocpi.records import profile_of, read_kept
from roaming.services.intake import Opened, Origin, open_batch, take_into
from tests import makers
from tests.makers import NOON, partner_of
from tests.roaming.ocpi_examples import A_PLACE, A_TOKEN, a_cdr, as_json

pytestmark = pytest.mark.django_db


def kept(**changes: object) -> tuple[dict, Party, UUID]:
    """A CDR of 2.2.1 that was accepted, its buyer, and the id of its record."""
    makers.AgreementMaker()
    seller, buyer = makers.nordlicht(), makers.voltaire()
    start, end = "2026-11-14T10:00:00Z", "2026-11-14T11:00:00Z"
    token = A_TOKEN | {"country_code": "FR", "party_id": "VOL", "contract_id": "DE-8AA-CA2B3C4D5-L"}
    cdr = a_cdr(
        country_code="DE", party_id="NLX", start_date_time=start, end_date_time=end,
        last_updated=end, cdr_token=token, total_energy=10, total_time=1,
        cdr_location=A_PLACE | {"evse_id": "DE*NLX*E1001*1", "country": "DEU"},
        charging_periods=[
            {"start_date_time": start, "dimensions": [{"type": "ENERGY", "volume": 10}]}
        ],
        total_parking_time=None, total_parking_cost=None, total_energy_cost=None,
    ) | changes  # fmt: skip
    profile = profile_of("2.2.1", seller, "EXCL_TAX")
    submission = read_kept(as_json(cdr), profile)
    assert submission is not None
    batch = open_batch(
        sender=partner_of(seller),
        environment="LIVE",
        origin=Origin(door="OCPI", actor="tests", profile=profile),
        received_at=NOON,
    )
    [[outcome]] = take_into(Opened(batch), [submission], actor="tests")
    assert outcome.outcome == "accepted", outcome
    return cdr, buyer, UUID(outcome.record_id)


def test_each_version_gets_the_cdr_in_its_own_words(noon):
    cdr, buyer, record_id = kept(x_note="kept")

    for version in ("2.1.1", "2.2.1", "2.3.0"):
        [document] = cdr_documents([record_id], parties=[buyer], version=version)
        assert not [f for f in objects.faults_of(version, "CDR", document) if f.is_fatal]
        assert document["x_note"] == "kept"
        if version == "2.2.1":
            assert document == cdr


def test_what_a_version_cannot_tell_is_left_out(noon):
    _, buyer, record_id = kept(id="x" * 36, remark="x")
    [document] = cdr_documents([record_id], parties=[buyer], version="2.1.1")
    assert document["id"] == "x" * 36
    assert cdr_documents([record_id], parties=[makers.fjell()], version="2.1.1") == []
