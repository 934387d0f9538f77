"""Fee lines: one component, payer and month, with the steps that made the amount."""

from django.contrib import admin
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount, exact
from billing.admin.close import name_of
from billing.admin.figures import Totalled, rows_url
from billing.models import ClearedSdr, FeeLine
from partners.admin.story import ActionLink, Facts, Figure, Figures, Story, Table, link
from partners.admin_paging import KeysetPaging


@admin.register(FeeLine)
class FeeLineAdmin(KeysetPaging, Totalled):
    list_display = ("component", "payer", "gets", "month_told", "records", "fee", "settled")
    list_select_related = ("component", "payer", "payee", "settlement__window__group")
    empty_text = "Fees are charged when a settlement is calculated, by the group's price list."
    list_filter = (("payer", RelatedDropdownFilter), ("component", RelatedDropdownFilter))
    currency_path = "settlement__currency"
    totals = {"amount_minor": "Fees without VAT"}
    totalled_by = ("settlement__id__exact", "payer__id__exact", "component__id__exact")

    @display(description="Goes to")
    def gets(self, row) -> str:
        return row.payee.name if row.payee else "the clearing house"

    @display(description="Month")
    def month_told(self, row) -> str:
        return f"{row.month:%B %Y}" if row.month else "—"

    @display(description="Records")
    def records(self, row) -> str:
        return f"{row.sdrs_after - row.sdrs_before:,}" if row.sdrs_after else "—"

    @display(description="Fee")
    def fee(self, row) -> str:
        return amount(row.amount_minor, row.settlement.currency)

    @display(description="Settlement")
    def settled(self, row) -> str:
        return name_of(row.settlement.window)

    def name_of(self, row) -> str:
        return f"{row.component}, {row.payer}"

    def story(self, request, obj) -> Story:
        currency = obj.settlement.currency
        window = obj.settlement.window
        sold, bought = (
            ActionLink(
                f"Records it {verb}",
                rows_url(ClearedSdr, window=window.pk, **{f"{side}__id__exact": obj.payer_id}),
            )
            for verb, side in (("sold", "seller_partner"), ("bought", "buyer_partner"))
        )
        return Story(
            [
                Figures(
                    [
                        Figure("Fee", self.fee(obj), "without VAT"),
                        Figure("Records", self.records(obj)),
                        Figure("Month", self.month_told(obj)),
                    ]
                ),
                Table(
                    "How the month came to it",
                    ("", "Before this settlement", "After it"),
                    [
                        (
                            "Counted",
                            f"{obj.quantity_before.normalize():f}",
                            f"{obj.quantity_after.normalize():f}",
                        ),
                        ("Records", f"{obj.sdrs_before:,}", f"{obj.sdrs_after:,}"),
                        (
                            "Charged",
                            amount(obj.charged_before_minor, currency),
                            amount(obj.charged_after_minor, currency),
                        ),
                    ],
                    frozenset({1, 2}),
                    note="fee = charged after − charged before; "
                    f"exactly {exact(obj.exact_after, currency)} before it is rounded",
                ),
                _steps(obj.steps),
                Facts(
                    "Fee line",
                    [
                        ("Component", link(obj.component)),
                        ("Payer", link(obj.payer)),
                        ("Goes to", link(obj.payee) if obj.payee else "the clearing house"),
                        ("Settlement", link(obj.settlement, self.settled(obj))),
                    ],
                ),
            ],
            [sold, bought],
        )


def _steps(steps: list[dict]) -> Table:
    names = list(dict.fromkeys(name for step in steps for name in step))
    return Table(
        "Steps",
        [name.replace("_", " ").capitalize() for name in names],
        [[step.get(name) for name in names] for step in steps],
        frozenset(range(len(names))),
        empty="One rate, no tiers.",
    )
