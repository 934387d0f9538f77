"""Taxed supplies and what could not be taxed: the rows behind a settlement's figures."""

import json
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.contrib import admin
from django.db.models import Q
from django.utils.text import Truncator
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from billing.admin.amounts import amount, percent
from billing.admin.close import name_of
from billing.admin.figures import Totalled, rows_url
from billing.admin.settlement_story import taxed_as, told_reason
from billing.models import ClearedSdr, SupplyBlock, TaxedSupply
from partners.admin.story import (
    WARN,
    ActionLink,
    Badge,
    Facts,
    Figure,
    Figures,
    Note,
    Story,
    Table,
    Text,
    link,
)
from partners.admin_paging import KeysetPaging
from partners.models import Partner
from partners.models.tax import SupplyKind

_PRICES = {"EXCL_TAX": "without VAT", "INCL_TAX": "VAT included"}
_KINDS = dict(SupplyKind.choices)
_LINE_HEADERS = {
    "month": "Supply month",
    "kind": "Kind",
    "charge_country": "Charged in",
    "sdrs": "Records",
    "energy_kwh": "kWh",
    "amount_minor": "Amount",
}


class SideFilter(DropdownFilter):
    """Supplies of a partner, whichever side it is on."""

    title = "either side"
    parameter_name = "side"

    def lookups(self, request, model_admin):
        return [(str(pk), name) for pk, name in Partner.objects.values_list("pk", "name")[:500]]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        try:
            partner = UUID(str(self.value()))
        except ValueError:
            return queryset.none()
        return queryset.filter(Q(supplier=partner) | Q(customer=partner))


class _OfSettlement(KeysetPaging, Totalled):
    """Rows of a settlement, each between a supplier and a customer."""

    list_select_related = ("supplier", "customer", "settlement__window__group", "window__group")
    currency_path = "settlement__currency"
    totalled_by = ("settlement__id__exact", "side", "supplier__id__exact", "customer__id__exact")

    @display(description="Settlement")
    def settled(self, row) -> str:
        return name_of(row.settlement.window)

    @display(description="For")
    def purpose(self, row) -> str:
        return "the house's service" if row.is_service else "charging"

    def records_link(self, row) -> ActionLink | None:
        """The cleared records that the row sums; a fee of the house has none of its own."""
        if row.is_service:
            return None
        sides = {"seller_partner": row.supplier, "buyer_partner": row.customer}
        named = {
            f"{side}__id__exact": partner.pk
            for side, partner in sides.items()
            if not partner.is_clearing_house
        }
        return ActionLink("Its records", rows_url(ClearedSdr, window=row.window_id, **named))


@admin.register(TaxedSupply)
class TaxedSupplyAdmin(_OfSettlement):
    list_display = (
        "supplier",
        "customer",
        "purpose",
        "taxed",
        "records",
        "net",
        "vat",
        "settled",
    )
    empty_text = "Supplies are taxed when a settlement is calculated."
    list_filter = (
        SideFilter,
        ("category", ChoicesDropdownFilter),
        ("is_service", BooleanRadioFilter),
        ("is_credit", BooleanRadioFilter),
    )
    totals = {"net_minor": "Without VAT", "vat_minor": "VAT"}

    @display(description="Taxed as")
    def taxed(self, row) -> str:
        return taxed_as(row.category, row.rate, row.place_country_code)

    @display(description="Records")
    def records(self, row) -> str:
        return f"{row.sdrs:,}"

    @display(description="Without VAT")
    def net(self, row) -> str:
        return amount(row.net_minor, row.settlement.currency)

    @display(description="VAT")
    def vat(self, row) -> str:
        return amount(row.vat_minor, row.settlement.currency)

    def name_of(self, row) -> str:
        return f"{row.supplier} to {row.customer}, {row.get_category_display()}"

    def story(self, request, obj) -> Story:
        currency = obj.settlement.currency
        records = self.records_link(obj)
        return Story(
            [
                Figures(
                    [
                        Figure("Without VAT", self.net(obj)),
                        Figure("VAT", self.vat(obj), f"{percent(obj.rate)}, once on the sum"),
                        Figure("Records", self.records(obj)),
                    ]
                ),
                Facts(
                    "How it is taxed",
                    [
                        ("Supplier", link(obj.supplier)),
                        ("Customer", link(obj.customer)),
                        ("For", self.purpose(obj)),
                        ("Category", f"{obj.category}: {obj.get_category_display()}"),
                        ("Place of supply", obj.place_country_code),
                        ("Ground, as printed", obj.ground),
                        ("Exemption code", obj.exemption_code),
                        ("Prices", _PRICES[obj.price_basis]),
                        ("Window of the records", link(obj.window, name_of(obj.window))),
                        ("Settlement", link(obj.settlement, self.settled(obj))),
                    ],
                ),
                _lines(obj.lines, currency),
                Text("What decided it", _json(obj.evidence)),
            ],
            [records] if records else [],
        )


@admin.register(SupplyBlock)
class SupplyBlockAdmin(_OfSettlement):
    """The task list of VAT: what waits for a fact, and which."""

    list_display = ("supplier", "customer", "purpose", "value", "waits", "first_reason", "settled")
    empty_text = "Nothing is blocked: the VAT of every supply could be decided."
    list_filter = (
        SideFilter,
        ("supplier", RelatedDropdownFilter),
        ("customer", RelatedDropdownFilter),
    )
    totals = {"amount_minor": "As claimed"}

    @display(description="As claimed")
    def value(self, row) -> str:
        return amount(row.amount_minor, row.settlement.currency)

    @display(description="State", label={"WAITS": "warning", "SETTLED": "success"})
    def waits(self, row) -> str:
        return "WAITS" if row.settled_in_id is None else "SETTLED"

    @display(description="What to do")
    def first_reason(self, row) -> str:
        return Truncator(told_reason(row.reasons[0])).chars(90) if row.reasons else ""

    def name_of(self, row) -> str:
        return f"{row.supplier} to {row.customer}, blocked"

    def story(self, request, obj) -> Story:
        records = self.records_link(obj)
        note = (
            Note(
                "Enter the fact that is missing on the partner's page (tax registrations and"
                " statuses) or as a tax row; the next settlement of the group asks again. One that"
                " is only calculated can be cancelled and calculated anew.",
                tone=WARN,
                title="What to do",
            )
            if obj.settled_in_id is None
            else Note("It was settled once the fact was there.")
        )
        return Story(
            [
                note,
                Figures(
                    [
                        Figure("As claimed", self.value(obj)),
                        Figure("Records", f"{obj.sdrs:,}"),
                        Figure(
                            "State",
                            Badge("WAITS", WARN)
                            if obj.settled_in_id is None
                            else Badge("SETTLED", "success"),
                        ),
                    ]
                ),
                Table(
                    "What is missing",
                    ("Code", "What to do"),
                    [(reason.get("code", ""), told_reason(reason)) for reason in obj.reasons],
                ),
                Facts(
                    "Between",
                    [
                        ("Supplier", link(obj.supplier)),
                        ("Customer", link(obj.customer)),
                        ("For", self.purpose(obj)),
                        ("Window of the records", link(obj.window, name_of(obj.window))),
                        ("Blocked in", link(obj.settlement, self.settled(obj))),
                        (
                            "Settled in",
                            link(obj.settled_in, name_of(obj.settled_in.window))
                            if obj.settled_in
                            else None,
                        ),
                    ],
                ),
            ],
            [records] if records else [],
        )


def _lines(lines: list, currency: str) -> Table:
    told = {name for line in lines for name in line}
    names = [*(name for name in _LINE_HEADERS if name in told), *sorted(told - {*_LINE_HEADERS})]
    headers = [_LINE_HEADERS.get(name, name.replace("_", " ").capitalize()) for name in names]
    rows = [[_told(name, line.get(name), currency) for name in names] for line in lines]
    numeric = {i for i, name in enumerate(names) if name.endswith(("_minor", "_kwh", "sdrs"))}
    return Table("By supply month and kind", headers, rows, frozenset(numeric))


def _told(name: str, value: object, currency: str) -> object:
    if name.endswith("_minor") and isinstance(value, int):
        return amount(value, currency)
    if name.endswith("_kwh") and value is not None:
        return f"{Decimal(str(value)).normalize():,f}"
    if name == "kind":
        return _KINDS.get(str(value), value)
    if name == "month":
        return f"{date.fromisoformat(f'{value}-01'):%B %Y}"
    return value


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
