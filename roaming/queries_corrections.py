"""Which records a partner may correct by a file."""

from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet

from partners.models import Environment, Partner
from roaming.models import Finding, HoldCorrection, SdrState

# Refused longer ago than this, a record is sent again rather than corrected.
REFUSED_WITHIN = timedelta(days=90)


def correctable(sender: Partner, *, now: datetime) -> QuerySet[SdrState]:
    """The sender's LIVE records that are held, or were refused lately and not corrected since.

    With ``codes``: why. Newest first.
    """
    of_record = Finding.objects.filter(sender=OuterRef("sender"), record_id=OuterRef("id"))
    why = of_record.exclude(severity=Finding.Severity.WARN)
    corrected = HoldCorrection.objects.filter(record_id=OuterRef("id"))
    recent = Q(state=SdrState.State.REJECTED, changed_at__gte=now - REFUSED_WITHIN)
    own = SdrState.objects.filter(
        Q(state=SdrState.State.HELD) | recent, sender=sender, environment=Environment.LIVE
    )
    return (
        own.exclude(id__in=corrected.values("record_id"))
        .annotate(codes=ArraySubquery(why.values("code").order_by("code").distinct()))
        .order_by("-id")
    )
