"""Settlements: positions of all partners, and the statement of each."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.close import name_of, positions_table, supply_of
from billing.models import Document, DocumentFile, Settlement
from billing.queries import positions_of
from partners.admin.base import EvidenceAdmin
from partners.admin.story import Facts, Figure, Figures, Story, link
from partners.admin_paging import KeysetPaging


@admin.register(Settlement)
class SettlementAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("supply", "group", "currency", "state", "issued_at", "environment")
    list_select_related = ("window__group",)
    empty_text = "A settlement is made when a window closes, by the calendar or by hand."
    list_filter = (("environment", ChoicesDropdownFilter),)

    @display(description="Supply period")
    def supply(self, settlement) -> str:
        return supply_of(settlement.window)

    @display(description="Group")
    def group(self, settlement) -> str:
        return str(settlement.window.group)

    def name_of(self, settlement) -> str:
        return name_of(settlement.window)

    def story(self, request, obj) -> Story:
        positions = positions_of(obj)
        moved = sum(position.net_minor for position in positions if position.net_minor > 0)
        claims = sum(position.payable_minor for position in positions)
        statements = _statements(obj)
        return Story(
            [
                Figures(
                    [
                        Figure("Partners", len(statements)),
                        Figure("Owed before netting", amount(claims, obj.currency)),
                        Figure("To be moved", amount(moved, obj.currency), "after netting"),
                    ]
                ),
                positions_table("Positions", positions, obj.currency, statements),
                Facts(
                    "Settlement",
                    [
                        ("Window", link(obj.window, supply_of(obj.window))),
                        ("Group", link(obj.window.group)),
                        ("State", obj.state),
                        ("Calculated", obj.calculated_at),
                        ("Issued", obj.issued_at),
                        ("Positions (SHA-256)", obj.positions_sha256),
                        ("Environment", obj.environment),
                    ],
                ),
            ]
        )


def _statements(settlement: Settlement) -> dict:
    """A link per partner: to the stored file, or to the document while it is rendered."""
    documents = Document.objects.filter(settlement=settlement).defer("content")
    files = dict(
        DocumentFile.objects.filter(document__settlement=settlement).values_list("document", "pk")
    )
    links: dict[object, object] = {}
    for document in documents:
        if document.pk in files:
            url = reverse("admin:billing_documentfile_download", args=[files[document.pk]])
            links[document.partner_id] = format_html(
                '<a class="ch-link" href="{}">{} (PDF)</a>', url, document.number
            )
        else:
            links[document.partner_id] = link(document, f"{document.number}, being rendered")
    return links
