"""What becomes of disputes that wait too long: reminders, and the outcomes that silence has."""

from collections import Counter
from datetime import datetime

from django.db.models import F, Q

from roaming.models import Dispute
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused
from roaming.services import disputes
from roaming.services.dispute_steps import CLOCK


def expire_due(*, now: datetime, limit: int = 1_000) -> dict[str, int]:
    """Remind two days before a deadline, then let the default outcome happen; safe to repeat.

    A stopped clock expires nothing. The house's own deadline is reminded of, never held against a
    side: only the absolute end closes a dispute in its hands.
    """
    done: Counter[str] = Counter()
    for dispute, verb in _due(now, limit):
        try:
            disputes.act(dispute.pk, verb, by=CLOCK, now=now)
        except DisputeRefused:
            # Somebody answered in the meantime.
            continue
        done[verb] += 1
    return dict(done)


def _due(now: datetime, limit: int) -> list[tuple[Dispute, str]]:
    running = Dispute.objects.filter(closed_at__isnull=True, clock_stopped_at__isnull=True)
    in_hand = Q(stage__in=["CONTESTED", "MEDIATION"])
    over = Q(expires_at__lte=now) | Q(deadline_at__lte=now) & ~in_hand
    soon = Q(reminded_at__isnull=True, deadline_at__lte=now + rules.REMIND_BEFORE)
    expired = running.filter(over).order_by(F("deadline_at"), "id")[:limit]
    reminded = running.filter(soon & ~over).order_by(F("deadline_at"), "id")[:limit]
    return [(one, "expire" if one.is_confirmed else "drop") for one in expired] + [
        (one, "remind") for one in reminded
    ]
