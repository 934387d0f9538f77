"""Who took what out of the house: one audit event per download, before the bytes leave."""

from datetime import datetime

from clearinghouse.uuid7 import uuid7_at
from partners.models import AuditEvent, Partner


def note_download(
    *,
    actor: str,
    partner: Partner,
    object_type: str,
    object_id: str,
    now: datetime,
    request_id: str = "",
    details: dict | None = None,
) -> None:
    """Note that ``actor`` of ``partner`` downloads an object; ``details`` say which part of it."""
    AuditEvent.objects.create(
        id=uuid7_at(now),
        at=now,
        actor=actor[:150],
        on_behalf_of=partner.name,
        action=f"{object_type}.downloaded",
        object_type=object_type,
        object_id=object_id[:60],
        after=details,
        request_id=request_id[:64],
    )
