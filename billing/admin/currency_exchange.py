"""What was exchanged into another currency, at which rates: read-only evidence."""

from django.contrib import admin
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.admin.figures import Totalled
from billing.models import CurrencyExchange
from billing.services.further_lines import rates_text
from partners.admin.story import Facts, Figure, Figures, Story, link
from partners.admin_paging import KeysetPaging


@admin.register(CurrencyExchange)
class CurrencyExchangeAdmin(KeysetPaging, Totalled):
    list_display = ("partner", "due", "becomes", "residue", "rates", "settled", "held")
    list_select_related = (
        "partner",
        "settlement__window__group",
        "taken_in__window__group",
    )
    empty_text = (
        "Positions are exchanged where all partners of a settlement have agreed on one currency in"
        " their contracts (settles in)."
    )
    list_filter = (("partner", RelatedDropdownFilter),)
    currency_path = "to_currency"
    totals = {"to_minor": "Becomes", "residue_minor": "Residue"}
    totalled_by = ("settlement__id__exact", "taken_in__id__exact", "partner__id__exact")

    @display(description="Due")
    def due(self, row) -> str:
        return amount(row.from_minor, row.from_currency)

    @display(description="Becomes")
    def becomes(self, row) -> str:
        return amount(row.to_minor, row.to_currency)

    @display(description="Residue")
    def residue(self, row) -> str:
        return amount(row.residue_minor, row.to_currency) if row.residue_minor else ""

    @display(description="Rates")
    def rates(self, row) -> str:
        return rates_text(row)

    @display(description="From the settlement")
    def settled(self, row) -> str:
        return name_of(row.settlement.window)

    @display(description="Held by")
    def held(self, row) -> str:
        return name_of(row.taken_in.window) if row.taken_in else "waits for the next settlement"

    def name_of(self, row) -> str:
        return f"{self.due(row)} of {row.partner} as {self.becomes(row)}"

    def story(self, request, obj) -> Story:
        return Story(
            [
                Figures(
                    [
                        Figure("Due", self.due(obj)),
                        Figure("Becomes", self.becomes(obj), self.rates(obj)),
                        Figure(
                            "Residue",
                            amount(obj.residue_minor, obj.to_currency),
                            "of the roundings of all, on account 7900 of the house",
                        ),
                    ]
                ),
                Facts(
                    "Exchange",
                    [
                        ("Partner", link(obj.partner)),
                        ("From the settlement", link(obj.settlement, self.settled(obj))),
                        ("Into the group", obj.to_group.name),
                        (
                            "Held by",
                            link(obj.taken_in, self.held(obj)) if obj.taken_in else self.held(obj),
                        ),
                        ("Day of the rates", obj.rate_date),
                    ],
                ),
            ]
        )
