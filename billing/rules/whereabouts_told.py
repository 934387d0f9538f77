"""The words of *Where is my record?*, as they travel to pages and over the API."""

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

StepName: TypeAlias = Literal[
    "RECEIVED", "CHECKED", "DELIVERED", "ACCEPTED", "CLEARED", "SETTLED", "PAID"
]
# DONE happened; WAITING comes by itself or by the named side; STOPPED needs somebody to act;
# AHEAD lies behind a step that is not done.
StepStatus: TypeAlias = Literal["DONE", "WAITING", "STOPPED", "AHEAD"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a record's way. ``at`` is empty where it has not happened."""

    name: StepName
    status: StepStatus
    at: datetime | None = None
    text: str
    next_step: str = ""


class FindingTold(msgspec.Struct, frozen=True, kw_only=True):
    """A broken rule; ``is_open`` says whether it is what stops the record now."""

    code: str
    severity: Literal["REJECT", "HOLD", "WARN"]
    field: str
    message: str
    remedy: str
    is_open: bool


class WindowTold(msgspec.Struct, frozen=True, kw_only=True):
    """A clearing window; its supply period is half-open."""

    id: UUID
    group: str
    title: str
    supply_starts_at: datetime
    supply_ends_at: datetime
    closes_at: datetime
    state: Literal["OPEN", "CLOSED", "SETTLED"]
    closed_at: datetime | None
    time_zone: str


class BookedTold(msgspec.Struct, frozen=True, kw_only=True):
    """The figures in the books, in whole minor units: claim = payout + commission."""

    currency: str
    is_billed: bool
    claim_minor: int
    commission_minor: int
    payout_minor: int
    cleared_at: datetime
    is_own_network: bool


class StatementTold(msgspec.Struct, frozen=True, kw_only=True):
    """The asking partner's own statement of the window."""

    id: UUID
    number: str
    issued_at: datetime


class DisputeTold(msgspec.Struct, frozen=True, kw_only=True):
    """The newest dispute about a record; ``next_step`` is empty once nothing is left to do."""

    id: UUID
    number: str
    is_open: bool
    stage: str
    next_step: str
    deadline_at: datetime | None


class AnswerTold(msgspec.Struct, frozen=True, kw_only=True):
    """The record that credits or replaces this one."""

    record_id: UUID
    sdr_id: str
    kind: Literal["CREDIT", "REPLACEMENT", "SPLIT"]


class SentTold(msgspec.Struct, frozen=True, kw_only=True):
    """The record as its sender stated it. ``attempt`` counts the uses of the SDR id."""

    record_id: UUID
    sdr_id: str
    attempt: int
    cso_id: str
    csp_id: str
    is_sent_by_agent: bool
    evse_id: str
    started_at: datetime | None
    ended_at: datetime | None
    energy_kwh: Decimal | None
    total_amount: Decimal | None
    currency: str
    received_at: datetime


class RecordWhereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """Where one record (one attempt under its id) is, and what happens next."""

    sent: SentTold
    state: str
    summary: str
    next_step: str
    steps: list[Step]
    findings: list[FindingTold]
    window: WindowTold | None
    booked: BookedTold | None
    statement: StatementTold | None
    dispute: DisputeTold | None = None
    answered_by: list[AnswerTold] = []


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """The records of one SDR id that the asking partner may see, newest first; never empty."""

    sdr_id: str
    environment: Literal["TEST", "LIVE"]
    attempts: list[RecordWhereabouts]
