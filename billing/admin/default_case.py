"""A partner does not pay: what would happen, asked for by one person and done by another."""

from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.models import Account, DefaultCase, Settlement
from billing.services import default_orders
from billing.services.default_preview import would_happen
from billing.services.defaults import NotInDefault
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask, change_url
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
from partners.models import Partner
from partners.services.approvals import NotDecidable, is_approver

_OUTCOMES = {
    "COVERED": "Its cover pays the whole debt; the others' positions stay.",
    "UNWOUND": "Its cover is not enough: the settlement is netted again without it. The others'"
    " positions change, and each pair gets a claim against it, or it against them.",
    "WATERFALL": "The house pays the others: from the partner's own cover, then from the default"
    " fund. What is left is the house's loss.",
}


@admin.register(DefaultCase)
class DefaultCaseAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("partner", "settled", "owed", "outcome", "handled_at", "actor")
    list_select_related = ("partner", "settlement__window__group")
    list_filter = (("outcome", ChoicesDropdownFilter), ("partner", RelatedDropdownFilter))
    empty_text = "Nobody is in default. A settlement's page leads here for each debtor."

    def get_urls(self):
        handle = path(
            "<uuid:settlement_id>/of/<uuid:partner_id>/",
            self.admin_site.admin_view(self.handle_view),
            name="billing_defaultcase_handle",
        )
        return [handle, *super().get_urls()]

    @display(description="Settlement")
    def settled(self, row) -> str:
        return name_of(row.settlement.window)

    @display(description="Owed")
    def owed(self, row) -> str:
        return amount(row.owed_minor, row.currency)

    def name_of(self, row) -> str:
        return f"Default of {row.partner}"

    def story(self, request, obj) -> Story:
        return Story(
            [
                *case_sections(obj),
                Facts(
                    "Case",
                    [
                        ("Partner", link(obj.partner)),
                        ("Settlement", link(obj.settlement, self.settled(obj))),
                        ("Reason", obj.reason),
                        ("By", obj.actor),
                        ("Handled", obj.handled_at),
                    ],
                ),
            ]
        )

    def handle_view(self, request, settlement_id, partner_id):
        """The same page for both persons: the first asks, the second does it."""
        if not (may_handle(request) or may_confirm(request)):
            raise PermissionDenied
        settlement = (
            Settlement.objects.select_related("window__group").filter(pk=settlement_id).first()
        )
        debtor = Partner.objects.filter(pk=partner_id).first()
        if settlement is None or debtor is None:
            raise Http404
        return ask(
            request,
            self,
            None,
            _question(request, settlement, debtor),
            back_url=change_url(settlement),
        )


def may_handle(request) -> bool:
    """Ask that a default is handled."""
    return request.user.has_perm("billing.add_defaultcase")


def may_confirm(request) -> bool:
    """Do what another asked for: an approver."""
    return is_approver(request.user, default_orders.RIGHT)


def handle_link(settlement: Settlement, partner_id) -> str:
    return reverse("admin:billing_defaultcase_handle", args=[settlement.pk, partner_id])


def actions(request, settlement: Settlement) -> list[ActionLink]:
    """A way to each debtor of an issued settlement that has not been handled."""
    if settlement.state != Settlement.State.ISSUED or not (
        may_handle(request) or may_confirm(request)
    ):
        return []
    handled = set(settlement.defaults.values_list("partner", flat=True))
    return [
        ActionLink(f"{row.partner} does not pay…", handle_link(settlement, row.partner_id))
        for row in settlement.positions.select_related("partner").order_by("partner__name")
        if row.due_minor < 0 and not row.partner.is_clearing_house and row.partner_id not in handled
    ][:6]


def case_sections(case: DefaultCase) -> list[object]:
    """What the case does, as figures and lists."""
    currency = case.currency
    ids = {*case.positions, *(side for one, other, _ in case.claims for side in (one, other))}
    names = {
        str(pk): name for pk, name in Partner.objects.filter(pk__in=ids).values_list("pk", "name")
    }
    draws = [(Account.Code(code).label, amount(drawn, currency)) for code, drawn in case.draws]
    positions = [(names.get(pk, pk), amount(net, currency)) for pk, net in case.positions.items()]
    claims = [
        (names.get(debtor, debtor), names.get(creditor, creditor), amount(minor, currency))
        for debtor, creditor, minor in case.claims
    ]
    sections: list[object] = [
        Note(_OUTCOMES[case.outcome]),
        Figures(
            [
                Figure("Owed", amount(case.owed_minor, currency)),
                Figure("Outcome", case.get_outcome_display()),
                Figure("Not covered", amount(case.uncovered_minor, currency)),
            ]
        ),
    ]
    if draws:
        sections.append(Table("Taken from", ("Pot", "Amount"), draws, frozenset({1})))
    if positions:
        sections.append(
            Table("Positions without it", ("Partner", "Net"), positions, frozenset({1}))
        )
    if claims:
        sections.append(
            Table(
                "Claims outside the settlement",
                ("Debtor", "Creditor", "Amount"),
                claims,
                frozenset({2}),
            )
        )
    return sections


def _question(request, settlement: Settlement, debtor: Partner) -> Question:
    now = timezone.now()
    asked = default_orders.open_request(settlement, debtor, now=now)
    is_own = asked is not None and asked.maker_id == request.user.pk
    notes: list[object] = []
    try:
        effect = case_sections(would_happen(settlement, debtor, now=now))
        is_possible = not is_own
    except NotInDefault as error:
        effect, is_possible = [Note(str(error), tone=WARN)], False
    doing = asked is not None and not is_own
    if is_own:
        notes.append(Note("You asked for it; a second person must confirm.", tone=WARN))
    elif asked is not None:
        notes.append(Note(f"{asked.maker} asked for it: “{asked.reason}”.", tone=WARN))
    if doing and not may_confirm(request):
        notes.append(Note("An approver confirms it.", tone=WARN))
        is_possible = False
    elif asked is None and not may_handle(request):
        notes.append(Note("Nobody has asked for it yet.", tone=WARN))
        is_possible = False
    return Question(
        title=f"{debtor} does not pay {name_of(settlement.window)}",
        sentence="This is what would be posted now. It cannot be undone."
        if doing
        else "This is what would be posted now. Nothing happens before a second person confirms.",
        button="Confirm and post" if doing else "Ask a second person",
        effect=[*notes, *effect],
        is_possible=is_possible,
        is_dangerous=doing,
        act=partial(_confirm, request, settlement, debtor, asked)
        if doing
        else partial(_ask, request, settlement, debtor),
    )


def _ask(request, settlement: Settlement, debtor: Partner, answers) -> str:
    try:
        default_orders.request(
            settlement,
            debtor,
            reason=answers["reason"],
            maker=request.user,
            now=timezone.now(),
        )
    except NotInDefault as error:
        raise NotPossible(str(error)) from error
    return "Asked. A second person opens the same page and confirms."


def _confirm(request, settlement: Settlement, debtor: Partner, asked, answers):
    try:
        case = default_orders.confirm(
            settlement,
            debtor,
            asked.pk,
            reason=answers["reason"],
            checker=request.user,
            now=timezone.now(),
        )
    except (NotInDefault, NotDecidable) as error:
        raise NotPossible(f"Nothing was posted: {error}") from error
    return HttpResponseRedirect(change_url(case))
