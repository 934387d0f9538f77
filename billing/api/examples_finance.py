"""Answers as they look, for the OpenAPI page."""

_SETTLEMENT = "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a20"
_WINDOW = "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a21"
_POSITION = "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a22"
_INVOICE = "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a23"
_HOST = "https://clearing.example/api/v1"
_PERIOD = {
    "supply_starts_at": "2026-12-31T23:00:00Z",
    "supply_ends_at": "2027-01-31T23:00:00Z",
}

WINDOWS = {
    "results": [
        {
            "id": _WINDOW,
            "group": "EUR monthly",
            "currency": "EUR",
            "model": "AGENCY",
            "netting": "MULTILATERAL",
            "state": "CLOSED",
            **_PERIOD,
            "closes_at": "2027-02-08T17:00:00Z",
            "closed_at": "2027-02-08T17:00:03Z",
        }
    ],
    "next": None,
}
POSITIONS = {
    "results": [
        {
            "id": _POSITION,
            "settlement_id": _SETTLEMENT,
            "window_id": _WINDOW,
            "group": "EUR monthly",
            "currency": "EUR",
            **_PERIOD,
            "issued_at": "2027-02-08T17:00:03Z",
            "statement_id": "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a11",
            "statement_number": "ST-2027-000001",
            "receivable_minor": 140000,
            "payable_minor": 80000,
            "vat_minor": 4200,
            "fees_minor": 4120,
            "fee_vat_minor": 0,
            "adjustments_minor": 0,
            "carried_minor": 0,
            "exchanged_minor": 0,
            "net_minor": 60080,
            "carried_on_minor": 0,
            "exchanged_on_minor": 0,
            "due_minor": 60080,
            "due_date": "2027-02-18",
            "settled_minor": 0,
            "money_state": "PAYABLE",
        }
    ],
    "next": None,
}
PAYMENTS = {
    "results": [
        {
            "id": "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a24",
            "purpose": "PAYOUT",
            "state": "BOOKED",
            "reason_code": "",
            "currency": "EUR",
            "amount_minor": 60080,
            "execution_date": "2027-02-22",
            "end_to_end_id": "7C3E8D412F6B9C0E7A20-1",
            "remittance": "ST-2027-000001",
            "iban": "NL … 0300",
            "position_id": _POSITION,
        }
    ],
    "next": None,
}
POSTINGS = {
    "results": [
        {
            "id": "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a25",
            "posted_at": "2027-02-08T17:00:03Z",
            "kind": "ENERGY",
            "window_id": _WINDOW,
            "currency": "EUR",
            "amount_minor": 100000,
            "effect_minor": 100000,
            "debit_account": "1300",
            "credit_account": "1300",
            "counterparty": "Voltaire",
            "sdrs": 80,
            "reverses_id": None,
        }
    ],
    "next": None,
}
INVOICE = {
    "id": _INVOICE,
    "number": "NLA27-INV-000001",
    "type_code": "380",
    "mode": "A1",
    "role": "SELLER",
    "seller": "Nordlicht",
    "buyer": "Voltaire",
    "currency": "EUR",
    "issue_date": "2027-02-08",
    "due_date": "2027-02-18",
    **_PERIOD,
    "sdrs": 80,
    "net_minor": 100000,
    "vat_minor": 0,
    "gross_minor": 100000,
    "is_objected": False,
    "preceding": [],
    "settlement_id": _SETTLEMENT,
    "pdf": f"{_HOST}/invoices/{_INVOICE}/pdf",
    "cii": f"{_HOST}/invoices/{_INVOICE}/cii",
    "xml": f"{_HOST}/invoices/{_INVOICE}/xml",
    "records": f"{_HOST}/invoices/{_INVOICE}/records/",
}
INVOICES = {"results": [INVOICE], "next": None}
INVOICED_RECORDS = {
    "invoice_id": _INVOICE,
    "invoice_number": "NLA27-INV-000001",
    "results": [
        {
            "record_id": "019adc0d-5a00-7c3e-8d41-2f6b9c0e7a26",
            "sdr_id": "NLX-2027-000417",
            "kind": "ELECTRICITY",
            "amount_minor": 902,
        }
    ],
    "next": None,
}
NEW_INVOICE = {
    "settlement_id": _SETTLEMENT,
    "buyer": "Voltaire",
    "type_code": "380",
    "number": "2027-000123",
    "issue_date": "2027-02-09",
    "due_date": "2027-02-18",
    "net_minor": 100000,
    "vat_minor": 0,
    "gross_minor": 100000,
    "sdr_ids": ["NLX-2027-000417"],
    "file_name": "2027-000123.pdf",
    "media_type": "application/pdf",
    "content": "JVBERi0xLjcK",
    "channel_reference": "",
}
REFUSAL = {"reason": "The price of NLX-2027-000417 is not the one agreed."}
