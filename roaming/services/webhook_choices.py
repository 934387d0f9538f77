"""Which messages a company leaves out of its webhooks; they stay there to be pulled."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from partners.services import audit
from roaming.models import Delivery, WebhookSubscription

NOT_WANTED = "not sent: your company left it out"


@transaction.atomic
def mute(
    subscriptions: Sequence[WebhookSubscription],
    kinds: Collection[str],
    *,
    actor: str,
    now: datetime,
) -> int:
    """Send ``kinds`` no more to the webhooks, and all others; how many were changed.

    What limits run from cannot be left out: ``webhook_gets_what_limits_run_from``.
    """
    changed = 0
    for one in subscriptions:
        if set(one.muted_kinds) == set(kinds):
            continue
        # What came while it was muted is not sent afterwards.
        skip_muted(one, now=now)
        before, one.muted_kinds = one.muted_kinds, sorted(kinds)
        one.save(update_fields=["muted_kinds"])
        audit.record(
            "webhook.kinds_chosen",
            one,
            actor=actor,
            at=now,
            before={"muted": sorted(before)},
            after={"muted": one.muted_kinds},
        )
        changed += 1
    return changed


def skip_muted(subscription: WebhookSubscription, *, now: datetime) -> int:
    """Close what is not wanted, so that nothing waits behind it; how many."""
    if not subscription.muted_kinds:
        return 0
    return Delivery.objects.filter(
        receiver=subscription.party_id,
        kind__in=subscription.muted_kinds,
        sequence__isnull=False,
        confirmed_at__isnull=True,
        dead_at__isnull=True,
    ).update(confirmed_at=now, next_attempt_at=None, last_error=NOT_WANTED)
