"""A partner's settlement statements, and the windows that will become the next ones."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.db.models import (
    CharField,
    DateTimeField,
    F,
    FilteredRelation,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from billing.models import ClearingWindow, Document, DocumentFile, Settlement, WindowSum
from billing.rules.supply_period import supply_title
from partners.models import Partner

PDF = "application/pdf"
_STATEMENTS = (Document.Kind.STATEMENT, Document.Kind.PROVISIONAL)


class StatementSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of the asking partner: money in whole minor units of ``currency``.

    net = receivable − payable + VAT − fees − VAT on fees + adjustments + carried from before
    + exchanged from another currency;
    positive is what the partner gets. The supply period is half-open. ``status`` PROVISIONAL is of
    a settlement that waits for its release; ``is_replaced`` once the final one is issued or its
    calculation was cancelled. ``pdf_sha256`` is empty until the PDF has been rendered.
    """

    id: UUID
    number: str
    issued_at: datetime
    group: str
    currency: str
    period: str
    supply_starts_at: datetime
    supply_ends_at: datetime
    time_zone: str
    receivable_minor: int
    payable_minor: int
    fees_minor: int
    net_minor: int
    pdf_sha256: str
    pdf_size_bytes: int | None
    status: Literal["FINAL", "PROVISIONAL"]
    is_replaced: bool
    vat_minor: int
    fee_vat_minor: int
    adjustments_minor: int
    carried_minor: int
    carried_on_minor: int
    exchanged_minor: int
    exchanged_on_minor: int
    other_status_id: UUID | None


class OpenWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window that is still open, and the claims cleared into it so far."""

    group: str
    currency: str
    period: str
    closes_at: datetime
    is_overdue: bool
    sold_minor: int
    bought_minor: int


KIND_OF = {
    "FINAL": Document.Kind.STATEMENT,
    "PROVISIONAL": Document.Kind.PROVISIONAL,
    "DUNNING": Document.Kind.DUNNING,
}


def statements_of(
    partner: Partner, *, environment: str, statuses: Collection[str] = ("FINAL",)
) -> QuerySet[Document]:
    """The partner's own statements, newest first, without their frozen content."""
    kinds = [KIND_OF[status] for status in statuses]
    return (
        Document.objects.filter(partner=partner, environment=environment, kind__in=kinds)
        .defer("content")
        .order_by("-id")
    )


def provisional_of(partner: Partner, *, environment: str) -> QuerySet[Document]:
    """What waits for its release, the newest 24; what was replaced is in the list of final ones."""
    documents = statements_of(partner, environment=environment, statuses=["PROVISIONAL"])
    return documents.filter(settlement__state=Settlement.State.CALCULATED)[:24]


def issued_for_month(documents: QuerySet[Document], month: str) -> QuerySet[Document]:
    """Those whose supply period begins in the month "2026-11" on the group's own calendar."""
    window = "settlement__window"
    local = Func(
        F(f"{window}__group__time_zone"),
        F(f"{window}__supply_starts_at"),
        function="timezone",
        output_field=DateTimeField(),
    )
    begins = Func(local, Value("YYYY-MM"), function="to_char", output_field=CharField())
    return documents.alias(begins_in=begins).filter(begins_in=month)


def summaries_of(documents: QuerySet[Document], *, partner: Partner) -> list[StatementSummary]:
    """Each with the partner's position and its PDF's hash, by one query."""
    window = "settlement__window"
    rows = documents.annotate(
        own=FilteredRelation(
            "settlement__positions", condition=Q(settlement__positions__partner=partner)
        ),
        pdf=FilteredRelation("files", condition=Q(files__media_type=PDF)),
        other_status_id=Subquery(
            Document.objects.filter(
                settlement=OuterRef("settlement"), partner=partner, kind__in=_STATEMENTS
            )
            .exclude(kind=OuterRef("kind"))
            .values("id")[:1]
        ),
    ).values(
        "id",
        "number",
        "issued_at",
        "kind",
        "other_status_id",
        settlement_state=F("settlement__state"),
        group=F(f"{window}__group__name"),
        currency=F("settlement__currency"),
        supply_starts_at=F(f"{window}__supply_starts_at"),
        supply_ends_at=F(f"{window}__supply_ends_at"),
        time_zone=F(f"{window}__group__time_zone"),
        receivable_minor=F("own__receivable_minor"),
        payable_minor=F("own__payable_minor"),
        fees_minor=F("own__fees_minor"),
        net_minor=F("own__net_minor"),
        vat_minor=F("own__vat_minor"),
        fee_vat_minor=F("own__fee_vat_minor"),
        adjustments_minor=F("own__adjustments_minor"),
        carried_minor=F("own__carried_minor"),
        carried_on_minor=F("own__carried_on_minor"),
        exchanged_minor=F("own__exchanged_minor"),
        exchanged_on_minor=F("own__exchanged_on_minor"),
        pdf_sha256=Coalesce(F("pdf__sha256"), Value("")),
        pdf_size_bytes=F("pdf__size_bytes"),
    )
    return [_summary(dict(row)) for row in rows]


def _summary(row: dict[str, Any]) -> StatementSummary:
    is_final = row.pop("kind") == Document.Kind.STATEMENT
    is_over = row.pop("settlement_state") != Settlement.State.CALCULATED
    return StatementSummary(
        **row,
        period=_period(row),
        status="FINAL" if is_final else "PROVISIONAL",
        is_replaced=not is_final and is_over,
    )


def pdf_of(document: Document) -> DocumentFile | None:
    """The stored bytes; None while a job is still rendering them."""
    return document.files.filter(media_type=PDF).first()


def open_windows(partner: Partner, *, environment: str, now: datetime) -> list[OpenWindow]:
    """Open windows with records of the partner, as counted after the last clearing.

    Own-network sessions are nobody's debt.
    """
    own_sale, own_buy = Q(seller_partner=partner), Q(buyer_partner=partner)
    window, group = "window", "window__group"
    rows = (
        WindowSum.objects.filter(
            own_sale | own_buy,
            window__environment=environment,
            window__state=ClearingWindow.State.OPEN,
        )
        .values(
            "currency",
            supply_starts_at=F(f"{window}__supply_starts_at"),
            supply_ends_at=F(f"{window}__supply_ends_at"),
            closes_at=F(f"{window}__closes_at"),
            group=F(f"{group}__name"),
            time_zone=F(f"{group}__time_zone"),
        )
        .annotate(
            sold_minor=Coalesce(Sum("claim_minor", filter=own_sale & ~own_buy), 0),
            bought_minor=Coalesce(Sum("claim_minor", filter=own_buy & ~own_sale), 0),
        )
        .order_by("supply_starts_at", "group")
    )
    return [
        OpenWindow(
            group=row["group"],
            currency=row["currency"],
            period=_period(row),
            closes_at=row["closes_at"],
            is_overdue=row["closes_at"] <= now,
            sold_minor=row["sold_minor"],
            bought_minor=row["bought_minor"],
        )
        for row in rows
    ]


def _period(row: Mapping[str, Any]) -> str:
    return supply_title(row["supply_starts_at"], row["supply_ends_at"], time_zone=row["time_zone"])
