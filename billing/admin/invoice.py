"""Invoices and credit notes, their files and records; and who issues those of whom."""

from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.models import Invoice, InvoicedSdr, InvoicingMode, InvoicingTerms, ValidationReport
from partners.admin.base import EvidenceAdmin, HouseAdmin
from partners.admin.story import (
    WARN,
    ActionLink,
    Facts,
    Figure,
    Figures,
    Note,
    Story,
    Table,
    link,
)
from partners.admin_paging import KeysetPaging

_MOST_RECORDS = 50
_LABELS = {"application/pdf": "Download the PDF", "application/xml": "Download the UBL"}


@admin.register(Invoice)
class InvoiceAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("number", "type_told", "seller", "buyer", "net", "vat", "gross", "issue_date")
    list_select_related = ("seller", "buyer", "settlement__window__group")
    list_filter = (
        ("type_code", ChoicesDropdownFilter),
        ("mode", ChoicesDropdownFilter),
        ("seller", RelatedDropdownFilter),
        ("buyer", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    search_fields = ("=number",)
    search_help_text = "Exact number"
    empty_text = (
        "Invoices are issued with a settlement, where the terms of its sellers say that we do."
    )

    @display(description="Type")
    def type_told(self, row) -> str:
        return f"{row.type_code} {row.get_type_code_display()}"

    @display(description="Without VAT")
    def net(self, row) -> str:
        return amount(row.net_minor, row.currency)

    @display(description="VAT")
    def vat(self, row) -> str:
        return amount(row.vat_minor, row.currency)

    @display(description="With VAT")
    def gross(self, row) -> str:
        return amount(row.gross_minor, row.currency)

    def name_of(self, row) -> str:
        return f"{row.get_type_code_display()} {row.number}"

    def story(self, request, obj) -> Story:
        files = list(obj.document.files.defer("content")) if obj.document_id else []
        missing = obj.document_id and not files
        return Story(
            [
                *([Note("Its files are being made; come back in a minute.")] if missing else []),
                *_objection(obj),
                Figures(
                    [
                        Figure("Without VAT", self.net(obj)),
                        Figure("VAT", self.vat(obj)),
                        Figure("With VAT", self.gross(obj)),
                        Figure("Records", f"{obj.sdrs:,}"),
                    ]
                ),
                _facts(obj),
                _supplies(obj),
                _reports(obj),
                _records(obj),
            ],
            [
                ActionLink(
                    _LABELS.get(file.media_type, file.media_type),
                    reverse("admin:billing_documentfile_download", args=[file.pk]),
                )
                for file in files
            ],
        )


class TermsForm(forms.ModelForm):
    """Who issues is agreed by a dated paper; without one the seller issues itself."""

    class Meta:
        model = InvoicingTerms
        fields = "__all__"  # noqa: DJ007 every column is staff's to set
        help_texts = {
            "buyer": "empty: to every buyer that has no terms of its own",
            "until_date": "empty while they hold",
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "mode" in self.fields:
            of_a_pair = [("", "---------"), *InvoicingMode.choices[:3]]
            self.fields["mode"].choices = of_a_pair  # type: ignore[attr-defined]


@admin.register(InvoicingTerms)
class InvoicingTermsAdmin(HouseAdmin):
    """A row holds from a day to a day; other terms are another row, so documents keep theirs."""

    form = TermsForm
    list_display = ("seller", "buyer_told", "mode", "from_date", "until_date", "environment")
    list_select_related = ("seller", "buyer")
    list_filter = (("mode", ChoicesDropdownFilter), ("seller", RelatedDropdownFilter))
    ordering = ("seller__name", "-from_date", "pk")
    empty_text = (
        "Without terms each seller issues its own invoices. Add who lets us issue, and from when."
    )

    @display(description="Buyer")
    def buyer_told(self, row) -> str:
        return str(row.buyer or "all")

    def get_readonly_fields(self, request, obj=None):
        # Documents were issued by them: they are ended, and the next row added.
        keeps = ("until_date", "id")
        return [f.name for f in obj._meta.fields if f.name not in keeps] if obj else ()

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


def _objection(obj: Invoice) -> list[Note]:
    objection = getattr(obj, "objection", None)
    if objection is None:
        return []
    taken_back = getattr(objection, "cancellation", None)
    by = (
        f" Taken back by {taken_back.invoice.number}." if taken_back else " About to be taken back."
    )
    said = objection.reason.rstrip(".") + "."
    return [Note(said + by, tone=WARN, title="The seller refused it: no invoice any more")]


def _facts(obj: Invoice) -> Facts:
    preceding = [one.preceding for one in obj.preceding.select_related("preceding")]
    return Facts(
        "Invoice",
        [
            ("Number", obj.number),
            ("Type", f"{obj.type_code} {obj.get_type_code_display()}"),
            ("Issued", f"{obj.mode}: {obj.get_mode_display()}"),
            ("Seller", link(obj.seller)),
            ("Buyer", link(obj.buyer)),
            ("Issue date", obj.issue_date),
            ("Due", obj.due_date),
            ("Supply from", obj.supply_starts_at),
            ("Supply before", obj.supply_ends_at),
            ("Prices", "VAT included" if obj.price_basis == "INCL_TAX" else "without VAT"),
            *[("Corrects", link(one, one.number)) for one in preceding],
            ("Settlement", link(obj.settlement, name_of(obj.settlement.window))),
            ("Document", link(obj.document) if obj.document_id else "the seller's own"),
            ("Environment", obj.environment),
        ],
    )


def _supplies(obj: Invoice) -> Table:
    rows = obj.supplies.select_related("supply")
    return Table(
        "Taxed supplies on it",
        ("Supply", "Place", "Records", "Without VAT", "VAT"),
        [
            (
                link(row.supply, row.supply.get_category_display()),
                row.supply.place_country_code,
                f"{row.supply.sdrs:,}",
                amount(row.supply.net_minor, obj.currency),
                amount(row.supply.vat_minor, obj.currency),
            )
            for row in rows
        ],
        frozenset({2, 3, 4}),
        empty="It takes a refused one back.",
    )


def _reports(obj: Invoice) -> Table:
    rows = ValidationReport.objects.filter(document=obj.document_id).order_by("syntax")
    return Table(
        "Judged by the official rules",
        ("XML", "Rules that fired", "Broken", "By", "SHA-256"),
        [
            (row.syntax, f"{row.fired:,}", f"{len(row.failures):,}", row.validator, row.xml_sha256)
            for row in rows
        ],
        frozenset({1, 2}),
        empty="Judged when its files are made.",
    )


def _records(obj: Invoice) -> Table:
    rows = list(InvoicedSdr.objects.filter(invoice=obj).order_by("sdr_id")[: _MOST_RECORDS + 1])
    more = len(rows) > _MOST_RECORDS
    return Table(
        f"Records on it, the first {_MOST_RECORDS}" if more else "Records on it",
        ("Record", "Kind", "Amount"),
        [
            (
                format_html(
                    '<a class="ch-link" href="{}">{}</a>',
                    reverse("admin:billing_clearedsdr_change", args=[row.sdr_id]),
                    row.sdr_id,
                ),
                row.kind.capitalize(),
                amount(row.amount_minor, obj.currency),
            )
            for row in rows[:_MOST_RECORDS]
        ],
        frozenset({2}),
        empty="A service of the house has no records of its own.",
    )
