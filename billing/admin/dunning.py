"""Dunning: which level an unpaid position has reached, with what is open and the interest on it."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.admin.default_case import handle_link, may_handle
from billing.models import DunningStep, WriteOff
from billing.queries_payments import money_of
from billing.rules.dunning import DAYS, lump_sum_minor
from billing.services.payments.states import local_date
from partners.admin.base import EvidenceAdmin
from partners.admin.story import ActionLink, Facts, Figure, Figures, Note, Story, Table, link
from partners.admin_paging import KeysetPaging

_TONES = {
    "FRIENDLY": "info",
    "FIRST": "warning",
    "SECOND": "danger",
    "DRAW": "danger",
    "EXCLUSION": "danger",
}
_NEXT = {
    "FRIENDLY": "Write to the partner; it may have overlooked the statement.",
    "FIRST": "Send the first dunning with the interest below.",
    "SECOND": "Clearing of what it buys is suspended (Blocks). Tell its counterparties.",
    "DRAW": "Draw its guarantee: one person asks on “does not pay”, another confirms.",
    "EXCLUSION": "Decide with a second person whether the partner is excluded.",
}


@admin.register(DunningStep)
class DunningStepAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("partner", "level_label", "open_told", "interest", "due", "settled", "told_at")
    list_select_related = ("position__partner", "position__settlement__window__group")
    list_filter = (
        ("level", ChoicesDropdownFilter),
        ("position__partner", RelatedDropdownFilter),
    )
    empty_text = "Nobody is overdue. Each morning what is not paid in time is dunned."

    @display(description="Partner")
    def partner(self, row) -> str:
        return str(row.position.partner)

    @display(description="Level", label=_TONES)
    def level_label(self, row) -> str:
        return row.level

    @display(description="Open")
    def open_told(self, row) -> str:
        return amount(row.open_minor, self._currency(row))

    @display(description="Interest")
    def interest(self, row) -> str:
        return amount(row.interest_minor, self._currency(row))

    @display(description="Was due")
    def due(self, row):
        return row.overdue_date

    @display(description="Settlement")
    def settled(self, row) -> str:
        return name_of(row.position.settlement.window)

    def _currency(self, row) -> str:
        return row.position.settlement.currency

    def name_of(self, row) -> str:
        return f"{row.get_level_display()} of {row.position.partner}"

    def story(self, request, obj) -> Story:
        settlement, currency = obj.position.settlement, self._currency(obj)
        money = money_of(settlement, on=local_date(settlement, obj.told_at))[obj.position_id]
        left = max(0, -money.due_minor - money.received_minor - money.covered_minor)
        steps = [
            (row.get_level_display(), row.told_at, amount(row.open_minor, currency))
            for row in obj.position.dunning.order_by("told_at", "pk")
        ]
        return Story(
            [
                Note(_NEXT[obj.level] if left else "It is paid since.", title="What to do"),
                Figures(
                    [
                        Figure("Dunned", self.open_told(obj), "without what is disputed"),
                        Figure("Interest", self.interest(obj), "ECB main rate + 8 points"),
                        Figure("Lump sum", amount(lump_sum_minor(currency), currency), "once"),
                        Figure("Open now", amount(left, currency)),
                    ]
                ),
                Table("Levels taken", ("Level", "Told", "Open then"), steps, frozenset({2})),
                Facts(
                    "Debt",
                    [
                        ("Partner", link(obj.position.partner)),
                        ("Position", link(obj.position)),
                        ("Settlement", link(settlement, self.settled(obj))),
                        ("Was due", obj.overdue_date),
                        ("Level from day", DAYS[obj.level]),
                    ],
                ),
            ],
            self._links(request, obj) if left else [],
        )

    def _links(self, request, obj) -> list[ActionLink]:
        if not may_handle(request):
            return []
        url = handle_link(obj.position.settlement, obj.position.partner_id)
        return [ActionLink(f"{obj.position.partner} does not pay…", url)]


@admin.register(WriteOff)
class WriteOffAdmin(KeysetPaging, EvidenceAdmin):
    """Rests that were let go, by rule or by two persons."""

    list_display = ("partner", "money", "by_rule", "reason", "written_off_at")
    list_select_related = ("position__partner", "position__settlement__window__group", "transfer")
    empty_text = "Nothing was written off."

    @display(description="Partner")
    def partner(self, row) -> str:
        return str(row.position.partner)

    @display(description="Amount")
    def money(self, row) -> str:
        return amount(row.amount_minor, row.position.settlement.currency)

    @display(description="By", label={"rule": "info", "two persons": "warning"})
    def by_rule(self, row) -> str:
        return "rule" if row.rule_limit_minor is not None else "two persons"

    def name_of(self, row) -> str:
        return f"{self.money(row)} of {row.position.partner} let go"

    def story(self, request, obj) -> Story:
        currency = obj.position.settlement.currency
        limit = obj.rule_limit_minor
        return Story(
            [
                Figures(
                    [
                        Figure("Let go", self.money(obj)),
                        Figure("Limit of the rule", amount(limit, currency)),
                    ]
                ),
                Facts(
                    "Write-off",
                    [
                        ("Partner", link(obj.position.partner)),
                        ("Position", link(obj.position)),
                        ("Posted", link(obj.transfer, "transfer to 6900")),
                        ("Why", obj.reason),
                        ("At", obj.written_off_at),
                    ],
                ),
            ]
        )
