"""The facts behind a window's way from open to paid: some ten bounded queries, no writing."""

from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Q

from billing.models import (
    ClearingRun,
    ClearingWindow,
    ConservationProof,
    Document,
    FiscalPeriod,
    IssuingBlock,
    PaymentFile,
    Settlement,
    SupplyBlock,
)
from billing.queries_objections import open_against
from billing.queries_payments import money_of
from billing.rules.period_close import Known
from billing.services.waiting import waiting_of
from roaming.models import Dispute, SdrState


def known_of(
    window: ClearingWindow, *, waits_for_second: bool, now: datetime, today: date
) -> Known:
    """``waits_for_second``: whether an approver is asked to release the settlement."""
    settlement = window.settlement
    is_open = window.state == ClearingWindow.State.OPEN
    held = waiting_of(window).holds if is_open else []
    return Known(
        now=now,
        supply_ends_at=window.supply_ends_at,
        closes_at=window.closes_at,
        is_open=is_open,
        held=sum(row.sdrs for row in held),
        disputed=_disputed(window) if is_open else 0,
        cleared_at=_cleared_at(window),
        failed_proofs=_failed_proofs(window) if is_open else 0,
        has_settlement=settlement is not None,
        open_objections=open_against(window).count() if settlement else 0,
        waits_for_second=waits_for_second,
        is_issued=settlement is not None and settlement.state == Settlement.State.ISSUED,
        is_paid_elsewhere=settings.MONEY_FLOW == "INSTRUCTION_ONLY",
        is_locked=_is_locked(window),
        **(_documents(settlement) if settlement else _NO_DOCUMENTS),
        **(_payments(settlement, today=today) if settlement else _NO_PAYMENTS),
    )


_NO_DOCUMENTS = {"statements": 0, "rendered": 0, "blocked_supplies": 0, "blocked_invoices": 0}
_NO_PAYMENTS = {"unpaid": 0, "not_final": 0, "draft_files": 0, "unpaid_out": 0, "at_bank": 0}


def _disputed(window: ClearingWindow) -> int:
    """Records of the supply period with an open dispute."""
    disputes = Dispute.objects.filter(closed_at__isnull=True, record_id__isnull=False)
    return (
        SdrState.objects.filter(
            id__in=disputes.values("record_id"),
            agreement__group=window.group,
            ended_at__gte=window.supply_starts_at,
            ended_at__lt=window.supply_ends_at,
        )
        .order_by()
        .count()
    )


def _cleared_at(window: ClearingWindow) -> datetime | None:
    """When clearing last went through the group's accepted records."""
    runs = ClearingRun.objects.filter(group=window.group, finished_at__isnull=False)
    newest = runs.order_by("-id").first()
    return newest.finished_at if newest else None


def _failed_proofs(window: ClearingWindow) -> int:
    newest = (
        ConservationProof.objects.filter(
            environment=window.environment,
            day__gte=window.supply_starts_at.date(),
            day__lte=window.supply_ends_at.date(),
        )
        .order_by("sender", "day", "currency", "-proved_at")
        .distinct("sender", "day", "currency")
    )
    return ConservationProof.objects.filter(pk__in=newest.values("pk"), holds=False).count()


def _documents(settlement: Settlement) -> dict[str, int]:
    statements = Document.objects.filter(settlement=settlement, kind=Document.Kind.STATEMENT)
    told = statements.aggregate(
        statements=Count("pk", distinct=True),
        rendered=Count("pk", distinct=True, filter=Q(files__isnull=False)),
    )
    blocks = IssuingBlock.objects.filter(settlement=settlement, resolved_by__isnull=True)
    supplies = SupplyBlock.objects.filter(settlement=settlement, settled_in__isnull=True)
    return {
        **told,
        "blocked_supplies": supplies.count(),
        "blocked_invoices": blocks.count(),
    }


def _payments(settlement: Settlement, *, today: date) -> dict[str, int]:
    # The house keeps what it gets.
    money = [one for one in money_of(settlement, on=today).values() if not one.is_of_house]
    waits = PaymentFile.objects.filter(settlement=settlement, state__in=["DRAFT", "APPROVED"])
    return {
        "unpaid": sum(one.due_minor + one.received_minor + one.covered_minor < 0 for one in money),
        "not_final": sum(one.due_minor + one.final_minor + one.covered_minor < 0 for one in money),
        "unpaid_out": sum(one.due_minor > one.under_way_minor for one in money),
        "at_bank": sum(one.due_minor > 0 and one.sent_minor > one.booked_minor for one in money),
        "draft_files": waits.count(),
    }


def _is_locked(window: ClearingWindow) -> bool:
    """Whether the period of the books in which the supply ended is locked."""
    return FiscalPeriod.objects.filter(
        environment=window.environment,
        starts_at__lt=window.supply_ends_at,
        ends_at__gte=window.supply_ends_at,
        state=FiscalPeriod.State.LOCKED,
    ).exists()
