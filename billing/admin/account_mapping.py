"""How our accounts are called in the accountant's chart; what is missing is shown first."""

from django import forms
from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from billing.models import Account, AccountMapping
from billing.services.posting_export import not_mapped
from partners.admin.base import HouseAdmin
from partners.models import Environment


class MappingForm(forms.ModelForm):
    code = forms.ChoiceField(
        choices=Account.Code.choices, widget=UnfoldAdminSelectWidget, label="Our account"
    )

    class Meta:
        model = AccountMapping
        fields = ("environment", "code", "partner", "country_code", "external_account", "tax_key")


@admin.register(AccountMapping)
class AccountMappingAdmin(HouseAdmin):
    form = MappingForm
    list_display = ("our_account", "whose", "external_account", "tax_key", "environment")
    list_select_related = ("partner",)
    list_filter = (
        ("code", ChoicesDropdownFilter),
        ("partner", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    search_fields = ("=external_account", "partner__name")
    search_help_text = "Account in the accountant's chart, or partner"
    ordering = ("code", "partner__name", "country_code", "environment")
    empty_text = "A posting export needs the accountant's number of each of our accounts."
    change_list_template = "admin/billing/account_mappings.html"

    def changelist_view(self, request, extra_context=None):
        told = [
            {
                "label": Account.Code(account.code).label,
                "whose": whose,
                "country": account.country_code,
                "currency": account.currency,
                "query": f"code={account.code}&partner={account.partner or ''}"
                f"&country_code={account.country_code}&environment=LIVE",
            }
            for account, whose in not_mapped(Environment.LIVE)
        ]
        shown = {"missing": told[:50], "missing_count": len(told)}
        return super().changelist_view(request, shown | (extra_context or {}))

    @display(description="Our account")
    def our_account(self, row) -> str:
        return Account.Code(row.code).label

    @display(description="Of")
    def whose(self, row) -> str:
        whose = str(row.partner) if row.partner else "every partner and the house"
        return f"{whose}, {row.country_code}" if row.country_code else whose
