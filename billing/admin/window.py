"""Clearing windows: what is in them, when they close, and closing one now."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import Http404
from django.urls import path, reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing import queries
from billing.admin import close
from billing.admin.amounts import amount
from billing.admin.netting import netting_view
from billing.admin.period_close import checklist
from billing.models import ClearedSdr, ClearingRun, ClearingWindow
from partners.admin.base import EvidenceAdmin
from partners.admin.story import (
    ActionLink,
    Badge,
    Facts,
    Figure,
    Figures,
    Story,
    link,
    list_link,
)
from partners.admin_paging import KeysetPaging

STATE_TONES = {"OPEN": "info", "CLOSED": "warning", "SETTLED": "success"}


@admin.register(ClearingWindow)
class ClearingWindowAdmin(EvidenceAdmin):
    list_display = ("supply", "group", "state_label", "closes_at", "closed_at", "environment")
    list_select_related = ("group",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("group", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    ordering = ("-supply_ends_at", "pk")
    empty_text = "The clock opens windows for each settlement group, hourly."

    def get_urls(self):
        closing = path(
            "<uuid:window_id>/close/",
            self.admin_site.admin_view(self.close_view),
            name="billing_clearingwindow_close",
        )
        matrix = path(
            "netting/",
            self.admin_site.admin_view(self.netting_view),
            name="billing_clearingwindow_netting",
        )
        return [closing, matrix, *super().get_urls()]

    @display(description="Supply period", ordering="supply_starts_at")
    def supply(self, window) -> str:
        return close.supply_of(window)

    @display(description="State", label=STATE_TONES)
    def state_label(self, window) -> str:
        return window.state

    def name_of(self, window) -> str:
        return close.name_of(window)

    def story(self, request, obj) -> Story:
        prefetch_related_objects([obj], "settlements")  # asked for by most parts of the page
        actions = []
        if obj.state == ClearingWindow.State.OPEN and close.may_close(request):
            url = reverse("admin:billing_clearingwindow_close", args=[obj.pk])
            actions.append(ActionLink("Close this window now…", url))
        url = f"{reverse('admin:billing_clearingwindow_netting')}?window={obj.pk}"
        if request.user.has_perm("billing.view_position"):
            actions.append(ActionLink("Netting matrix", url))
        sections = [
            _figures(obj),
            checklist(obj),
            close.pairs_table(obj, queries.pair_rows(obj)),
            _facts(obj),
        ]
        return Story(sections, actions)

    def netting_view(self, request):
        if not request.user.has_perm("billing.view_position"):
            raise PermissionDenied
        return netting_view(request, self)

    def close_view(self, request, window_id):
        """Ask, with the positions of a dry run; then close it as a job."""
        if not close.may_close(request):
            raise PermissionDenied
        window = self.get_object(request, str(window_id))
        if window is None:
            raise Http404
        return close.ask_to_close(request, self, window)


def _figures(window: ClearingWindow) -> Figures:
    totals, currency = queries.window_totals(window), window.group.currency
    return Figures(
        [
            Figure("State", Badge(window.state, STATE_TONES[window.state])),
            Figure("Records", f"{totals.sdrs:,}", f"{totals.billed_sdrs:,} with an amount"),
            Figure("Energy billed", f"{totals.energy_kwh:,.0f} kWh"),
            Figure("Claim", amount(totals.claim_minor, currency)),
            Figure("Payout", amount(totals.payout_minor, currency)),
            Figure("Commission", amount(totals.commission_minor, currency)),
        ]
    )


def _facts(window: ClearingWindow) -> Facts:
    settlement = window.settlement
    return Facts(
        "Window",
        [
            ("Group", link(window.group)),
            ("Supply period", close.supply_of(window)),
            ("Closes", window.closes_at),
            ("Opened", window.opened_at),
            ("Closed", window.closed_at),
            ("Settlement", link(settlement, "positions and statements") if settlement else None),
            ("Records", list_link(ClearedSdr, "all cleared records", f"?window={window.pk}")),
            ("Environment", window.environment),
        ],
    )


@admin.register(ClearingRun)
class ClearingRunAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("group", "cleared", "started_at", "finished_at", "run_key")
    list_select_related = ("group",)
    list_filter = (("group", RelatedDropdownFilter),)
    empty_text = (
        "Accepted records are cleared every hour; each run is kept here with what it cleared."
    )
