"""Statements as partners' systems read them: summaries by page, and one with its lines."""

from typing import Literal

import msgspec

from billing.documents.content import (
    CounterpartyLine,
    FeeLine,
    MonthLine,
    NettedDocument,
    SiteLine,
    VatLine,
    from_json,
)
from billing.models import Document
from billing.queries_statements import StatementSummary


class StatementRow(StatementSummary, frozen=True, kw_only=True):
    """A statement in a list. ``pdf`` is its address, null while it is being rendered."""

    direction: Literal["RECEIVES", "PAYS", "BALANCED"]
    pdf: str | None


class StatementDetail(StatementRow, frozen=True, kw_only=True):
    """A statement with its lines, as frozen when it was issued."""

    counterparties: list[CounterpartyLine]
    months: list[MonthLine]
    sites: list[SiteLine]
    vat: list[VatLine]
    documents: list[NettedDocument]
    fees: list[FeeLine]
    positions_sha256: str
    annex_rows: int
    annex_sha256: str
    objection_until_date: str


class StatementPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[StatementRow]
    next: str | None


def row_of(summary: StatementSummary, *, pdf: str) -> StatementRow:
    return StatementRow(**_row(summary, pdf=pdf))


def detail_of(summary: StatementSummary, document: Document, *, pdf: str) -> StatementDetail:
    """The statement in full; its lines are those of the frozen content."""
    content = from_json(document.content)
    return StatementDetail(
        **_row(summary, pdf=pdf),
        counterparties=content.counterparties,
        months=content.months,
        sites=content.sites,
        vat=content.vat,
        documents=content.documents,
        fees=content.fees,
        positions_sha256=content.positions_sha256,
        annex_rows=content.annex.rows,
        annex_sha256=content.annex.sha256,
        objection_until_date=content.objection_until_date.isoformat(),
    )


def _row(summary: StatementSummary, *, pdf: str) -> dict:
    due = summary.net_minor - summary.carried_on_minor - summary.exchanged_on_minor
    return msgspec.structs.asdict(summary) | {
        "direction": "RECEIVES" if due > 0 else "PAYS" if due < 0 else "BALANCED",
        "pdf": pdf if summary.pdf_sha256 else None,
    }
