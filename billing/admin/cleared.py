"""The sub-ledger: what each record came to, and by which agreement."""

from uuid import UUID

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from billing.admin.amounts import amount, percent
from billing.admin.close import name_of
from billing.models import ClearedSdr, ClearingWindow
from partners.admin.base import EvidenceAdmin
from partners.admin.story import Facts, Figure, Figures, Story, link
from partners.admin_paging import KeysetPaging
from partners.models import Partner, Party
from roaming.models import Sdr


class WindowFilter(DropdownFilter):
    """The newest windows; the two hundredth is not chosen from a list."""

    title = "window"
    parameter_name = "window"

    def lookups(self, request, model_admin):
        windows = ClearingWindow.objects.select_related("group").order_by("-supply_ends_at")[:60]
        return [(str(window.pk), name_of(window)) for window in windows]

    def queryset(self, request, queryset):
        try:
            window = UUID(self.value()) if self.value() else None
        except ValueError:
            return queryset.none()
        return queryset.filter(window=window) if window else queryset


def _sdr_ids(record_ids: list[UUID]) -> dict[UUID, str]:
    # The key starts with the sender: naming all of them makes it an index look-up.
    found = Sdr.objects.filter(sender__in=Partner.objects.values("pk"), id__in=record_ids)
    return dict(found.values_list("id", "sdr_id"))


@admin.register(ClearedSdr)
class ClearedSdrAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "record",
        "seller",
        "buyer",
        "energy",
        "claim",
        "payout",
        "ended_at",
        "window_name",
    )
    empty_text = "Accepted records are cleared every hour."
    list_select_related = ("seller", "buyer", "window__group")
    list_filter = (
        WindowFilter,
        ("seller", RelatedDropdownFilter),
        ("buyer", RelatedDropdownFilter),
        ("is_billed", BooleanRadioFilter),
        ("environment", ChoicesDropdownFilter),
    )
    search_fields = ("=id",)
    search_help_text = "Record id"

    def get_search_results(self, request, queryset, search_term):
        if not search_term:
            return queryset, False
        try:
            record_id = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(seller__in=Party.objects.values("pk"), pk=record_id), False

    def dressed(self, rows) -> list:
        """With the id by which partners know the record."""
        rows = list(rows)
        names = _sdr_ids([row.pk for row in rows])
        for row in rows:
            row.sdr_id = names.get(row.pk, "")
        return rows

    def get_object(self, request, object_id, from_field=None):
        try:
            record_id = UUID(str(object_id))
        except ValueError:
            return None
        # The key starts with the seller: naming all of them makes it an index look-up.
        rows = ClearedSdr.objects.filter(pk=record_id, seller__in=Party.objects.values("pk"))
        found = rows.select_related("seller", "buyer", "window__group", "agreement", "run").first()
        return self.dressed([found])[0] if found else None

    @display(description="Record")
    def record(self, row) -> str:
        return getattr(row, "sdr_id", "") or f"… {str(row.pk)[-12:]}"

    @display(description="Window")
    def window_name(self, row) -> str:
        return name_of(row.window)

    @display(description="Energy, kWh")
    def energy(self, row) -> str:
        return f"{row.energy_kwh:,.3f}"

    @display(description="Claim")
    def claim(self, row) -> str:
        return amount(row.claim_minor, row.currency)

    @display(description="Payout")
    def payout(self, row) -> str:
        return amount(row.payout_minor, row.currency)

    def name_of(self, row) -> str:
        return f"Record {self.record(row)}"

    def story(self, request, obj) -> Story:
        url = reverse("admin:roaming_sdr_change", args=[obj.pk])
        record = format_html('<a class="ch-link" href="{}">{}</a>', url, self.record(obj))
        return Story(
            [
                Figures(
                    [
                        Figure("Claim", amount(obj.claim_minor, obj.currency)),
                        Figure("Commission", amount(obj.commission_minor, obj.currency)),
                        Figure("Payout", amount(obj.payout_minor, obj.currency)),
                        Figure("Energy", f"{obj.energy_kwh:,.3f} kWh"),
                    ]
                ),
                Facts(
                    "How it came about",
                    [
                        ("Record", record),
                        ("Window", link(obj.window, name_of(obj.window))),
                        ("Run", link(obj.run)),
                        ("Agreement", link(obj.agreement)),
                        ("Rate", percent(obj.commission_rate)),
                        ("Commission goes to", obj.get_commission_beneficiary_display()),
                        ("Rounding", obj.rounding),
                        ("Seller", link(obj.seller)),
                        ("Seller's partner", link(obj.seller_partner)),
                        ("Buyer", link(obj.buyer)),
                        ("Buyer's partner", link(obj.buyer_partner)),
                        ("Asks for money", obj.is_billed),
                        ("Service end", obj.ended_at),
                        ("Cleared", obj.cleared_at),
                        ("Environment", obj.environment),
                    ],
                ),
            ]
        )
