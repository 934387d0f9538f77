"""Invoice contents of every kind, as the tests of documents need them."""

from datetime import UTC, date, datetime

from msgspec.structs import replace

from billing.documents.invoice_content import (
    InvoiceContent,
    InvoiceLine,
    InvoiceParty,
    InvoiceTotals,
    LocalVat,
    PaymentTerms,
    Preceding,
    VatBreakdown,
)

HOUSE = InvoiceParty(
    legal_name="Clearing House SA",
    code="CH",
    street="Rue du Midi 12",
    postal_code="1000",
    city="Bruxelles",
    country_code="BE",
    vat_number="BE0776091951",
    legal_id="0776091951",
    legal_id_scheme="0208",
    endpoint="0776091951",
    endpoint_scheme="0208",
    email="billing@clearing.example",
)
POLDER = InvoiceParty(
    legal_name="Polder Laden B.V.",
    code="NL*PLD",
    street="Damrak 1",
    postal_code="1012 LG",
    city="Amsterdam",
    country_code="NL",
    vat_number="NL123456782B90",
    legal_id="12345678",
    legal_id_scheme="0106",
    endpoint="12345678",
    endpoint_scheme="0106",
    email="finance@polder.example",
)
NORDLICHT = InvoiceParty(
    legal_name="Nordlicht Mobilität GmbH",
    code="DE*NLX",
    street="Invalidenstraße 1",
    postal_code="10115",
    city="Berlin",
    country_code="DE",
    vat_number="DE136695976",
    legal_id="HRB 12345",
    endpoint="DE136695976",
    endpoint_scheme="9930",
)
ALPEN = InvoiceParty(
    legal_name="Alpenstrom AG",
    code="CH*ALP",
    street="Bahnhofstrasse 3",
    postal_code="8001",
    city="Zürich",
    country_code="CH",
    legal_id="CHE-123.456.788",
)


def line(amount_minor: int, **changes) -> InvoiceLine:
    values = {
        "kind": "ELECTRICITY",
        "charge_country": "NL",
        "month": "2026-10",
        "category": "S",
        "rate": "0.21",
        "sdrs": 1234,
        "energy_kwh": "45678.901",
        "amount_minor": amount_minor,
    }
    return InvoiceLine(**values | changes)


def breakdown(basis_minor: int, vat_minor: int, **changes) -> VatBreakdown:
    values = {"category": "S", "rate": "0.21", "basis_minor": basis_minor, "vat_minor": vat_minor}
    return VatBreakdown(**values | changes)


def invoice(**changes) -> InvoiceContent:
    """380 of the house on behalf of Polder to Nordlicht: 1,000.00 + 234.56, VAT 259.26."""
    values = {
        "type_code": "380",
        "mode": "A1",
        "number": "PLD26-INV-000123",
        "environment": "LIVE",
        "issued_at": datetime(2026, 11, 5, 9, 30, tzinfo=UTC),
        "issue_date": date(2026, 11, 5),
        "due_date": date(2026, 11, 20),
        "time_zone": "Europe/Brussels",
        "currency": "EUR",
        "seller": POLDER,
        "buyer": NORDLICHT,
        "issuer": HOUSE,
        "supply_from_date": date(2026, 10, 1),
        "supply_until_date": date(2026, 11, 1),
        "lines": [
            line(100000),
            line(23456, charge_country="DE", kind="PARKING", sdrs=17, energy_kwh="0"),
        ],
        "vat": [breakdown(123456, 25926)],
        "totals": InvoiceTotals(excl_tax_minor=123456, vat_minor=25926, incl_tax_minor=149382),
        "payment": PaymentTerms(reference="PLD26-INV-000123"),
        "tax_country": "NL",
        "buyer_reference": "DE*NLX",
        "statement": "ST-2026-000042",
        "group": "EUR monthly",
    }
    return InvoiceContent(**values | changes)


def reverse_charge(**changes) -> InvoiceContent:
    """389 that the house issues for Nordlicht: two months at AE."""
    lines = [
        line(40000, category="AE", rate="0"),
        line(-1250, category="AE", rate="0", month="2026-09", sdrs=2, energy_kwh="-30.5"),
    ]
    values = {
        "type_code": "389",
        "mode": "A2",
        "number": "PLD26-SB-000001",
        "supply_from_date": date(2026, 9, 1),
        "lines": lines,
        "vat": [
            breakdown(
                38750,
                0,
                category="AE",
                rate="0",
                code="VATEX-EU-AE",
                ground="Reverse charge, Art. 195 of Directive 2006/112/EC",
            )
        ],
        "totals": InvoiceTotals(excl_tax_minor=38750, vat_minor=0, incl_tax_minor=38750),
        "tax_country": "DE",
    }
    return invoice(**values | changes)


def outside(**changes) -> InvoiceContent:
    """380 to a Swiss buyer: outside the scope, no VAT ids."""
    values = {
        "buyer": ALPEN,
        "number": "PLD26-INV-000124",
        "lines": [line(9999, category="O", rate="0", charge_country="DE")],
        "vat": [
            breakdown(
                9999,
                0,
                category="O",
                rate="0",
                code="VATEX-EU-O",
                ground="Not subject to EU VAT: supplied in CH",
            )
        ],
        "totals": InvoiceTotals(excl_tax_minor=9999, vat_minor=0, incl_tax_minor=9999),
        "tax_country": "CH",
        "buyer_reference": "CH*ALP",
    }
    return invoice(**values | changes)


def credit_note(**changes) -> InvoiceContent:
    """381 that takes back a part of the invoice."""
    values = {
        "type_code": "381",
        "number": "PLD26-CN-000007",
        "lines": [line(902, sdrs=1, energy_kwh="18.4")],
        "vat": [breakdown(902, 189)],
        "totals": InvoiceTotals(excl_tax_minor=902, vat_minor=189, incl_tax_minor=1091),
        "preceding": [Preceding(number="PLD26-INV-000088", issue_date=date(2026, 10, 6))],
    }
    return invoice(**values | changes)


def self_billed_credit_note(**changes) -> InvoiceContent:
    """261."""
    values = {
        "type_code": "261",
        "mode": "A2",
        "number": "PLD26-SC-000003",
        "preceding": [Preceding(number="PLD26-SB-000001", issue_date=date(2026, 10, 6))],
    }
    return credit_note(**values | changes)


def fee_invoice(**changes) -> InvoiceContent:
    """380 of the house for its services, paid to its account; VAT in Danish crowns too."""
    values = {
        "mode": "FEE",
        "number": "CH26-FEE-000009",
        "seller": HOUSE,
        "buyer": replace(NORDLICHT, vat_number="DE136695976"),
        "issuer": None,
        "lines": [
            line(5000, kind="SERVICE", charge_country="", sdrs=0, energy_kwh="0", rate="0.25")
        ],
        "vat": [breakdown(5000, 1250, rate="0.25")],
        "totals": InvoiceTotals(excl_tax_minor=5000, vat_minor=1250, incl_tax_minor=6250),
        "payment": PaymentTerms(
            kind="TRANSFER",
            reference="RF18 5390 0754 7034",
            holder="Clearing House SA",
            iban="BE71 0961 2345 6769",
            bic="GKCCBEBB",
        ),
        "local_vat": LocalVat(
            currency="DKK", vat_minor=9324, rate="7.4590", rate_date=date(2026, 11, 4)
        ),
        "tax_country": "DK",
    }
    return invoice(**values | changes)


EVERY_KIND = {
    "invoice": invoice,
    "self-billed": reverse_charge,
    "outside": outside,
    "credit-note": credit_note,
    "self-billed-credit-note": self_billed_credit_note,
    "fee": fee_invoice,
}
