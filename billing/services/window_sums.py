"""Prepare what each pair of partners has in the open windows, so that no page adds it up itself."""

from datetime import datetime

from django.db.models import Count, Sum

from billing.models import ClearedSdr, ClearingWindow, WindowSum
from partners.models import SettlementGroup

_PAIR = ("window", "seller_partner", "buyer_partner", "currency")


def prepare(group: SettlementGroup, *, now: datetime) -> int:
    """Count the open windows of the group anew; how many pairs.

    Cleared rows are never taken back, so a pair that was counted once stays one. What is written
    by two at once is what either of them counted; the next hour counts anew.
    """
    is_open = ClearingWindow.objects.filter(group=group, state=ClearingWindow.State.OPEN)
    rows = (
        ClearedSdr.objects.filter(window__in=is_open)
        .order_by(*_PAIR)
        .values(*_PAIR)
        .annotate(claim=Sum("claim_minor"), records=Count("id"))
    )
    sums = [
        WindowSum(
            window_id=row["window"],
            seller_partner_id=row["seller_partner"],
            buyer_partner_id=row["buyer_partner"],
            currency=row["currency"],
            claim_minor=row["claim"],
            records=row["records"],
            counted_at=now,
        )
        for row in rows
    ]
    WindowSum.objects.bulk_create(
        sums,
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=_PAIR,
        update_fields=["claim_minor", "records", "counted_at"],
    )
    return len(sums)
