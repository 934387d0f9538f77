"""The examples of the API's description. A test sends each one and expects its answer.

They are true for Nordlicht (DE*NLX) on 14 November 2026 at noon, in this order; record ids
differ each time.
"""

from typing import NamedTuple


class Example(NamedTuple):
    """A request body and the answer it gets."""

    title: str
    request: object
    status: int
    answer: dict


RECORD = {
    "sdr_id": "NLX-2026-000117",
    "cso_id": "DE*NLX",
    "csp_id": "FR*VOL",
    "service_session_id": "S-8f2c1",
    "evse_id": "DE*NLX*E1001*1",
    "contract_id": "DE-8AA-CA2B3C4D5-L",
    "credential_type": "RFID",
    "started_at": "2026-11-14T10:00:00+01:00",
    "ended_at": "2026-11-14T11:00:00+01:00",
    "energy_kwh": "18.400",
    "meter_start_kwh": "5012.100",
    "meter_end_kwh": "5030.500",
    "max_power_kw": "22",
    "location_country": "DE",
    "currency": "EUR",
    "total_amount": "9.02",
    "items": [{"kind": "ENERGY", "quantity": "18.400", "unit_price": "0.49", "amount": "9.016"}],
    "charging_periods": [
        {"started_at": "2026-11-14T10:00:00+01:00", "energy_kwh": "18.400", "duration_s": 3600}
    ],
}
# The same without meter values and periods, which another energy would contradict.
_UNMETERED = {
    name: value
    for name, value in RECORD.items()
    if name not in ("meter_start_kwh", "meter_end_kwh", "charging_periods")
}
_ACCEPTED = {
    "sdr_id": "NLX-2026-000117",
    "record_id": "01a1d9ed-c41a-7389-8f58-80f9479187f6",
    "attempt": 1,
    "outcome": "accepted",
    "state": "ACCEPTED",
    "codes": [],
    "findings": [],
}
ACCEPTED = Example("A good record", RECORD, 201, _ACCEPTED)
AGAIN = Example("The same record again", RECORD, 200, _ACCEPTED | {"outcome": "duplicate"})
HELD = Example(
    "A counterparty that is not known yet",
    RECORD
    | {
        "sdr_id": "NLX-2026-000119",
        "service_session_id": "S-8f2c3",
        "csp_id": "IT*ZZZ",
        "evse_id": "DE*NLX*E1003*1",
        "contract_id": "DE-8AA-C00000119-U",
    },
    201,
    {
        "sdr_id": "NLX-2026-000119",
        "record_id": "01a1d9ed-c48a-72c3-b3b6-ab3a038ede12",
        "attempt": 1,
        "outcome": "held",
        "state": "HELD",
        "codes": ["V003"],
        "findings": [
            {
                "code": "V003",
                "severity": "HOLD",
                "field": "csp_id",
                "message": "counterparty 'IT*ZZZ' is not known here",
                "remedy": "Name a home-CSP that is set up here; until it is, the record waits"
                " for it.",
            }
        ],
    },
)
CONFLICT = Example(
    "The id of a live record with other content",
    _UNMETERED | {"energy_kwh": "18.500"},
    409,
    {
        "type": "urn:clearinghouse:problem:sdr-conflict",
        "title": "Same id, other content",
        "status": 409,
        "code": "SDR_CONFLICT",
        "detail": "A live record has this sdr_id with other content; it is unchanged. Correct it"
        " by a credit and a replacement under new ids.",
        "sdr_id": "NLX-2026-000117",
        "record_id": "01a1d9ed-c460-762b-b127-37997f48df4f",
        "attempt": 1,
        "outcome": "conflict",
        "state": "REJECTED",
        "errors": [
            {
                "code": "V401",
                "severity": "REJECT",
                "field": "sdr_id",
                "index": 0,
                "message": "NLX-2026-000117 is a live record with other content",
                "remedy": "Correct a live record by a credit and a replacement under new ids.",
            }
        ],
    },
)
REJECTED = Example(
    "Wh in a kWh field",
    _UNMETERED
    | {
        "sdr_id": "NLX-2026-000118",
        "service_session_id": "S-8f2c2",
        "evse_id": "DE*NLX*E1002*1",
        "contract_id": "DE-8AA-C00000118-A",
        "energy_kwh": "18400",
    },
    422,
    {
        "type": "urn:clearinghouse:problem:sdr-rejected",
        "title": "Record rejected",
        "status": 422,
        "code": "SDR_REJECTED",
        "detail": "Correct what errors lists and send the record again under the same sdr_id.",
        "sdr_id": "NLX-2026-000118",
        "record_id": "01a1d9ed-c476-777f-a3c2-61acf2933d10",
        "attempt": 1,
        "outcome": "rejected",
        "state": "REJECTED",
        "errors": [
            {
                "code": "V202",
                "severity": "REJECT",
                "field": "energy_kwh",
                "index": 0,
                "message": "18400 kWh in 1.000 h at 22 kW",
                "remedy": "Check energy, times and max_power_kw.",
            },
            {
                "code": "V203",
                "severity": "REJECT",
                "field": "energy_kwh",
                "index": 0,
                "message": "18400 kWh in one session",
                "remedy": "Check the unit (kWh) and the meter values.",
            },
            {
                "code": "V209",
                "severity": "HOLD",
                "field": "energy_kwh",
                "index": 0,
                "message": "18400 kWh in 1.000 h",
                "remedy": "Check energy and times.",
            },
            {
                "code": "V212",
                "severity": "HOLD",
                "field": "energy_kwh",
                "index": 0,
                "message": "18400 kWh reads like 18.4 kWh given in Wh",
                "remedy": "Send kWh with at most 3 decimals.",
            },
        ],
    },
)
NOT_YOURS = Example(
    "A record of somebody else's party",
    RECORD
    | {
        "sdr_id": "PLD-2026-000001",
        "cso_id": "NL*PLD",
        "evse_id": "DE*NLX*E1006*1",
        "contract_id": "DE-8AA-C00000001-B",
    },
    422,
    {
        "type": "urn:clearinghouse:problem:sdr-rejected",
        "title": "Record rejected",
        "status": 422,
        "code": "SDR_REJECTED",
        "detail": "Correct what errors lists and send the record again under the same sdr_id.",
        "sdr_id": "PLD-2026-000001",
        "record_id": "01a1d9ed-c4a0-7000-8000-000000000001",
        "attempt": 1,
        "outcome": "rejected",
        "state": "REJECTED",
        "errors": [
            {
                "code": "V002",
                "severity": "REJECT",
                "field": "cso_id",
                "index": 0,
                "message": "you do not act for party 'NL*PLD'",
                "remedy": "Use your own party, or ask its owner for a mandate to send for it.",
            }
        ],
    },
)
UNREADABLE = Example(
    "A list where one record is expected",
    [RECORD],
    400,
    {
        "type": "urn:clearinghouse:problem:body-unreadable",
        "title": "Bad Request",
        "status": 400,
        "code": "BODY_UNREADABLE",
        "detail": "The body is not what it should be: a record is a JSON object; send one JSON"
        " object, or use …/batch/.",
        "errors": [],
    },
)
BATCH = Example(
    "A good record, a bad one, and something that is no record",
    [
        RECORD
        | {
            "sdr_id": "NLX-2026-000120",
            "service_session_id": "S-8f2c4",
            "evse_id": "DE*NLX*E1004*1",
            "contract_id": "DE-8AA-C00000120-B",
        },
        _UNMETERED
        | {
            "sdr_id": "NLX-2026-000121",
            "service_session_id": "S-8f2c5",
            "evse_id": "DE*NLX*E1005*1",
            "contract_id": "DE-8AA-C00000121-H",
            "energy_kwh": "-1",
        },
        "not a record",
    ],
    200,
    {
        "batch_id": "01a1d9ed-c49e-73df-a07b-bc3d07f1a9d2",
        "sequence": None,
        "received": 3,
        "accepted": 1,
        "held": 0,
        "rejected": 2,
        "duplicates": 0,
        "receipt": "eyJhbGciOiJFZERTQSIs….eyJpc3MiOiJjbGVh….fT3w8dK0…",
        "results": [
            {
                "index": 0,
                "sdr_id": "NLX-2026-000120",
                "outcome": "accepted",
                "codes": [],
                "record_id": "01a1d9ed-c49e-73df-a07b-bc3de6206803",
                "attempt": 1,
                "state": "ACCEPTED",
            },
            {
                "index": 1,
                "sdr_id": "NLX-2026-000121",
                "outcome": "rejected",
                "codes": ["V201"],
                "record_id": "01a1d9ed-c49e-73df-a07b-bc3e624cf787",
                "attempt": 1,
                "state": "REJECTED",
                "findings": [
                    {
                        "code": "V201",
                        "severity": "REJECT",
                        "field": "energy_kwh",
                        "message": "-1 kWh",
                        "remedy": "Check for a meter exchange or reset and send the energy"
                        " delivered.",
                    }
                ],
            },
            {
                "index": 2,
                "sdr_id": "",
                "outcome": "rejected",
                "codes": ["V001"],
                "record_id": "01a1d9ed-c49e-73df-a07b-bc3f4f49d2be",
                "attempt": 1,
                "state": "REJECTED",
                "findings": [
                    {
                        "code": "V001",
                        "severity": "REJECT",
                        "field": "",
                        "message": "this is no JSON object: a record is a JSON object",
                        "remedy": "Correct the field named and send the record again under the"
                        " same id.",
                    }
                ],
            },
        ],
    },
)
ONE_BY_ONE = (ACCEPTED, AGAIN, HELD, CONFLICT, REJECTED, NOT_YOURS, UNREADABLE)
READ = {
    "record_id": "01a1d9ed-c41a-7389-8f58-80f9479187f6",
    "state": "ACCEPTED",
    "attempt": 1,
    "codes": [],
    "sdr_id": "NLX-2026-000117",
    "cso_id": "DE*NLX",
    "csp_id": "FR*VOL",
    "service_session_id": "S-8f2c1",
    "split_no": 0,
    "charging_session_id": "",
    "transaction_id": "",
    "evse_id": "DE*NLX*E1001*1",
    "pseudonym": "fe43cebd7bbe4fbf",
    "credential_type": "RFID",
    "authorization_method": "",
    "authorization_reference": "",
    "tariff_id": "",
    "started_at": "2026-11-14T09:00:00Z",
    "ended_at": "2026-11-14T10:00:00Z",
    "charging_started_at": None,
    "charging_ended_at": None,
    "issued_at": None,
    "energy_kwh": "18.4",
    "meter_id": "",
    "meter_start_kwh": "5012.1",
    "meter_end_kwh": "5030.5",
    "location_country": "DE",
    "location_name": "",
    "location_city": "",
    "connector_type": "",
    "current_type": "",
    "max_power_kw": "22",
    "currency": "EUR",
    "total_amount": "9.02",
    "credits_sdr_id": "",
    "replaces_sdr_id": "",
    "received_at": "2026-11-14T12:00:00Z",
    "delivered_at": "2026-11-14T12:00:00Z",
    "accepted_at": "2026-11-14T12:00:00Z",
    "changed_at": "2026-11-14T12:00:00Z",
}
READ_IN_FULL = READ | {
    "items": [{"kind": "ENERGY", "quantity": "18.4", "unit_price": "0.49", "amount": "9.016"}],
    "charging_periods": [
        {"started_at": "2026-11-14T09:00:00Z", "energy_kwh": "18.4", "duration_s": 3600}
    ],
    "findings": [],
    "not_applicable": (
        "V005 V006 V007 V008 V009 V010 V011 V012 V406 V104 V106"
        " V112 V113 V207 V213 V301 V302 V303 V304 V305 V306 V307"
        " V308 V501 V502 V505 V506 V507 V508 V509 V510 V602 V603"
        " V604 V605 V702 V703"
    ).split(),
    "rating": None,
    "events": [
        {
            "version": 1,
            "at": "2026-11-14T12:00:00Z",
            "from_state": "",
            "path": ["RECEIVED", "VALIDATED", "RATED", "DELIVERED", "ACCEPTED"],
            "to_state": "ACCEPTED",
            "reason": "",
        }
    ],
}
PAGE = {"results": [READ], "next": None}
PULLED = {
    "results": [{"sequence": 1, "kind": "SDR", "record": READ}],
    "last_sequence": 1,
    "next": None,
}
