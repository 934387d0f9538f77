"""What the API's description shows: one statement, and one record's whereabouts."""

_STATEMENT_ID = "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a11"

STATEMENT = {
    "id": _STATEMENT_ID,
    "number": "ST-2026-000001",
    "issued_at": "2026-12-08T17:00:00Z",
    "group": "EUR monthly",
    "currency": "EUR",
    "period": "November 2026",
    "supply_starts_at": "2026-10-31T23:00:00Z",
    "supply_ends_at": "2026-11-30T23:00:00Z",
    "time_zone": "Europe/Brussels",
    "receivable_minor": 902,
    "payable_minor": 0,
    "fees_minor": 9,
    "net_minor": 893,
    "pdf_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "pdf_size_bytes": 62841,
    "status": "FINAL",
    "is_replaced": False,
    "vat_minor": 0,
    "fee_vat_minor": 0,
    "adjustments_minor": 0,
    "carried_minor": 0,
    "carried_on_minor": 0,
    "exchanged_minor": 0,
    "exchanged_on_minor": 0,
    "other_status_id": None,
    "direction": "RECEIVES",
    "pdf": f"https://clearing.example/api/v1/statements/{_STATEMENT_ID}/pdf",
}
PAGE = {"results": [STATEMENT], "next": None}
DETAIL = STATEMENT | {
    "counterparties": [
        {
            "name": "Voltaire",
            "code": "FR*VOL",
            "is_own_network": False,
            "sdrs": 1,
            "billed_sdrs": 1,
            "energy_kwh": "18.4",
            "sold_claim_minor": 902,
            "bought_claim_minor": 0,
            "commission_minor": -9,
            "net_minor": 893,
        }
    ],
    "months": [
        {
            "month": "2026-11",
            "sdrs": 1,
            "billed_sdrs": 1,
            "energy_kwh": "18.4",
            "sold_claim_minor": 902,
            "bought_claim_minor": 0,
            "commission_minor": -9,
            "net_minor": 893,
        }
    ],
    "sites": [
        {
            "party": "DE*NLX",
            "role": "CSO",
            "site": "Hafencity Quartier",
            "city": "Hamburg",
            "country_code": "DE",
            "month": "2026-11",
            "sdrs": 1,
            "billed_sdrs": 1,
            "energy_kwh": "18.4",
            "sold_claim_minor": 902,
            "bought_claim_minor": 0,
            "commission_minor": -9,
            "net_minor": 893,
            "left_out": 0,
        }
    ],
    "vat": [
        {
            "supply": "SOLD",
            "country_code": "FR",
            "category": "AE",
            "rate": "0",
            "ground": "Reverse charge, Art. 195 of Directive 2006/112/EC",
            "basis_minor": 902,
            "vat_minor": 0,
        }
    ],
    "documents": [
        {
            "number": "NLX-INV-2026-000001",
            "kind": "INVOICE",
            "issued_date": "2026-12-08",
            "net_minor": 902,
            "vat_minor": 0,
            "gross_minor": 902,
        }
    ],
    "fees": [{"rate": "0.01", "sdrs": 1, "claim_minor": 902, "amount_minor": 9}],
    "positions_sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "annex_rows": 1,
    "annex_sha256": "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
    "objection_until_date": "2027-01-19",
}

_SENT = {
    "record_id": "019a8244-1180-7b62-9f05-4d3a1be2c701",
    "sdr_id": "NLX-0001",
    "attempt": 1,
    "cso_id": "DE*NLX",
    "csp_id": "FR*VOL",
    "is_sent_by_agent": False,
    "evse_id": "DE*NLX*E1001*1",
    "started_at": "2026-11-14T10:00:00Z",
    "ended_at": "2026-11-14T11:00:00Z",
    "energy_kwh": "18.4",
    "total_amount": "9.02",
    "currency": "EUR",
    "received_at": "2026-11-14T12:00:00Z",
}


def _done(name: str, at: str, text: str) -> dict:
    return {"name": name, "status": "DONE", "at": at, "text": text, "next_step": ""}


HELD = {
    "sdr_id": "NLX-0001",
    "environment": "LIVE",
    "attempts": [
        {
            "sent": _SENT,
            "state": "HELD",
            "summary": "Held (V202): it is in no statement until released.",
            "next_step": "Check energy, times and max_power_kw.",
            "steps": [
                _done("RECEIVED", "2026-11-14T12:00:00Z", "Received."),
                {
                    "name": "CHECKED",
                    "status": "STOPPED",
                    "at": "2026-11-14T12:00:00Z",
                    "text": "Held (V202): it is in no statement until released.",
                    "next_step": "Check energy, times and max_power_kw.",
                },
            ],
            "findings": [
                {
                    "code": "V202",
                    "severity": "HOLD",
                    "field": "energy_kwh",
                    "message": "24.1 kWh in 60 minutes is more than 22 kW can deliver",
                    "remedy": "Check energy, times and max_power_kw.",
                    "is_open": True,
                }
            ],
            "window": None,
            "booked": None,
            "statement": None,
        }
    ],
}
