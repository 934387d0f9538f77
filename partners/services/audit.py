"""Write down who did what, for whom and why; the table is append-only."""

from collections.abc import Mapping
from datetime import datetime

from django.db import models

from partners.models import AuditEvent


def record(
    action: str,
    row: models.Model,
    *,
    actor: str,
    at: datetime,
    reason: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> AuditEvent:
    """Add one event about ``row``; never pass a secret or a person's data in the mappings."""
    return AuditEvent.objects.create(
        at=at,
        actor=actor,
        action=action,
        object_type=row._meta.label,
        object_id=str(row.pk),
        reason=reason,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
    )
