"""Settlements: positions of all partners, and the statement of each."""

from django.contrib import admin
from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from billing.admin import default_case, release
from billing.admin.close import name_of, supply_of
from billing.admin.figures import figure
from billing.admin.payment_acts import payment_links
from billing.admin.settlement_story import PreviewTold
from billing.models import Document, DocumentFile, Settlement, Transfer
from billing.services.preview import preview_of
from partners.admin.base import EvidenceAdmin
from partners.admin.story import Badge, Facts, Story, Table, link
from partners.admin_paging import KeysetPaging

STATE_TONES = {"CALCULATED": "warning", "ISSUED": "success", "CANCELLED": ""}


@admin.register(Settlement)
class SettlementAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("supply", "group", "currency", "state_label", "issued_at", "environment")
    list_select_related = ("window__group", "approval__maker", "approval__checker")
    empty_text = "A settlement is made when a window closes, by the calendar or by hand."
    list_filter = (("state", ChoicesDropdownFilter), ("environment", ChoicesDropdownFilter))

    @display(description="Supply period")
    def supply(self, settlement) -> str:
        return supply_of(settlement.window)

    @display(description="Group")
    def group(self, settlement) -> str:
        return str(settlement.window.group)

    def name_of(self, settlement) -> str:
        return name_of(settlement.window)

    def get_urls(self):
        return [*release.urls(self), *super().get_urls()]

    @display(description="State", label=STATE_TONES)
    def state_label(self, settlement) -> str:
        return settlement.state

    def story(self, request, obj) -> Story:
        # A settlement of before the previews: what its rows say.
        preview = obj.preview or preview_of(obj, None)
        told = PreviewTold(obj, preview, statements=_statements(obj))
        return Story(
            [
                *release.next_step(request, obj),
                *told.sections(),
                _postings(obj),
                _facts(obj),
            ],
            [
                *release.actions(request, obj),
                *payment_links(request, obj),
                *default_case.actions(request, obj),
            ],
        )


def _postings(settlement: Settlement) -> Table:
    """What was posted into the window, by kind; currencies are never added together."""
    window = settlement.window_id
    sums = (
        Transfer.objects.filter(window=window)
        .order_by("kind", "currency")
        .values_list("kind", "currency")
        .annotate(n=Count("pk"), total=Sum("amount_minor"))
    )
    issued = settlement.state == Settlement.State.ISSUED
    return Table(
        "Posted",
        ("Kind", "Transfers", "Amount"),
        [
            (
                Transfer.Kind(kind).label,
                f"{n:,}",
                figure(
                    "transfers",
                    int(total),
                    currency,
                    Transfer,
                    window=window,
                    kind__exact=kind,
                    currency__exact=currency,
                ),
            )
            for kind, currency, n, total in (sums if issued else ())
        ],
        frozenset({1, 2}),
        empty="Nothing is posted before the release.",
    )


def _facts(settlement: Settlement) -> Facts:
    approval = settlement.approval
    return Facts(
        "Settlement",
        [
            ("Window", link(settlement.window, supply_of(settlement.window))),
            ("Group", link(settlement.window.group)),
            ("State", Badge(settlement.state, STATE_TONES[settlement.state])),
            ("Calculated", settlement.calculated_at),
            ("Asked for by", approval.maker if approval else None),
            ("Released by", approval.checker if approval else None),
            ("Issued", settlement.issued_at),
            ("Cancelled", settlement.cancelled_at),
            ("Why", settlement.cancel_reason),
            ("Preview (SHA-256)", settlement.preview_sha256),
            ("Positions (SHA-256)", settlement.positions_sha256),
            ("Environment", settlement.environment),
        ],
    )


def _statements(settlement: Settlement) -> dict:
    """A link per partner: to its statement's file, or to the document while it is rendered."""
    kinds = [Document.Kind.PROVISIONAL, Document.Kind.STATEMENT]  # an invoice is none
    # PROVISIONAL first: the final STATEMENT takes its place.
    documents = Document.objects.filter(settlement=settlement, kind__in=kinds).order_by("kind")
    files = dict(
        DocumentFile.objects.filter(
            document__settlement=settlement, document__kind__in=kinds
        ).values_list("document", "pk")
    )
    links: dict[object, object] = {}
    for document in documents.defer("content"):
        if document.pk in files:
            url = reverse("admin:billing_documentfile_download", args=[files[document.pk]])
            links[document.partner_id] = format_html(
                '<a class="ch-link" href="{}">{} (PDF)</a>', url, document.number
            )
        else:
            links[document.partner_id] = link(document, f"{document.number}, being rendered")
    return links
