"""What other pages narrow the lists of records to: a settlement group, a span of service ends or of
deadlines. Spans are half-open and written as "from..until", aware instants; either end may be
missing.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from unfold.contrib.filters.admin import DropdownFilter

from partners.models import Party, RoamingAgreement, SettlementGroup
from roaming.models import Match, Sdr

NOBODY = "none"


def span(from_at: datetime | None, until_at: datetime | None) -> str:
    """As these filters read it."""
    return "..".join(at.isoformat() if at else "" for at in (from_at, until_at))


class SettlementGroupFilter(DropdownFilter):
    """Records that would be settled in a group; without an agreement, those of its currency."""

    title = "settlement group"
    parameter_name = "group"

    def lookups(self, request, model_admin):
        return [(str(group.pk), group.name) for group in SettlementGroup.objects.order_by("name")]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        group_id = _id(self.value())
        group = SettlementGroup.objects.filter(pk=group_id).first() if group_id else None
        if group is None:
            return queryset.none()
        # The currency is the wide record's: its key starts with the sender.
        claims = Sdr.objects.filter(
            sender=OuterRef("sender"), id=OuterRef("id"), currency=group.currency
        )
        theirs = Q(agreement__group=group) & ~Q(agreement__mode=RoamingAgreement.Mode.DIRECT)
        return queryset.filter(
            theirs | Q(Exists(claims), agreement__isnull=True), environment=group.environment
        )


class _SpanFilter(DropdownFilter):
    """Offers only the span that the address names; a person comes here by a link."""

    field = ""

    def lookups(self, request, model_admin):
        if not self.value():
            return []
        ends = _span(self.value())
        return [(self.value(), _told(*ends) if ends else "not a span: nothing fits")]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        ends = _span(self.value())
        if ends is None:
            return queryset.none()
        from_at, until_at = ends
        if from_at:
            queryset = queryset.filter(**{f"{self.field}__gte": from_at})
        return queryset.filter(**{f"{self.field}__lt": until_at}) if until_at else queryset


class EndedFilter(_SpanFilter):
    title = "service end"
    parameter_name = "ended"
    field = "ended_at"


class DeemedFilter(_SpanFilter):
    """Records that will be deemed accepted; what matching holds back for the CSP is not shown."""

    title = "deemed accepted"
    parameter_name = "deemed"
    field = "accept_by_at"

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        current = Match.objects.filter(record_id=OuterRef("id"), is_current=True)
        unsure = current.filter(outcome__in=["CSO_ONLY", "AMBIGUOUS", "MISMATCH"])
        beyond = current.filter(outcome="MATCHED_TOLERANCE").exclude(differences=[])
        narrowed = super().queryset(request, queryset).filter(accept_by_at__isnull=False)
        return narrowed.exclude(
            Q(Exists(beyond)) | Q(Exists(unsure), agreement__counter_records="REQUIRED")
        )


class _SideFilter(DropdownFilter):
    """One side of a held record, which may be unknown yet; offers only what the address names."""

    def lookups(self, request, model_admin):
        if not self.value():
            return []
        side = _id(self.value())
        party = Party.objects.filter(pk=side).first() if side else None
        return [(self.value(), str(party or "unknown"))]

    def queryset(self, request, queryset):
        match self.value():
            case None:
                return queryset
            case "none":
                return queryset.filter(**{f"{self.parameter_name}__isnull": True})
        side = _id(self.value())
        return queryset.filter(**{self.parameter_name: side}) if side else queryset.none()


class SellerFilter(_SideFilter):
    title = parameter_name = "seller"


class BuyerFilter(_SideFilter):
    title = parameter_name = "buyer"


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _span(text: str | None) -> tuple[datetime | None, datetime | None] | None:
    """The ends of a span, or None where it is none."""
    parts = (text or "").split("..")
    if len(parts) != 2 or not any(parts):
        return None
    try:
        from_at, until_at = (datetime.fromisoformat(part) if part else None for part in parts)
    except ValueError:
        return None
    if any(at is not None and at.tzinfo is None for at in (from_at, until_at)):
        return None
    return from_at, until_at


def _told(from_at: datetime | None, until_at: datetime | None) -> str:
    told = [f"from {from_at:%Y-%m-%d %H:%M}Z"] if from_at else []
    return " ".join([*told, *([f"until {until_at:%Y-%m-%d %H:%M}Z"] if until_at else [])])
