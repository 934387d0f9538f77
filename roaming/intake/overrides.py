"""Which rules weigh otherwise for an agreement: its partner's word, its own, its dated ones."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from partners.models import RoamingAgreement
from partners.queries import in_period
from roaming.models import RuleOverride
from roaming.rules.findings import Override

Overrides = dict[str, dict[str, Override]]


def load_overrides(owner_ids: Iterable[UUID], numbers: Iterable[str], *, at: datetime) -> Overrides:
    """The activated overrides in force at ``at``, by owner id or agreement number, by code."""
    wanted = Q(partner__in=list(owner_ids)) | Q(agreement_number__in=list(numbers))
    rows = RuleOverride.objects.filter(wanted, in_period(at), activated_at__isnull=False)
    loaded: Overrides = {}
    for row in rows:
        loaded.setdefault(row.scope_key, {})[row.code] = _said(row)
    return loaded


def merged(
    loaded: Overrides, version: RoamingAgreement, *, owner_id: UUID | None
) -> dict[str, Override]:
    """What counts for one agreement version. The stronger wins, field by field."""
    result: dict[str, Override] = {}
    for layer in (
        loaded.get(str(owner_id), {}),
        version.rule_overrides,
        loaded.get(version.number, {}),
    ):
        for code, override in layer.items():
            result[code] = _over(result.get(code, {}), override)
    return result


def _over(weaker: Override, stronger: Override) -> Override:
    limits = {**weaker.get("limits", {}), **stronger.get("limits", {})}
    return {**weaker, **stronger, **({"limits": limits} if limits else {})}


def _said(row: RuleOverride) -> Override:
    said: Override = {"reason": row.reason}
    if row.severity:
        said["severity"] = row.severity  # type: ignore[typeddict-item]
    if row.limits:
        said["limits"] = row.limits
    return said
