"""Disputes as their two sides write and read them."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from roaming.models import Dispute, DisputeAttachment
from roaming.rules.dispute import REASONS, DisputeRefused, next_step

Text = Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\x00]*$")]
encode = msgspec.json.Encoder(decimal_format="string").encode


class NewDispute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record to dispute, or with ``counter_id`` one that never came (D14)."""

    record_id: UUID | None = None
    counter_id: UUID | None = None
    reason: str
    text: Text = ""
    disputed_amount: Decimal | None = None


class NewDisputes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same complaint about each record that the filter finds."""

    reason: str
    text: Text = ""
    filter: dict[str, str]


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verb's words and figures; an empty object where it needs none."""

    amount: Decimal | None = None
    text: Text = ""


class DisputeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute in a list."""

    dispute_id: UUID
    number: str
    case_id: UUID | None
    record_id: UUID | None
    counter_id: UUID | None
    cso_id: str
    csp_id: str
    reason: str
    stage: str
    version: int
    is_automatic: bool
    is_confirmed: bool
    is_after_acceptance: bool
    currency: str
    claim_amount: Decimal | None
    disputed_amount: Decimal | None
    offered_amount: Decimal | None
    outcome: str
    decided_amount: Decimal | None
    replacement_id: UUID | None
    opened_at: datetime
    deadline_at: datetime | None
    closed_at: datetime | None


class DisputeStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step or message."""

    at: datetime
    verb: str
    side: str
    from_stage: str
    to_stage: str
    amount: Decimal | None
    text: str


class DisputeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of evidence; both sides see the same ones."""

    attachment_id: UUID
    side: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    added_at: datetime


class DisputeFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence of one dispute, oldest first."""

    results: list[DisputeFile]


class DisputeInFull(DisputeRow, frozen=True, kw_only=True):
    """A dispute with its words, steps and evidence."""

    text: str
    evidence_asked: str
    evidence_from: str
    grounds: str
    next_step: str
    expires_at: datetime
    events: list[DisputeStep]
    attachments: list[DisputeFile]


class DisputePage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[DisputeRow]
    next: str | None


class BulkDispute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one record of a bulk: a dispute, or why not."""

    record_id: UUID
    dispute_id: UUID | None = None
    code: str = ""
    detail: str = ""


class BulkDisputes(msgspec.Struct, frozen=True, kw_only=True):
    """One dispute for each record, under one case."""

    case_id: UUID
    opened: int
    refused: int
    results: list[BulkDispute]


_COLUMNS = tuple(name for name in DisputeRow.__struct_fields__ if hasattr(Dispute, name))


def page_of(rows: Iterable[Dispute], *, following: str | None) -> DisputePage:
    return DisputePage(results=[DisputeRow(**_common(row)) for row in rows], next=following)


def detail_of(dispute: Dispute) -> DisputeInFull:
    reason = REASONS[dispute.reason]
    steps = dispute.events.order_by("id")
    return DisputeInFull(
        **_common(dispute),
        text=dispute.text,
        evidence_asked=reason.evidence,
        evidence_from=reason.asked_from,
        grounds=dispute.grounds,
        next_step=next_step(
            dispute.stage,
            dispute.outcome,
            is_confirmed=dispute.is_confirmed,
            is_replaced=dispute.replacement_id is not None,
        ),
        expires_at=dispute.expires_at,
        events=[_taken(DisputeStep, step) for step in steps],
        attachments=files_of(dispute).results,
    )


def files_of(dispute: Dispute) -> DisputeFiles:
    return DisputeFiles(results=[file_of(file) for file in dispute.attachments.order_by("id")])


def file_of(file: DisputeAttachment) -> DisputeFile:
    return _taken(DisputeFile, file, attachment_id=file.pk)


def bulk_of(case_id: UUID, results: list[tuple[UUID, Dispute | DisputeRefused]]) -> BulkDisputes:
    rows = [_bulk_row(record_id, one) for record_id, one in results]
    opened = sum(row.dispute_id is not None for row in rows)
    return BulkDisputes(case_id=case_id, opened=opened, refused=len(rows) - opened, results=rows)


def _bulk_row(record_id: UUID, one: Dispute | DisputeRefused) -> BulkDispute:
    if isinstance(one, DisputeRefused):
        return BulkDispute(record_id=record_id, code=one.code, detail=str(one))
    return BulkDispute(record_id=record_id, dispute_id=one.pk)


def _common(dispute: Dispute) -> dict:
    columns = {name: _plain(getattr(dispute, name)) for name in _COLUMNS}
    return columns | {
        "dispute_id": dispute.pk,
        "cso_id": dispute.seller.code,
        "csp_id": dispute.buyer.code,
    }


def _taken(kind, row, **more):
    names = [name for name in kind.__struct_fields__ if name not in more]
    return kind(**more, **{name: _plain(getattr(row, name)) for name in names})


def _plain(value):
    """5.500000 as the column holds it is told as 5.5."""
    if not isinstance(value, Decimal):
        return value
    return Decimal(f"{value.normalize():f}") if value else Decimal(0)
