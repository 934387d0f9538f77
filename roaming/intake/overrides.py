"""Which rules weigh otherwise for an agreement: its partner's word, its own, its dated ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from partners.models import RoamingAgreement
from partners.queries import in_period
from roaming.models import RuleOverride
from roaming.rules.findings import Override

Overrides = dict[str, dict[str, Override]]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Which overrides count: those in force, the same under some drafts, or none at all.

    A draft stands in for what is in force for its code and scope, whatever its dates say.
    """

    drafts: tuple[RuleOverride, ...] = ()
    is_default: bool = False

    def of(
        self, loaded: Overrides, version: RoamingAgreement, *, owner_id: UUID | None
    ) -> dict[str, Override]:
        if self.is_default:
            return {}
        over = by_scope(self.drafts)
        laid = {scope: loaded.get(scope, {}) | over.get(scope, {}) for scope in (*loaded, *over)}
        return merged(laid, version, owner_id=owner_id)


IN_FORCE = RuleSet()
DEFAULT = RuleSet(is_default=True)


def load_overrides(
    owner_ids: Iterable[UUID],
    numbers: Iterable[str],
    *,
    at: datetime,
    known_before: UUID | None = None,
) -> Overrides:
    """The activated overrides in force at ``at``, by owner id or agreement number, by code.

    ``known_before``: only rows made before this id, and activated by ``at`` (a look back).
    """
    wanted = Q(partner__in=list(owner_ids)) | Q(agreement_number__in=list(numbers))
    rows = RuleOverride.objects.filter(wanted, in_period(at), activated_at__isnull=False)
    if known_before is not None:
        rows = rows.filter(id__lt=known_before, activated_at__lte=at)
    return by_scope(rows)


def by_scope(rows: Iterable[RuleOverride]) -> Overrides:
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
