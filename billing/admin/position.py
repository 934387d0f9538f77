"""Positions and instructions as lists: what the figures of a settlement lead to."""

from uuid import UUID

from django.contrib import admin
from django.db.models import Q
from unfold.contrib.filters.admin import DropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.bank_words import POSITION_HEADERS, position_rows
from billing.admin.close import name_of
from billing.admin.figures import Totalled
from billing.models import Instruction, Position
from billing.services.further_lines import rates_text
from partners.admin.story import Facts, Figure, Figures, Story, Table, link
from partners.admin_paging import KeysetPaging
from partners.models import Partner

_ADDED = (
    ("Receives for what it sold", "receivable_minor", 1),
    ("Pays for what it bought", "payable_minor", -1),
    ("VAT received less VAT paid", "vat_minor", 1),
    ("Fees of the clearing house", "fees_minor", -1),
    ("VAT on fees", "fee_vat_minor", -1),
    ("Manual adjustments", "adjustments_minor", 1),
    ("Carried from the settlement before", "carried_minor", 1),
    ("From another currency", "exchanged_minor", 1),
)


@admin.register(Position)
class PositionAdmin(KeysetPaging, Totalled):
    list_display = ("partner", "net", "carried_on", "settled")
    list_select_related = ("partner", "settlement__window__group")
    empty_text = "Positions are calculated when a window closes."
    list_filter = (("partner", RelatedDropdownFilter),)
    currency_path = "settlement__currency"
    totals = {"net_minor": "Net", "carried_on_minor": "Carried on"}
    totalled_by = ("settlement__id__exact", "partner__id__exact")

    @display(description="Net")
    def net(self, row) -> str:
        return amount(row.net_minor, row.settlement.currency)

    @display(description="Carried on")
    def carried_on(self, row) -> str:
        return amount(row.carried_on_minor, row.settlement.currency)

    @display(description="Settlement")
    def settled(self, row) -> str:
        return name_of(row.settlement.window)

    def name_of(self, row) -> str:
        return f"Position of {row.partner}"

    def story(self, request, obj) -> Story:
        currency = obj.settlement.currency
        added = [
            (name, amount(sign * getattr(obj, field), currency)) for name, field, sign in _ADDED
        ]
        return Story(
            [
                Figures(
                    [
                        Figure("Net", self.net(obj)),
                        Figure("Carried on", self.carried_on(obj), "too small to move now"),
                        *self._exchanged(obj),
                        Figure("To move", amount(obj.due_minor, currency)),
                    ]
                ),
                Table(
                    "How it adds up",
                    ("", "Amount"),
                    [*added, ("Net", self.net(obj))],
                    frozenset({1}),
                ),
                Table(
                    "On the bank account",
                    POSITION_HEADERS,
                    position_rows(obj),
                    frozenset({3}),
                    empty="The bank has told of no payment for it.",
                ),
                Facts(
                    "Position",
                    [
                        ("Partner", link(obj.partner)),
                        ("Settlement", link(obj.settlement, self.settled(obj))),
                    ],
                ),
            ]
        )

    def _exchanged(self, obj) -> list[Figure]:
        if not obj.exchanged_on_minor:
            return []
        row = obj.settlement.exchanges.get(partner=obj.partner_id)
        text = amount(obj.exchanged_on_minor, obj.settlement.currency)
        return [Figure("Settled in another currency", link(row, text), rates_text(row))]


class PayerOrPayee(DropdownFilter):
    """Payments of a partner, whichever way they go."""

    title = "pays or is paid"
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
        return queryset.filter(Q(payer=partner) | Q(payee=partner))


@admin.register(Instruction)
class InstructionAdmin(KeysetPaging, Totalled):
    """What INSTRUCTION_ONLY hands out: who pays whom how much."""

    list_display = ("payer", "payee", "money", "settled", "state")
    list_select_related = ("payer", "payee", "settlement__window__group")
    empty_text = "Who pays whom is worked out when a settlement is calculated."
    list_filter = (PayerOrPayee,)
    totals = {"amount_minor": "Amount"}
    totalled_by = ("settlement__id__exact",)

    @display(description="Amount")
    def money(self, row) -> str:
        return amount(row.amount_minor, row.currency)

    @display(description="Settlement")
    def settled(self, row) -> str:
        return name_of(row.settlement.window)

    @display(description="State", label={"ISSUED": "success", "CALCULATED": "warning"})
    def state(self, row) -> str:
        return row.settlement.state

    def name_of(self, row) -> str:
        return f"{row.payer} pays {row.payee} {self.money(row)}"

    def story(self, request, obj) -> Story:
        return Story(
            [
                Figures([Figure("Amount", self.money(obj))]),
                Facts(
                    "Payment",
                    [
                        ("Payer", link(obj.payer)),
                        ("Payee", link(obj.payee)),
                        ("Place in the list", obj.place),
                        ("Settlement", link(obj.settlement, self.settled(obj))),
                        ("State of the settlement", obj.settlement.state),
                    ],
                ),
            ]
        )
