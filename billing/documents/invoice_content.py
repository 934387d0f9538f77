"""What an invoice or credit note says, frozen when it is issued.

Plain values only, as in ``billing.documents.content``: money in integer minor units of
``currency``, rates as fractions in strings, energies as decimal strings. The page, the CII and the
UBL are all made from this. Amounts of a credit note are positive: its type says that it takes back.
"""

from datetime import date, datetime
from typing import Literal, TypeAlias

import msgspec

from billing.documents.content import read_as

# Raised when a field changes its meaning; older invoices keep the number they were issued with.
INVOICE_VERSION = 1

# UNTDID 1001: invoice, credit note, self-billed invoice, self-billed credit note.
TypeCode: TypeAlias = Literal["380", "381", "389", "261"]
# EN 16931: standard rate, reverse charge, outside the scope, exempt.
Category: TypeAlias = Literal["S", "AE", "O", "E"]
# Who issues (finance.md 3.4): A0 the seller itself, A1 the house on its behalf, A2 the buyer by
# self-billing, B the house as buyer or seller (CCP), FEE the house for its own service.
Mode: TypeAlias = Literal["A0", "A1", "A2", "B", "FEE"]
Language: TypeAlias = Literal["en", "de", "fr"]

CREDIT_NOTES = ("381", "261")
SELF_BILLED = ("389", "261")


class InvoiceParty(msgspec.Struct, frozen=True, kw_only=True):
    """Legal facts as they held on the issue date. "" means: not on file.

    ``code`` is how the clearing house names it, as "DE*NLX"; ``legal_id`` is the number in the
    register of companies, with its ISO 6523 scheme if known; ``endpoint`` the electronic address
    with its EAS scheme, as Peppol routes by it.
    """

    legal_name: str
    code: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country_code: str
    vat_number: str = ""
    legal_id: str = ""
    legal_id_scheme: str = ""
    endpoint: str = ""
    endpoint_scheme: str = ""
    email: str = ""


class InvoiceLine(msgspec.Struct, frozen=True, kw_only=True):
    """All services of one month, kind, country of charging and VAT treatment.

    A sum of rounded records: printed as quantity 1 at that price, because its energy times a unit
    price gives another figure. ``amount_minor`` is without VAT, and below zero where a line takes
    back more than it charges. ``month`` is "2026-10"; "" with ``kind`` "SERVICE" for fees.
    """

    kind: str
    charge_country: str = ""
    month: str
    category: Category
    rate: str = "0"
    sdrs: int
    energy_kwh: str = "0"
    amount_minor: int


class VatBreakdown(msgspec.Struct, frozen=True, kw_only=True):
    """One category and rate (a fraction); ``code`` is a VATEX code, ``ground`` as printed."""

    category: Category
    rate: str = "0"
    basis_minor: int
    vat_minor: int
    code: str = ""
    ground: str = ""


class InvoiceTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What is invoiced; netting changes none of it."""

    excl_tax_minor: int
    vat_minor: int
    incl_tax_minor: int


class Preceding(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that a credit note corrects (BG-3)."""

    number: str
    issue_date: date


class LocalVat(msgspec.Struct, frozen=True, kw_only=True):
    """VAT in the currency of the state that it is owed to (BT-6, BT-111; Art. 230).

    ``rate`` is units of that currency per unit of the invoice's, of the day ``rate_date``.
    """

    currency: str
    vat_minor: int
    rate: str
    rate_date: date
    source: str = "ECB"


class PaymentTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How it is settled. ``NETTED`` by a settlement statement, or paid to an account.

    ``iban`` is printed whole where the buyer pays to it, else it is "".
    """

    kind: Literal["NETTED", "TRANSFER"] = "NETTED"
    reference: str = ""
    holder: str = ""
    iban: str = ""
    bic: str = ""


class InvoiceContent(msgspec.Struct, frozen=True, kw_only=True):
    """One invoice or credit note. The supply period is half-open: ``supply_until_date`` is the
    first day after it, and BT-74 prints the day before.

    ``issuer`` is who wrote it, where that is neither in its own name: the house on behalf of the
    seller (A1), the buyer or the house for it (A2). With ``price_basis`` INCL_TAX the amounts with
    tax were agreed, and the amount without tax of a rate is half-up of them / (1 + rate).
    """

    version: Literal[1] = 1
    type_code: TypeCode
    mode: Mode
    number: str
    environment: Literal["TEST", "LIVE"]
    language: Language = "en"
    issued_at: datetime
    issue_date: date
    due_date: date
    time_zone: str
    currency: str
    price_basis: Literal["EXCL_TAX", "INCL_TAX"] = "EXCL_TAX"
    seller: InvoiceParty
    buyer: InvoiceParty
    issuer: InvoiceParty | None = None
    supply_from_date: date
    supply_until_date: date
    lines: list[InvoiceLine]
    vat: list[VatBreakdown]
    totals: InvoiceTotals
    preceding: list[Preceding] = []
    payment: PaymentTerms = PaymentTerms()
    local_vat: LocalVat | None = None
    # Country whose VAT it is, "" outside the EU or where nobody decided on one.
    tax_country: str = ""
    buyer_reference: str = ""
    # Number of the settlement statement that nets it, and the group's name.
    statement: str = ""
    group: str = ""

    @property
    def is_credit_note(self) -> bool:
        return self.type_code in CREDIT_NOTES

    @property
    def is_self_billed(self) -> bool:
        return self.type_code in SELF_BILLED


def to_json(content: InvoiceContent) -> dict:
    """Return the content as plain JSON values, as the database keeps it."""
    return msgspec.to_builtins(content)


def from_json(values: dict) -> InvoiceContent:
    """Return the content that ``to_json`` wrote.

    :raises UnreadableContent: a field is missing or of another kind, or the version is unknown.
    """
    return read_as(InvoiceContent, values, f"invoice content of version {INVOICE_VERSION}")
