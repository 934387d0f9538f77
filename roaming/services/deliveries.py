"""Give each delivery its sequence, after the transaction that owes it has committed.

A late commit gets a later number, so a receiver that reads in sequence order skips nothing, and
a gap would be a loss.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from django.db import connection

from clearinghouse.retry import in_transaction
from clearinghouse.statements import load_statement
from roaming.models import Delivery, DeliveryCounter

_SQL = Path(__file__).parent / "sql"


def publish(receiver_ids: Iterable[UUID]) -> int:
    """Number the unnumbered deliveries of each receiver in the order of their ids.

    The counter row is locked per receiver, so numbers are gapless and given once.
    """
    return sum(in_transaction(partial(_publish_one, receiver)) for receiver in sorted(receiver_ids))


def publish_overdue() -> int:
    """Number whatever a killed process left unnumbered; run by the clock."""
    waiting = Delivery.objects.filter(sequence__isnull=True).values_list("receiver", flat=True)
    return publish(set(waiting.distinct()))


def owe_news(kind: Delivery.Kind, receivers: Mapping[UUID, UUID], *, now: datetime) -> None:
    """Owe each party the news of its subject, as a statement; once."""
    owe_each(kind, receivers.items(), now=now)


def owe_each(kind: Delivery.Kind, owed: Iterable[tuple[UUID, UUID]], *, now: datetime) -> None:
    """Owe the news of subjects, as (receiver, subject): a party may be owed many; each once."""
    Delivery.objects.bulk_create(
        [
            Delivery(receiver_id=receiver_id, kind=kind, subject_id=subject_id, created_at=now)
            for receiver_id, subject_id in owed
        ],
        ignore_conflicts=True,
        batch_size=1_000,
    )


def _publish_one(receiver_id: UUID) -> int:
    DeliveryCounter.objects.get_or_create(receiver_id=receiver_id)
    counter = DeliveryCounter.objects.select_for_update().get(receiver_id=receiver_id)
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "number_deliveries.sql"),
            {"receiver_id": receiver_id, "last_sequence": counter.last_sequence},
        )
        numbered = cursor.rowcount
    if numbered:
        counter.last_sequence += numbered
        counter.save(update_fields=["last_sequence"])
    return numbered
