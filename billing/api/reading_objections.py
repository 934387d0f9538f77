"""Objections as partners write and read them."""

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

import msgspec

from billing.rules.objection import next_step

Text = Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\x00]*$")]


class NewObjection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong with the statement, in words; the rest narrows it down where it can."""

    text: Text
    amount_minor: int | None = None
    counterparty: Annotated[str, msgspec.Meta(max_length=20)] = ""
    sdr_id: Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00-\x1f]*$")] = ""


class ObjectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """An objection with its answer, empty while it is open."""

    objection_id: UUID
    statement_id: UUID
    statement_number: str
    state: Literal["OPEN", "UPHELD", "REJECTED"]
    currency: str
    text: str
    amount_minor: int | None
    counterparty: str
    sdr_id: str
    record_id: UUID | None
    raised_by: str
    raised_at: datetime
    answer: str
    answered_at: datetime | None
    remedy: Literal["", "CANCELLATION", "ADJUSTMENT", "CORRECTION"]
    adjustment_minor: int | None
    next_step: str


class ObjectionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. ``next`` is the address of the next page, null on the last one."""

    results: list[ObjectionRow]
    next: str | None


def row_of(objection) -> ObjectionRow:
    """One of ``objections_of``, told to the partner that raised it; who answered is not told."""
    document = objection.document
    settlement = document.settlement
    return ObjectionRow(
        objection_id=objection.pk,
        statement_id=document.pk,
        statement_number=document.number,
        state=cast(Literal["OPEN", "UPHELD", "REJECTED"], objection.state),
        currency=settlement.currency if settlement else "",
        text=objection.text,
        amount_minor=objection.amount_minor,
        counterparty=objection.counterparty,
        sdr_id=objection.sdr_id,
        record_id=objection.record_id,
        raised_by=objection.raised_by,
        raised_at=objection.raised_at,
        answer=objection.answer,
        answered_at=objection.answered_at,
        remedy=cast(Literal["", "CANCELLATION", "ADJUSTMENT", "CORRECTION"], objection.remedy),
        adjustment_minor=objection.adjustment_minor,
        next_step=next_step(objection.state, objection.remedy),
    )
