"""What every step of a dispute does: its event, the news to both sides, the record's own move."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from roaming.models import Delivery, Dispute, DisputeEvent
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused
from roaming.services import deliveries, lifecycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and for which side: CSP, CSO, HOUSE or CLOCK."""

    side: str
    name: str


CLOCK = Actor(side=rules.CLOCK, name="clock")


def record_of(dispute: Dispute) -> UUID:
    """:raises ValueError: the dispute is about a counter-record without an SDR."""
    if dispute.record_id is None:
        raise ValueError(f"dispute {dispute.number} is about no record")
    return dispute.record_id


def move_record(dispute: Dispute, to_state: str, *, by: Actor, now: datetime) -> None:
    """:raises DisputeRefused: another one moved the record first."""
    from_state = "DELIVERED" if to_state == "DISPUTED" else "DISPUTED"
    reason = f"dispute {dispute.number} ({dispute.reason}): {dispute.outcome or 'opened'}"
    moved = lifecycle.move_many(
        [record_of(dispute)], from_state, [to_state], actor=by.name, reason=reason, now=now
    )
    if not moved:
        raise DisputeRefused("RECORD_MOVED", f"The record is not {from_state} any more.")


def tell(
    dispute: Dispute,
    verb: str,
    *,
    by: Actor,
    from_stage: str,
    now: datetime,
    text: str = "",
    amount: Decimal | None = None,
) -> None:
    """Write the event, and owe it to both sides."""
    DisputeEvent.objects.create(
        dispute=dispute,
        verb=verb,
        side=by.side,
        actor=by.name[:150],
        from_stage=from_stage,
        to_stage=dispute.stage,
        amount=amount,
        text=text[:2000],
        at=now,
    )
    Delivery.objects.bulk_create(
        Delivery(
            receiver_id=receiver_id,
            kind=Delivery.Kind.DISPUTE,
            subject_id=dispute.pk,
            subject_version=dispute.version,
            created_at=now,
        )
        for receiver_id in sorted({dispute.seller_id, dispute.buyer_id})
    )


def publish(dispute: Dispute) -> None:
    """Number what both sides are owed; after the commit."""
    deliveries.publish({dispute.seller_id, dispute.buyer_id})
