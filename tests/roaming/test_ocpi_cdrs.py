"""A CDR of any version as our service detail record."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from roaming.messages import InboundItem, InboundPeriod
from roaming.protocols.ocpi.cdrs import submission_of
from tests.roaming.ocpi_examples import A_PLACE, A_TOKEN, a_cdr, as_json, example, needs_examples


def at(hour: int, minute: int, second: int) -> datetime:
    return datetime(2027, 3, 1, hour, minute, second, tzinfo=UTC)


def read(**changes):
    submission = submission_of("2.2.1", as_json(a_cdr(**changes)))
    assert submission.findings == []
    return submission.sdr


def test_every_fact_of_a_cdr_arrives():
    sdr = read(meter_id="M-9")

    assert (sdr.sdr_id, sdr.cso_id, sdr.csp_id) == ("12345", "BE*BEC", "DE*TNM")
    assert (sdr.service_session_id, sdr.authorization_reference) == ("S-1", "A-1")
    assert (sdr.credential_type, sdr.credential_id) == ("RFID", "012345678")
    assert (sdr.contract_id, sdr.authorization_method) == ("DE8ACC12E46L89", "WHITELIST")
    assert (sdr.evse_id, sdr.tariff_id, sdr.meter_id) == ("BE*BEC*E041503003", "12", "M-9")
    assert (sdr.location_country, sdr.location_city) == ("BE", "Ghent")
    assert (sdr.connector_type, sdr.current_type) == ("IEC_62196_T2", "AC")
    assert (sdr.started_at, sdr.ended_at) == (at(21, 39, 9), at(23, 37, 32))
    assert (sdr.issued_at, sdr.energy_kwh) == (at(23, 40, 13), Decimal("15.342"))
    assert (sdr.total_amount, sdr.currency) == (Decimal("4.00"), "EUR")
    assert sdr.items == [
        InboundItem(kind="ENERGY", amount=Decimal("3.50"), quantity=Decimal("15.342")),
        InboundItem(kind="PARKING", amount=Decimal("0.50"), quantity=Decimal("0.473")),
    ]
    assert sdr.charging_periods == [
        InboundPeriod(started_at=at(21, 39, 9), energy_kwh=Decimal("15.342"), duration_s=5400),
        InboundPeriod(started_at=at(23, 9, 9), energy_kwh=Decimal(0), duration_s=1703),
    ]


def test_an_agreement_with_tax_claims_the_price_with_tax():
    sdr = submission_of("2.2.1", as_json(a_cdr()), basis="INCL_TAX").sdr

    assert sdr.total_amount == Decimal("4.40")
    assert [item.amount for item in sdr.items] == [Decimal("3.85"), Decimal("0.55")]


def test_no_price_with_tax_is_none_claimed():
    cdr = a_cdr(total_cost={"excl_vat": 4}, total_energy_cost=None, total_parking_cost=None)

    assert submission_of("2.2.1", as_json(cdr), basis="INCL_TAX").sdr.total_amount is None


def test_time_is_what_was_not_parked():
    sdr = read(total_time_cost={"excl_vat": 1}, total_energy_cost=None, total_parking_cost=None)

    assert sdr.items == [InboundItem(kind="TIME", amount=Decimal(1), quantity=Decimal("1.500"))]


def test_2_3_0_adds_up_its_taxes():
    cdr = a_cdr(total_energy_cost=None, total_parking_cost=None, total_fixed_cost=None)
    taxes = [{"name": "GST", "amount": Decimal("0.20")}, {"name": "PST", "amount": Decimal("0.15")}]
    cdr["total_cost"] = {"before_taxes": Decimal("4.00"), "taxes": taxes}
    cdr["tariffs"] = []

    assert submission_of("2.3.0", as_json(cdr)).sdr.total_amount == Decimal("4.00")
    assert submission_of("2.3.0", as_json(cdr), basis="INCL_TAX").sdr.total_amount == Decimal(
        "4.35"
    )


def test_a_credit_by_the_letter_negates_its_total_alone():
    """CDR-16, variant (a): the parts stay positive on the wire, and add up to the credit here."""
    sdr = read(credit=True, credit_reference_id="12345", id="12345-C",
               total_cost={"excl_vat": Decimal("-4.00"), "incl_vat": Decimal("-4.40")})  # fmt: skip

    assert (sdr.credits_sdr_id, sdr.total_amount) == ("12345", Decimal("-4.00"))
    assert [item.amount for item in sdr.items] == [Decimal("-3.50"), Decimal("-0.50")]
    assert sdr.energy_kwh == Decimal("15.342")


def test_a_credit_that_negates_everything_says_the_same():
    """CDR-16, variant (b)."""
    sdr = read(credit=True, credit_reference_id="12345", id="12345-C",
               total_cost={"excl_vat": Decimal("-4.00")},
               total_energy=Decimal("-15.342"),
               total_energy_cost={"excl_vat": Decimal("-3.50")},
               total_parking_cost={"excl_vat": Decimal("-0.50")})  # fmt: skip

    assert [item.amount for item in sdr.items] == [Decimal("-3.50"), Decimal("-0.50")]
    assert sdr.energy_kwh == Decimal("-15.342")


def test_not_applicable_is_not_stated():
    """CDR-27: an unused reservation has neither an EVSE nor a session."""
    place = A_PLACE | {"evse_uid": "#NA", "evse_id": "#NA", "connector_id": "#NA"}
    sdr = read(cdr_location=place, session_id=None, meter_id="#NA",
               charging_periods=[{
                   "start_date_time": "2027-03-01T21:39:09Z",
                   "dimensions": [{"type": "RESERVATION_TIME", "volume": Decimal("0.5")}],
               }],
               total_energy=0, total_energy_cost=None, total_parking_cost=None,
               total_reservation_cost={"excl_vat": Decimal("4.00")})  # fmt: skip

    assert (sdr.evse_id, sdr.meter_id, sdr.service_session_id) == ("", "", "")
    assert sdr.items == [
        InboundItem(kind="RESERVATION", amount=Decimal("4.00"), quantity=Decimal("0.5"))
    ]


def test_an_end_that_nobody_knows_is_not_stated():
    sdr = read(end_date_time="1970-1-1T00:00:00Z")

    assert sdr.ended_at is None
    assert sdr.charging_periods[-1].duration_s == 0


def test_a_start_that_nobody_knows_is_a_finding():
    submission = submission_of("2.2.1", as_json(a_cdr(start_date_time="1970-1-1T00:00:00Z")))

    assert [(one.code, one.field) for one in submission.findings] == [("V001", "started_at")]


def test_signed_data_is_the_text_that_it_was():
    """Escapes, blanks and key order are under the signature's eyes."""
    signed = (
        b'{ "encoding_method" : "OCMF",\n  "signed_values": [{"nature":"Start", '
        b'"plain_data":"","signed_data":"OCMF|{\\"FV\\":\\"1.0\\",\\u00e4}|{}"}] }'
    )
    raw = as_json(a_cdr())[:-1] + b', "signed_data":' + signed + b"}"

    assert submission_of("2.2.1", raw).sdr.signed_data.encode() == signed


def test_several_tariffs_are_none():
    """One record has one tariff here: where the periods name two, none is claimed."""
    cdr = a_cdr()
    cdr["charging_periods"][1]["tariff_id"] = "13"
    assert read(charging_periods=cdr["charging_periods"]).tariff_id == ""

    for period in cdr["charging_periods"]:
        del period["tariff_id"]
    assert read(charging_periods=cdr["charging_periods"]).tariff_id == "12"


def test_each_fatal_fault_is_a_finding_and_the_id_is_kept():
    """A refused record is evidence: it must be found under its id again."""
    submission = submission_of("2.2.1", as_json(a_cdr(total_cost=None, auth_method="SMELL")))

    assert [(one.code, one.severity, one.field) for one in submission.findings] == [
        ("V001", "REJECT", "auth_method"),
        ("V001", "REJECT", "total_cost"),
    ]
    sdr = submission.sdr
    assert (sdr.sdr_id, sdr.cso_id, sdr.csp_id) == ("12345", "BE*BEC", "DE*TNM")
    # So that no other rule takes what is right for missing too.
    assert (sdr.started_at, sdr.ended_at) == (at(21, 39, 9), at(23, 37, 32))
    assert (sdr.energy_kwh, sdr.total_amount) == (Decimal("15.342"), None)
    assert submission.is_record


def test_a_refused_id_is_kept_too():
    cdr = a_cdr(id="x" * 37, start_date_time="yesterday", cdr_token="x")

    sdr = submission_of("2.2.1", as_json(cdr)).sdr

    assert (sdr.sdr_id, sdr.csp_id, sdr.started_at) == ("x" * 37, "", None)
    assert submission_of("2.1.1", as_json(cdr), "BE*BEC").sdr.cso_id == "BE*BEC"


def test_what_our_record_cannot_hold_is_a_finding():
    submission = submission_of("2.2.1", as_json(a_cdr(meter_id="M" * 101)))

    assert [(one.field, one.severity) for one in submission.findings] == [("meter_id", "REJECT")]


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b'{"id":5,"party_id":[]}', b"\xff{"])
def test_no_bytes_raise(raw):
    assert submission_of("2.2.1", raw, "BE*BEC").findings


A_2_1_1_CDR = {
    "id": "12345",
    "start_date_time": "2027-03-01T21:39:09Z",
    "stop_date_time": "2027-03-01T23:37:32Z",
    "auth_id": "DE8ACC12E46L89",
    "auth_method": "WHITELIST",
    "location": {
        "id": "LOC1",
        "type": "ON_STREET",
        "name": "Ghent South",
        "address": "Rooseveltlaan 3A",
        "city": "Ghent",
        "postal_code": "9000",
        "country": "BEL",
        "coordinates": {"latitude": "51.047599", "longitude": "3.729944"},
        "evses": [
            {
                "uid": "3256",
                "evse_id": "BE*BEC*E041503003",
                "status": "AVAILABLE",
                "connectors": [
                    {
                        "id": "1",
                        "standard": "IEC_62196_T2",
                        "format": "SOCKET",
                        "power_type": "DC",
                        "voltage": 400,
                        "amperage": 125,
                        "last_updated": "2027-03-01T21:01:12Z",
                    }
                ],
                "last_updated": "2027-03-01T21:01:12Z",
            }
        ],
        "last_updated": "2027-03-01T21:01:12Z",
    },
    "currency": "EUR",
    "charging_periods": [
        {
            "start_date_time": "2027-03-01T21:39:09Z",
            "dimensions": [{"type": "ENERGY", "volume": 120}, {"type": "FLAT", "volume": 1}],
        }
    ],
    "total_cost": Decimal("4.00"),
    "total_energy": Decimal("15.342"),
    "total_time": Decimal("1.973"),
    "last_updated": "2027-03-01T23:40:13Z",
}


def test_a_2_1_1_cdr_takes_its_party_from_the_connection():
    asked = []

    def token_of(contract_id: str) -> dict:
        asked.append(contract_id)
        return A_TOKEN

    submission = submission_of("2.1.1", as_json(A_2_1_1_CDR), "BE*BEC", token_of=token_of)
    sdr = submission.sdr

    assert submission.findings == []
    assert asked == ["DE8ACC12E46L89"]
    assert (sdr.cso_id, sdr.csp_id, sdr.credential_id) == ("BE*BEC", "DE*TNM", "012345678")
    assert (sdr.evse_id, sdr.connector_type, sdr.current_type) == (
        "BE*BEC*E041503003", "IEC_62196_T2", "DC",
    )  # fmt: skip
    assert (sdr.total_amount, sdr.ended_at) == (Decimal("4.00"), at(23, 37, 32))


def test_a_2_1_1_cdr_of_an_unknown_contract_names_no_csp():
    sdr = submission_of("2.1.1", as_json(A_2_1_1_CDR), "BE*BEC").sdr

    assert (sdr.csp_id, sdr.contract_id) == ("", "DE8ACC12E46L89")


@pytest.mark.parametrize("evses", [None, [], A_2_1_1_CDR["location"]["evses"] * 2])
def test_a_2_1_1_location_with_no_or_several_evses_names_none(evses):
    location = A_2_1_1_CDR["location"] | {"evses": evses}
    submission = submission_of("2.1.1", as_json(A_2_1_1_CDR | {"location": location}), "BE*BEC")

    assert submission.findings == []
    assert (submission.sdr.evse_id, submission.sdr.location_city) == ("", "Ghent")


@needs_examples
@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_the_published_cdr_is_taken(version):
    submission = submission_of(version, example(version, "cdr_example"))

    assert submission.findings == []
    assert submission.sdr.total_amount == Decimal("4.0")
    assert (submission.sdr.cso_id, submission.sdr.csp_id) == ("BE*BEC", "DE*TNM")
