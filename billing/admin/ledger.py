"""The ledger: transfers with two sides, and the accounts between which they move."""

from django.contrib import admin
from django.db.models import Count, Sum
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.cleared import WindowFilter
from billing.admin.close import name_of
from billing.admin.unallocated import (
    held_figures,
    holds_overpayments,
    unallocated_links,
    unallocated_urls,
)
from billing.models import Account, Transfer
from partners.admin.base import EvidenceAdmin
from partners.admin.story import Facts, Figure, Figures, Story, link
from partners.admin_paging import KeysetPaging

_ACCOUNTS = ("debit_account__partner", "credit_account__partner", "window__group")


class CurrencyFilter(DropdownFilter):
    """The currencies of accounts: there are few of them, and many transfers."""

    title = parameter_name = "currency"

    def lookups(self, request, model_admin):
        known = Account.objects.order_by("currency").values_list("currency", flat=True).distinct()
        return [(currency, currency) for currency in known]

    def queryset(self, request, queryset):
        return queryset.filter(currency=self.value()) if self.value() else queryset


@admin.register(Transfer)
class TransferAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("what", "kind", "debit_account", "credit_account", "records", "posted_at")
    list_select_related = _ACCOUNTS
    empty_text = "Transfers are posted when a window closes."
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        WindowFilter,
        CurrencyFilter,
        ("environment", ChoicesDropdownFilter),
    )
    search_fields = ("=event_key",)
    search_help_text = "Exact event key"

    @display(description="Amount")
    def what(self, transfer) -> str:
        return amount(transfer.amount_minor, transfer.currency)

    @display(description="Records")
    def records(self, transfer) -> str:
        return f"{transfer.sdrs:,}"

    def name_of(self, transfer) -> str:
        return f"{self.what(transfer)} from {transfer.debit_account}"

    def story(self, request, obj) -> Story:
        return Story(
            [
                Figures([Figure("Amount", self.what(obj)), Figure("Records", f"{obj.sdrs:,}")]),
                Facts(
                    "Posting",
                    [
                        ("Kind", obj.get_kind_display()),
                        ("Debit", link(obj.debit_account)),
                        ("Credit", link(obj.credit_account)),
                        ("Window", link(obj.window, name_of(obj.window))),
                        ("Event", obj.event_key),
                        ("Posted", obj.posted_at),
                        ("Environment", obj.environment),
                    ],
                ),
            ]
        )


@admin.register(Account)
class AccountAdmin(EvidenceAdmin):
    list_display = ("__str__", "code", "partner", "currency", "environment")
    list_select_related = ("partner",)
    list_filter = (("code", ChoicesDropdownFilter), ("environment", ChoicesDropdownFilter))
    search_fields = ("partner__name",)
    search_help_text = "Partner"
    ordering = ("code", "partner__name", "currency", "pk")
    empty_text = "Accounts open by themselves when the first window of a group closes."

    def get_urls(self):
        return [*unallocated_urls(self), *super().get_urls()]

    def story(self, request, obj) -> Story:
        debits = obj.debits.aggregate(n=Count("pk"), total=Sum("amount_minor"))
        credits = obj.credits.aggregate(n=Count("pk"), total=Sum("amount_minor"))
        balance = (debits["total"] or 0) - (credits["total"] or 0)
        return Story(
            [
                Figures(
                    [
                        _sum("Debits", debits, obj.currency),
                        _sum("Credits", credits, obj.currency),
                        Figure("Balance", amount(int(balance), obj.currency), "debits − credits"),
                    ]
                ),
                *([held_figures(obj)] if holds_overpayments(obj) else []),
                Facts(
                    "Account",
                    [
                        ("Account", obj.get_code_display()),
                        ("Partner", link(obj.partner) if obj.partner else "the house"),
                        ("Currency", obj.currency),
                        ("Environment", obj.environment),
                    ],
                ),
            ],
            unallocated_links(request, obj),
        )


def _sum(label: str, side: dict, currency: str) -> Figure:
    return Figure(label, amount(int(side["total"] or 0), currency), f"{side['n']:,} transfers")
