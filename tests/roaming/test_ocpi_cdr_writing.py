"""A record of another door as a CDR of OCPI 2.2.1."""

import copy
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from roaming.messages import InboundItem, InboundPeriod, InboundSdr
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.cdrs import Cost, cdr_of, submission_of
from roaming.protocols.ocpi.objects import Untranslatable
from tests.roaming.ocpi_examples import A_LOCATION

START = datetime(2027, 3, 1, 21, 39, 9, tzinfo=UTC)
RECEIVED = datetime(2027, 3, 2, 8, 0, 0, 123_456, tzinfo=UTC)
A_RECORD = InboundSdr(
    sdr_id="R-1",
    cso_id="BE*BEC",
    csp_id="DE*TNM",
    service_session_id="S-1",
    evse_id="be*bec*e041503001",
    contract_id="DE8ACC12E46L89",
    credential_type="RFID",
    credential_id="012345678",
    authorization_method="WHITELIST",
    authorization_reference="A-1",
    tariff_id="12",
    started_at=START,
    ended_at=START + timedelta(hours=2),
    energy_kwh=Decimal("15.342"),
    meter_id="M-9",
    connector_type="IEC_62196_T2",
    currency="EUR",
    total_amount=Decimal("4.00"),
    items=[
        InboundItem(kind="ENERGY", amount=Decimal("3.50"), quantity=Decimal("15.342")),
        InboundItem(kind="PARKING", amount=Decimal("0.50"), quantity=Decimal("0.5")),
    ],
    charging_periods=[
        InboundPeriod(started_at=START, energy_kwh=Decimal("15.342"), duration_s=5400),
        InboundPeriod(started_at=START + timedelta(minutes=90), duration_s=1800),
    ],
)
COST = Cost(Decimal("4.00"), Decimal("4.40"))


def told(cost: Cost = COST, location: dict = A_LOCATION, **changes: object) -> dict:
    record = msgspec.structs.replace(A_RECORD, **changes)
    return cdr_of(record, location=location, cost=cost, issued_at=RECEIVED)


def test_what_a_record_says_comes_back_from_its_cdr():
    cdr = told()
    read = submission_of("2.2.1", objects.write(cdr))

    assert objects.faults_of("2.2.1", "CDR", cdr) == []
    assert read.findings == []
    assert read.sdr == msgspec.structs.replace(
        A_RECORD,
        evse_id="BE*BEC*E041503001",
        # As a CDR writes times.
        issued_at=RECEIVED.replace(microsecond=123_000),
        location_country="BE",
        location_name="Ghent South",
        location_city="Ghent",
        current_type="AC",
    )
    assert cdr["total_cost"] == {"excl_vat": Decimal("4.00"), "incl_vat": Decimal("4.40")}
    assert (cdr["total_time"], cdr["total_parking_time"]) == (Decimal("2.0000"), Decimal("0.5"))


def test_a_credit_negates_its_total_alone():
    """CDR-16, as we send it."""
    items = [InboundItem(kind="ENERGY", amount=Decimal("-4.00"))]
    cdr = told(Cost(Decimal("-4.00"), None), credits_sdr_id="R-0", items=items)

    assert (cdr["credit"], cdr["credit_reference_id"]) == (True, "R-0")
    assert cdr["total_cost"] == {"excl_vat": Decimal("-4.00")}
    assert cdr["total_energy_cost"] == {"excl_vat": Decimal("4.00")}


def test_parts_with_tax_are_not_told_as_parts_without():
    cdr = told(Cost(Decimal("3.36"), Decimal("4.00")))

    assert not {"total_energy_cost", "total_parking_cost"} & set(cdr)


def test_a_record_without_periods_is_one_period():
    cdr = told(charging_periods=[])

    assert cdr["charging_periods"] == [
        {
            "start_date_time": "2027-03-01T21:39:09Z",
            "dimensions": [{"type": "ENERGY", "volume": Decimal("15.342")}],
            "tariff_id": "12",
        }
    ]


def test_who_charged_may_not_be_told():
    cdr = told(contract_id="", credential_id="", credential_type="", authorization_method="APP")

    assert cdr["cdr_token"] == {
        "country_code": "DE", "party_id": "TNM", "uid": "#NA", "type": "OTHER",
        "contract_id": "#NA",
    }  # fmt: skip
    assert cdr["auth_method"] == "AUTH_REQUEST"


@pytest.mark.parametrize(("text", "encoding"), [
    ('OCMF|{"FV":"1.0"}|{"SD":"00"}', "OCMF"), ("AP;0;3;X", "Alfen"), ("<xml/>", "OTHER"),
])  # fmt: skip
def test_signed_text_is_told_untouched(text, encoding):
    signed = told(signed_data=text)["signed_data"]

    assert signed["encoding_method"] == encoding
    assert [one["signed_data"] for one in signed["signed_values"]] == [text]


def test_signed_data_of_ocpi_is_told_as_it_is():
    tree = {
        "encoding_method": "OCMF",
        "signed_values": [{"nature": "Start", "plain_data": "", "signed_data": "OCMF|ä|"}],
    }
    assert told(signed_data=objects.write(tree).decode())["signed_data"] == tree


TWO_KINDS = copy.deepcopy(A_LOCATION)
TWO_KINDS["evses"][0]["connectors"][1]["power_type"] = "AC_1_PHASE"


@pytest.mark.parametrize(("path", "changes"), [
    ("end_date_time", {"ended_at": None}),
    ("total_cost.excl_vat", {"cost": Cost(None, Decimal(4))}),
    ("party_id", {"cso_id": "nobody"}),
    ("cdr_token.party_id", {"csp_id": ""}),
    ("id", {"sdr_id": "x" * 37}),
    ("session_id", {"service_session_id": "x" * 37}),
    ("currency", {"currency": ""}),
    ("cdr_location.evse_id", {"evse_id": "BE*BEC*E9"}),
    ("cdr_location.evse_id", {"evse_id": ""}),
    ("cdr_location.connector_standard", {"location": TWO_KINDS, "connector_type": ""}),
])  # fmt: skip
def test_what_ocpi_requires_and_nobody_tells_is_refused(path, changes):
    with pytest.raises(Untranslatable) as refused:
        told(**changes)

    assert refused.value.path == path


def test_one_of_two_alike_connectors_has_no_id():
    location = copy.deepcopy(A_LOCATION)
    connectors = location["evses"][0]["connectors"]
    connectors[1] = connectors[0] | {"id": "2"}

    assert told(location=location)["cdr_location"]["connector_id"] == "#NA"
    assert told()["cdr_location"]["connector_id"] == "1"
