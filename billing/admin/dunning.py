"""Dunning: which level an unpaid position has reached, with what is open and the interest on it."""

from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.admin.default_case import handle_link, may_handle
from billing.models import DunningCharge, DunningStep, WriteOff
from billing.queries_payments import money_of
from billing.rules.dunning import DAYS, lump_sum_minor
from billing.services.bank import charges
from billing.services.bank.books import claims_accounts
from billing.services.bank.charges import NotChargeable
from billing.services.bank.letters import letters_of
from billing.services.payments.states import local_date
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask, change_url
from partners.admin.story import WARN, ActionLink, Facts, Figure, Figures, Note, Story, Table, link
from partners.admin_paging import KeysetPaging

_TONES = {
    "FRIENDLY": "info",
    "FIRST": "warning",
    "SECOND": "danger",
    "DRAW": "danger",
    "EXCLUSION": "danger",
}
_NEXT = {
    "FRIENDLY": "A reminder was written; the partner may have overlooked the statement.",
    "FIRST": "The first letter was written. Charge the interest if you mean to.",
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

    def get_urls(self):
        charge = path(
            "<uuid:step_id>/charge/",
            self.admin_site.admin_view(self.charge_view),
            name="billing_dunningstep_charge",
        )
        return [charge, *super().get_urls()]

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
                _charges(obj, currency),
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
            [
                *(self._links(request, obj) if left else []),
                *(
                    ActionLink(f"Letter {one.number}", change_url(one))
                    for one in letters_of(obj).defer("content")
                ),
            ],
        )

    def _links(self, request, obj) -> list[ActionLink]:
        found = []
        if may_charge(request):
            url = reverse("admin:billing_dunningstep_charge", args=[obj.pk])
            found.append(ActionLink("Charge interest and lump sum…", url))
        if may_handle(request):
            url = handle_link(obj.position.settlement, obj.position.partner_id)
            found.append(ActionLink(f"{obj.position.partner} does not pay…", url))
        return found

    def charge_view(self, request, step_id):
        """What would be charged today; nothing is posted before the person says so."""
        if not may_charge(request):
            raise PermissionDenied
        step = self.get_object(request, str(step_id))
        if step is None:
            raise Http404
        return ask(request, self, step, _question(request, step))


def may_charge(request) -> bool:
    """Post interest and the lump sum."""
    return request.user.has_perm("billing.add_dunningcharge")


def _charges(step: DunningStep, currency: str) -> Table:
    rows = DunningCharge.objects.filter(position=step.position_id).order_by("pk")
    return Table(
        "Charged for paying late",
        ("For", "Until", "By", "Paid", "Posted", "Amount"),
        [
            (
                row.get_kind_display(),
                row.until_date,
                row.charged_by,
                "yes" if hasattr(row, "allocation") else "no",
                link(row.transfer, "transfer"),
                amount(row.amount_minor, currency),
            )
            for row in rows.select_related("transfer", "allocation")
        ],
        frozenset({5}),
        empty="Nothing was charged.",
    )


def _question(request, step: DunningStep) -> Question:
    currency = step.position.settlement.currency
    effect: list[object] = []
    is_possible = True
    try:
        due = charges.due_now(step.position, now=timezone.now())
    except NotChargeable as error:
        is_possible, effect = False, [Note(str(error), tone=WARN)]
    else:
        owed, _ = claims_accounts(step.position)
        if due.note:
            effect.append(Note(due.note, tone=WARN))
        until = f"until {due.until_date}, less what was charged before"
        effect.append(
            Figures(
                [
                    Figure("Interest", amount(due.interest_minor, currency), until),
                    Figure("Lump sum", amount(due.lump_sum_minor, currency), "once per debt"),
                    Figure("Open of the debt", amount(due.debt.dunned_minor, currency)),
                    Figure("Posted", amount(due.total_minor, currency), f"{owed} against 4190"),
                ]
            )
        )
    return Question(
        title=f"Charge {step.position.partner} for paying late?",
        sentence="Directive 2011/7/EU: the ECB's main rate and 8 points, and a lump sum once. It is"
        " posted at once, and told in the next letter; only an adjustment takes it back.",
        button="Charge it",
        effect=effect,
        is_possible=is_possible,
        is_dangerous=True,
        act=partial(_charge, request, step),
    )


def _charge(request, step: DunningStep, answers) -> str:
    try:
        done = charges.charge(
            step.position_id,
            by=request.user.get_username(),
            reason=answers["reason"],
            now=timezone.now(),
        )
    except NotChargeable as error:
        raise NotPossible(f"Nothing was charged: {error}") from error
    currency = step.position.settlement.currency
    return f"Charged: {amount(sum(row.amount_minor for row in done), currency)}."


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
