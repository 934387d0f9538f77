"""The price list. A row that was charged is evidence: it is ended, and the next one added."""

from decimal import InvalidOperation

from django import forms
from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.models import FeeLine
from billing.rules.fees.terms import WrongTerms
from billing.services.fees import terms_of
from partners.admin.base import HouseAdmin
from partners.models import FeeComponent


class FeeComponentForm(forms.ModelForm):
    """Terms that contradict each other are refused where they are mended."""

    class Meta:
        model = FeeComponent
        fields = "__all__"  # noqa: DJ007 every term is staff's to set
        labels = {
            "min_minor": "Least of a record",
            "max_minor": "Most of a record",
            "floor_minor": "Least of a month",
            "cap_minor": "Most of a month",
            "cso_share": "Seller's share",
        }
        help_texts = {
            "rate": "in minor units (2 is 0.02 EUR), or in basis points (100 is 1 %)",
            **dict.fromkeys(
                ("min_minor", "max_minor", "floor_minor", "cap_minor"),
                "in minor units: 250 is 2.50 EUR",
            ),
        }

    def clean(self):
        super().clean()
        wanted = self.cleaned_data
        if self.errors or (self.instance.pk and FeeLine.objects.filter(component=self.instance)):
            return wanted
        terms = dict(wanted)
        try:
            terms_of(FeeComponent(**terms))
        except WrongTerms as error:
            told = error.told[:1].upper() + error.told[1:]
            self.add_error(error.field if error.field in self.fields else None, told)
        except (InvalidOperation, KeyError, TypeError):
            self.add_error(
                "tiers",
                'Write a list, e.g. [{"from_quantity": "0", "rate": "5"}], figures in quotes.',
            )
        return wanted


@admin.register(FeeComponent)
class FeeComponentAdmin(HouseAdmin):
    form = FeeComponentForm
    list_display = ("name", "code", "group", "kind", "price", "payer", "from_date", "until_date")
    list_select_related = ("group",)
    list_filter = (("group", RelatedDropdownFilter), ("kind", ChoicesDropdownFilter))
    search_fields = ("name", "code")
    search_help_text = "Name or code"
    ordering = ("group__name", "code", "-from_date", "pk")
    empty_text = (
        "Without a price our service is free: add what a settlement group pays per record or month."
    )
    fieldsets = (
        (None, {"fields": ("group", "code", "name", ("from_date", "until_date"))}),
        ("What it costs", {"fields": ("kind", "rate", "rounding", ("min_minor", "max_minor"))}),
        ("Per payer and month", {"fields": (("floor_minor", "cap_minor"), "tier_mode", "tiers")}),
        ("Who pays, and to whom", {"fields": ("payer", "cso_share", "beneficiary")}),
        ("Only for", {"fields": ("partner", "direction", "counterparty")}),
    )

    @display(description="Rate")
    def price(self, row) -> str:
        if row.tier_mode != FeeComponent.TierMode.NONE:
            return f"{len(row.tiers)} tiers"
        if row.kind == FeeComponent.Kind.BP_OF_AMOUNT:
            return f"{(row.rate / 100).normalize():f} %"
        if row.rate == int(row.rate):
            return amount(int(row.rate), row.group.currency)
        return f"{row.rate.normalize():f} minor units"

    def get_readonly_fields(self, request, obj=None):
        if obj is None or not FeeLine.objects.filter(component=obj).exists():
            return ()
        # Charged: only its end may still be set. The next price is the next row.
        return [field.name for field in obj._meta.fields if field.name not in ("id", "until_date")]

    def has_delete_permission(self, request, obj=None) -> bool:
        if obj is None:
            return False
        is_charged = FeeLine.objects.filter(component=obj).exists()
        return not is_charged and super().has_delete_permission(request, obj)
