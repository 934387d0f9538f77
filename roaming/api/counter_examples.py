"""Examples of counter-records. A test sends each one and expects its answer.

They are true for Voltaire (FR*VOL) on 14 November 2026 at noon, in this order, after Nordlicht's
record of ``examples.RECORD`` was accepted; ids differ each time.
"""

from roaming.api.examples import Example

COUNTER = {
    "counter_id": "VOL-2026-000417",
    "csp_id": "FR*VOL",
    "cso_id": "DE*NLX",
    "service_session_id": "S-8f2c1",
    "evse_id": "DE*NLX*E1001*1",
    "contract_id": "DE-8AA-CA2B3C4D5-L",
    "started_at": "2026-11-14T10:00:00+01:00",
    "ended_at": "2026-11-14T11:00:00+01:00",
    "energy_kwh": "18.400",
    "amount": "9.02",
    "currency": "EUR",
}
_ACCEPTED = {
    "counter_id": "VOL-2026-000417",
    "record_id": "01a1d9ed-c41a-7389-8f58-80f9479187f7",
    "outcome": "accepted",
}
ACCEPTED = Example("A counter-record", COUNTER, 201, _ACCEPTED)
AGAIN = Example("The same again", COUNTER, 200, _ACCEPTED | {"outcome": "duplicate"})
CONFLICT = Example(
    "The same counter_id with other content",
    COUNTER | {"energy_kwh": "18.500"},
    409,
    {
        "type": "urn:clearinghouse:problem:counter-conflict",
        "title": "Same id, other content",
        "status": 409,
        "code": "COUNTER_CONFLICT",
        "detail": "This counter_id was sent before with other content; that one is unchanged."
        " Send the correction under a new counter_id with replaces_counter_id.",
        "counter_id": "VOL-2026-000417",
        "record_id": "01a1d9ed-c460-762b-b127-37997f48df50",
        "outcome": "conflict",
        "errors": [
            {
                "code": "COUNTER_ID_TAKEN",
                "severity": "REJECT",
                "field": "counter_id",
                "index": 0,
                "message": "was sent before with other content, which stays",
                "remedy": "Send the correction under a new counter_id with replaces_counter_id.",
            }
        ],
    },
)
REJECTED = Example(
    "An end is missing",
    {k: v for k, v in COUNTER.items() if k != "ended_at"} | {"counter_id": "VOL-2026-000418"},
    422,
    {
        "type": "urn:clearinghouse:problem:counter-rejected",
        "title": "Counter-record rejected",
        "status": 422,
        "code": "COUNTER_REJECTED",
        "detail": "Correct what errors lists and send it again under the same counter_id.",
        "counter_id": "VOL-2026-000418",
        "record_id": "01a1d9ed-c476-777f-a3c2-61acf2933d11",
        "outcome": "rejected",
        "errors": [
            {
                "code": "FIELD_MISSING",
                "severity": "REJECT",
                "field": "ended_at",
                "index": 0,
                "message": "is missing",
                "remedy": "Send the field.",
            }
        ],
    },
)
BATCH = Example(
    "A good one, and one for a CSP that is not the sender's",
    [
        COUNTER | {"counter_id": "VOL-2026-000419", "service_session_id": "S-8f2c4"},
        COUNTER | {"counter_id": "VOL-2026-000420", "csp_id": "NO*FJL"},
    ],
    200,
    {
        "received": 2,
        "accepted": 1,
        "rejected": 1,
        "duplicates": 0,
        "results": [
            {
                "index": 0,
                "counter_id": "VOL-2026-000419",
                "outcome": "accepted",
                "record_id": "01a1d9ed-c49e-73df-a07b-bc3de6206804",
            },
            {
                "index": 1,
                "counter_id": "VOL-2026-000420",
                "outcome": "rejected",
                "record_id": "01a1d9ed-c49e-73df-a07b-bc3e624cf788",
                "errors": [
                    {
                        "code": "PARTY_NOT_YOURS",
                        "field": "csp_id",
                        "message": "is no CSP party that you may send for",
                        "remedy": "Use your own CSP party, or ask its owner for a mandate to send"
                        " for it.",
                    }
                ],
            },
        ],
    },
)
CSV = (
    "counter_id,csp_id,cso_id,service_session_id,started_at,ended_at,energy_kwh,amount,currency\n"
    "VOL-2026-000421,FR*VOL,DE*NLX,S-8f2c9,2026-11-14T08:00:00Z,2026-11-14T09:00:00Z,"
    "7.250,3.55,EUR\n"
)
ONE_BY_ONE = (ACCEPTED, AGAIN, CONFLICT, REJECTED)
