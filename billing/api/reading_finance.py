"""What a partner's system reads of windows, positions, payments, postings and invoices."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec


class WindowRow(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a settlement group of yours. The supply period is half-open."""

    id: UUID
    group: str
    currency: str
    model: str
    netting: str
    state: str
    supply_starts_at: datetime
    supply_ends_at: datetime
    closes_at: datetime
    closed_at: datetime | None


class MoneyPositionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Your position in an issued settlement, in whole minor units of ``currency``."""

    id: UUID
    settlement_id: UUID
    window_id: UUID
    group: str
    currency: str
    supply_starts_at: datetime
    supply_ends_at: datetime
    issued_at: datetime | None
    statement_id: UUID | None
    statement_number: str | None
    receivable_minor: int
    payable_minor: int
    vat_minor: int
    fees_minor: int
    fee_vat_minor: int
    adjustments_minor: int
    carried_minor: int
    exchanged_minor: int
    net_minor: int
    carried_on_minor: int
    exchanged_on_minor: int
    due_minor: int
    due_date: date | None
    settled_minor: int
    money_state: str | None


class PaymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One payment that left for the bank: to you, or collected from you."""

    id: UUID
    purpose: str
    state: str
    reason_code: str
    currency: str
    amount_minor: int
    execution_date: date
    end_to_end_id: str
    remittance: str
    iban: str
    position_id: UUID | None


class PostingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer of the ledger with an account of yours on a side."""

    id: UUID
    posted_at: datetime
    kind: str
    window_id: UUID | None
    currency: str
    amount_minor: int
    effect_minor: int
    debit_account: str
    credit_account: str
    counterparty: str | None
    sdrs: int
    reverses_id: UUID | None


class PrecedingRow(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that a credit note corrects."""

    id: UUID
    number: str
    issue_date: date


class InvoiceRow(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice or credit note in which you are a side; amounts are never negative."""

    id: UUID
    number: str
    type_code: str
    mode: str
    role: str
    seller: str
    buyer: str
    currency: str
    issue_date: date
    due_date: date | None
    supply_starts_at: datetime
    supply_ends_at: datetime
    sdrs: int
    net_minor: int
    vat_minor: int
    gross_minor: int
    is_objected: bool
    preceding: list[PrecedingRow]
    settlement_id: UUID
    pdf: str | None
    cii: str | None
    xml: str | None
    records: str


class InvoicedRecordRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one record brings to an invoice; ``sdr_id`` is the seller's own id of it."""

    record_id: UUID
    sdr_id: str
    kind: str
    amount_minor: int


class NewInvoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Your own invoice over your supplies of a settlement to one buyer; ``content`` is base64."""

    settlement_id: UUID
    buyer: str
    type_code: Literal["380", "381"] = "380"
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    issue_date: date
    due_date: date | None = None
    net_minor: Annotated[int, msgspec.Meta(ge=0, le=10**15)]
    vat_minor: Annotated[int, msgspec.Meta(ge=0, le=10**15)]
    gross_minor: Annotated[int, msgspec.Meta(ge=0, le=10**15)]
    sdr_ids: list[str]
    file_name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    media_type: Literal["application/pdf", "application/xml"]
    content: Annotated[bytes, msgspec.Meta(min_length=1)]
    channel_reference: Annotated[str, msgspec.Meta(max_length=100)] = ""


class Refusal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why you refuse a document that was self-billed in your name."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class WindowPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[WindowRow]
    next: str | None


class MoneyPositionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[MoneyPositionRow]
    next: str | None


class PaymentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[PaymentRow]
    next: str | None


class PostingPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[PostingRow]
    next: str | None


class InvoicePage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[InvoiceRow]
    next: str | None


class InvoicedRecordPage(msgspec.Struct, frozen=True, kw_only=True):
    """By record. ``next`` is the address of the next page, null on the last one."""

    invoice_id: UUID
    invoice_number: str
    results: list[InvoicedRecordRow]
    next: str | None
