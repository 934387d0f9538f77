"""Close disputes whose record its CSO credited or replaced while they ran: facts decided them."""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from clearinghouse.retry import in_transaction
from roaming.models import Dispute, Sdr, SdrLink, SdrState
from roaming.rules import dispute as rules
from roaming.services import dispute_steps as steps
from roaming.services.dispute_steps import CLOCK


def close_overtaken(*, now: datetime, limit: int = 1_000) -> dict[str, int]:
    """Close what a correction answered before the dispute's end; run by the clock, repeatable."""
    done: Counter[str] = Counter()
    for dispute_id in list(_overtaken().order_by("id").values_list("id", flat=True)[:limit]):
        dispute = in_transaction(partial(_close, dispute_id, now=now))
        steps.publish(dispute)
        done["overtaken"] += 1
    return dict(done)


def _overtaken() -> QuerySet[Dispute]:
    """Running disputes, and agreed ones that still wait for their replacement."""
    waits = Q(closed_at__isnull=True) | Q(outcome="REPLACEMENT", replacement_id__isnull=True)
    gone = SdrState.objects.filter(id=OuterRef("record_id"), state__in=["WITHDRAWN", "SUPERSEDED"])
    credits = SdrLink.objects.filter(original_id=OuterRef("record_id"), kind=SdrLink.Kind.CREDIT)
    return Dispute.objects.filter(waits, Exists(gone) | Exists(credits))


def _close(dispute_id: UUID, *, now: datetime) -> Dispute:
    dispute = Dispute.objects.select_for_update().get(id=dispute_id)
    before = dispute.stage
    answer = SdrLink.objects.filter(
        original_id=steps.record_of(dispute), kind__in=["CREDIT", "REPLACEMENT"]
    ).latest("record_id")
    dispute.decided_amount = Decimal(0)
    dispute.outcome = "CREDIT" if dispute.is_after_acceptance else "WITHDRAW"
    if answer.kind == SdrLink.Kind.REPLACEMENT:
        dispute.outcome, dispute.replacement_id = "REPLACEMENT", answer.record_id
        dispute.decided_amount = Sdr.objects.get(id=answer.record_id).claim_amount
    if dispute.closed_at is None:
        dispute.stage = rules.next_stage(before, "overtake", CLOCK.side)
        dispute.closed_at = now
        dispute.deadline_at = dispute.clock_stopped_at = None
    dispute.version += 1
    dispute.save()
    amount = dispute.decided_amount
    steps.tell(dispute, "overtake", by=CLOCK, from_stage=before, amount=amount, now=now)
    return dispute
