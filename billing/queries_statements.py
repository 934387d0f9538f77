"""A partner's settlement statements, and the windows that will become the next ones."""

from datetime import datetime
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

from billing.models import ClearedSdr, ClearingWindow, Document, DocumentFile
from billing.rules.supply_period import supply_title
from partners.models import Partner

PDF = "application/pdf"


class StatementSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of the asking partner: money in whole minor units of ``currency``.

    net = receivable − payable − fees; positive is what the partner gets. The supply period is
    half-open. ``pdf_sha256`` is empty until the PDF has been rendered.
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


class OpenWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window that is still open, and the claims cleared into it so far."""

    group: str
    currency: str
    period: str
    closes_at: datetime
    is_overdue: bool
    sold_minor: int
    bought_minor: int


def statements_of(partner: Partner, *, environment: str) -> QuerySet[Document]:
    """The partner's own statements, newest first, without their frozen content."""
    return (
        Document.objects.filter(
            partner=partner, environment=environment, kind=Document.Kind.STATEMENT
        )
        .defer("content")
        .order_by("-id")
    )


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
    ).values(
        "id",
        "number",
        "issued_at",
        group=F(f"{window}__group__name"),
        currency=F("settlement__currency"),
        supply_starts_at=F(f"{window}__supply_starts_at"),
        supply_ends_at=F(f"{window}__supply_ends_at"),
        time_zone=F(f"{window}__group__time_zone"),
        receivable_minor=F("own__receivable_minor"),
        payable_minor=F("own__payable_minor"),
        fees_minor=F("own__fees_minor"),
        net_minor=F("own__net_minor"),
        pdf_sha256=Coalesce(F("pdf__sha256"), Value("")),
        pdf_size_bytes=F("pdf__size_bytes"),
    )
    return [StatementSummary(**row, period=_period(row)) for row in rows]


def pdf_of(document: Document) -> DocumentFile | None:
    """The stored bytes; None while a job is still rendering them."""
    return document.files.filter(media_type=PDF).first()


def open_windows(partner: Partner, *, environment: str, now: datetime) -> list[OpenWindow]:
    """Open windows of the partner's groups into which records were cleared, or the newest one."""
    windows = (
        ClearingWindow.objects.filter(
            environment=environment,
            state=ClearingWindow.State.OPEN,
            supply_starts_at__lte=now,
            group__contracts__partner=partner,
        )
        .distinct()
        .annotate(
            sold=_claims(partner, side="seller_partner", other="buyer_partner"),
            bought=_claims(partner, side="buyer_partner", other="seller_partner"),
        )
        .select_related("group")
        .order_by("supply_starts_at")
    )
    used = [window for window in windows if window.sold or window.bought]
    return [
        OpenWindow(
            group=window.group.name,
            currency=window.group.currency,
            period=supply_title(
                window.supply_starts_at, window.supply_ends_at, time_zone=window.group.time_zone
            ),
            closes_at=window.closes_at,
            is_overdue=window.closes_at <= now,
            sold_minor=window.sold,
            bought_minor=window.bought,
        )
        for window in used or list(windows)[-1:]
    ]


def _claims(partner: Partner, *, side: str, other: str) -> Coalesce:
    """Claims of the outer window on one side; own-network sessions are nobody's debt."""
    cleared = ClearedSdr.objects.filter(**{"window": OuterRef("pk"), side: partner})
    total = cleared.exclude(**{other: partner}).values("window").annotate(total=Sum("claim_minor"))
    return Coalesce(Subquery(total.values("total")), 0)


def _period(row: dict) -> str:
    return supply_title(row["supply_starts_at"], row["supply_ends_at"], time_zone=row["time_zone"])
