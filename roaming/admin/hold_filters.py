"""What the hold queue can be narrowed to. Filters read annotations of ``holds.queue``."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from partners.models import User
from roaming.admin.period_filters import (
    NOBODY,
    BuyerFilter,
    EndedFilter,
    SellerFilter,
    SettlementGroupFilter,
)
from roaming.models import Finding, Hold, SdrState
from roaming.services.holds import ALONE_UP_TO

_AGES = {"1": "more than a day", "7": "more than a week", "21": "more than three weeks"}
_SOON = {"3": "in three days", "7": "in a week"}
_VALUES = {
    "small": f"up to {ALONE_UP_TO:,.0f}: one person releases",
    "large": f"above {ALONE_UP_TO:,.0f}: a second person agrees",
    "none": "not billed",
}


def _held(request) -> list[tuple[UUID, str, str | None]]:
    """Sender, its name and the agreement's number of what is held: asked once for a page."""
    if not hasattr(request, "senders_of_held"):
        held = SdrState.objects.filter(state=SdrState.State.HELD).order_by()
        named = held.values_list("sender", "sender__name", "agreement__number")
        request.senders_of_held = list(named.distinct())
    return request.senders_of_held


class _Chosen(DropdownFilter):
    """Knows only what it offers: an address with anything else filters nothing."""

    def value(self):
        value = super().value()
        return value if value in dict(self.lookup_choices) else None


class HoldCodeFilter(_Chosen):
    """Without a code: what matching or ageing holds."""

    title = "reason"
    parameter_name = "code"

    def lookups(self, request, model_admin):
        codes = Finding.objects.filter(
            record_id__in=Hold.objects.values("record_id"), severity="HOLD"
        )
        named = codes.order_by("code").values_list("code", flat=True).distinct()
        return [(NOBODY, "no code"), *((code, code) for code in named)]

    def queryset(self, request, queryset):
        if self.value() == NOBODY:
            return queryset.filter(codes__len=0)
        return queryset.filter(codes__contains=[self.value()]) if self.value() else queryset


class HoldSenderFilter(_Chosen):
    title = "sender"
    parameter_name = "sender"

    def lookups(self, request, model_admin):
        senders = {(name, str(pk)) for pk, name, _ in _held(request)}
        return [(pk, name) for name, pk in sorted(senders)]

    def queryset(self, request, queryset):
        return queryset.filter(sender=self.value()) if self.value() else queryset


class HoldAgreementFilter(_Chosen):
    title = "agreement"
    parameter_name = "agreement"

    def lookups(self, request, model_admin):
        numbers = {number for _, _, number in _held(request) if number}
        return [("none", "none applied"), *((number, number) for number in sorted(numbers))]

    def queryset(self, request, queryset):
        if self.value() == "none":
            return queryset.filter(agreement__isnull=True)
        return queryset.filter(agreement__number=self.value()) if self.value() else queryset


class HoldAgeFilter(_Chosen):
    title = "age"
    parameter_name = "age"

    def lookups(self, request, model_admin):
        return list(_AGES.items())

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(held_at__lt=timezone.now() - timedelta(days=int(self.value())))


class HoldExpiryFilter(_Chosen):
    title = "expiry"
    parameter_name = "expires"

    def lookups(self, request, model_admin):
        return list(_SOON.items())

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(expires_at__lt=timezone.now() + timedelta(days=int(self.value())))


class HoldValueFilter(_Chosen):
    title = "value"
    parameter_name = "value"

    def lookups(self, request, model_admin):
        return list(_VALUES.items())

    def queryset(self, request, queryset):
        match self.value():
            case "small":
                return queryset.filter(claim_amount__lte=ALONE_UP_TO)
            case "large":
                return queryset.filter(claim_amount__gt=ALONE_UP_TO)
            case "none":
                return queryset.filter(claim_amount__isnull=True)
        return queryset


class HoldOwnerFilter(_Chosen):
    title = "owner"
    parameter_name = "owner"

    def lookups(self, request, model_admin):
        owners = User.objects.filter(pk__in=Hold.objects.values("owner")).order_by("username")
        people = [(str(owner.pk), owner.username) for owner in owners]
        return [
            ("me", "me"),
            ("nobody", "nobody"),
            ("waiting", "waits for a second person"),
            *people,
        ]

    def queryset(self, request, queryset):
        match self.value():
            case None:
                return queryset
            case "me":
                return queryset.filter(owner_id=request.user.pk)
            case "nobody":
                return queryset.filter(owner_id__isnull=True)
            case "waiting":
                return queryset.filter(is_asked_for=True)
        return queryset.filter(owner_id=self.value())


FILTERS = (
    HoldCodeFilter,
    HoldSenderFilter,
    HoldAgreementFilter,
    HoldAgeFilter,
    HoldExpiryFilter,
    HoldValueFilter,
    HoldOwnerFilter,
    SettlementGroupFilter,
    SellerFilter,
    BuyerFilter,
    EndedFilter,
)
