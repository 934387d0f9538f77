"""Payments on the bank account, and those that wait for a person."""

from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from billing.admin.bank_questions import VERBS, may_decide, question_of, story_of, verbs_of
from billing.admin.bank_words import (
    MATCH_HEADERS,
    STATE_TONES,
    TASKS,
    TITLES,
    WHY,
    counterparty_of,
    match_rows,
    money_of,
    purposes_of,
    said_by,
)
from billing.admin.unallocated import unallocated_links
from billing.models import BankEntry, BankException, BankMatch
from billing.services.bank import deciding, unallocated
from billing.services.bank.deciding import Decision, NotPlaceable
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.story import ActionLink, Facts, Figure, Figures, Note, Story, Table, link
from partners.admin_paging import KeysetPaging


@admin.register(BankEntry)
class BankEntryAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "booked_date",
        "money",
        "counterparty",
        "said",
        "state_label",
        "purposes",
        "account",
    )
    list_select_related = ("statement",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    search_fields = ("=account", "=end_to_end_id", "=creditor_reference", "=counterparty_account")
    search_help_text = "IBAN, end-to-end id or RF reference, whole"
    empty_text = "No payment yet: import the bank's file under Statements of account."

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("matches")

    def get_urls(self):
        decide = path(
            "<uuid:row_id>/decide/<slug:verb>/",
            self.admin_site.admin_view(self.decide_view),
            name="billing_bankentry_decide",
        )
        return [decide, *super().get_urls()]

    @display(description="Amount")
    def money(self, row) -> str:
        return money_of(row)

    @display(description="Counterparty")
    def counterparty(self, row) -> str:
        return counterparty_of(row)

    @display(description="Said")
    def said(self, row) -> str:
        return said_by(row)[:60]

    @display(description="State", label=STATE_TONES)
    def state_label(self, row) -> str:
        return row.state

    @display(description="For")
    def purposes(self, row) -> str:
        return purposes_of(row)

    def name_of(self, row) -> str:
        way = "from" if row.is_credit else "to"
        return f"{money_of(row)} {way} {counterparty_of(row)}"

    def story(self, request, obj) -> Story:
        matches = match_rows(obj)
        return Story(
            [
                *story_of(obj),
                Table("What it was for", MATCH_HEADERS, matches, frozenset({3}), empty="Not yet."),
                Facts(
                    "By the bank",
                    [
                        ("Statement", link(obj.statement)),
                        ("Reference", obj.reference),
                        ("Code", obj.bank_code),
                        ("Value date", obj.value_date),
                        ("Mandate", obj.mandate_reference),
                        ("Charges kept back", obj.charges_minor or None),
                        ("Account", obj.account),
                        ("State", obj.get_state_display()),
                        ("Environment", obj.environment),
                    ],
                ),
            ],
            links_of(request, obj),
        )

    def decide_view(self, request, row_id, verb):
        """Place a payment by hand, with a reason."""
        if not may_decide(request):
            raise PermissionDenied
        row = self.get_object(request, str(row_id))
        if row is None or verb not in VERBS:
            raise Http404
        return ask(request, self, row, question_of(request, row, verb))


def links_of(request, entry: BankEntry) -> list[ActionLink]:
    """What can be decided about it, for those who may."""
    if not may_decide(request):
        return []
    return [
        ActionLink(VERBS[verb][0], reverse("admin:billing_bankentry_decide", args=[entry.pk, verb]))
        for verb in verbs_of(entry)
    ]


class Waiting(DropdownFilter):
    """What still waits, or what is done."""

    title = "waits"
    parameter_name = "waits"

    def lookups(self, request, model_admin):
        return [("yes", "Waits for a person"), ("no", "Done")]

    def queryset(self, request, queryset):
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() == "yes")


@admin.register(BankException)
class BankExceptionAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("what", "money", "counterparty", "best", "state_label", "opened_at", "told_in")
    list_select_related = ("entry__statement",)
    list_filter = (Waiting,)
    empty_text = "Nothing waits: rules have placed every payment."

    def get_urls(self):
        done = path(
            "<uuid:row_id>/done/",
            self.admin_site.admin_view(self.done_view),
            name="billing_bankexception_done",
        )
        return [done, *super().get_urls()]

    @display(description="Why")
    def what(self, row) -> str:
        return TITLES.get(row.code, row.code)

    @display(description="Amount")
    def money(self, row) -> str:
        return money_of(row.entry)

    @display(description="Counterparty")
    def counterparty(self, row) -> str:
        return counterparty_of(row.entry)

    @display(description="Suggestions")
    def best(self, row) -> str:
        found = len(row.suggestions)
        return f"{found}, see the page" if found else "—"

    @display(description="State", label={"waits": "warning", "done": "success"})
    def state_label(self, row) -> str:
        return "waits" if row.resolved_at is None else "done"

    @display(description="Environment")
    def told_in(self, row) -> str:
        return row.entry.environment

    def name_of(self, row) -> str:
        return f"{self.what(row)}: {money_of(row.entry)}, {counterparty_of(row.entry)}"

    def story(self, request, obj) -> Story:
        is_open = obj.resolved_at is None
        matches = match_rows(obj.entry)
        return Story(
            [
                *([] if is_open else [Note(f"Done: {obj.resolution}.", title="Done")]),
                *story_of(obj.entry),
                *([Table("Booked", MATCH_HEADERS, matches, frozenset({3}))] if matches else []),
                Facts(
                    "In the queue",
                    [
                        ("Payment", link(obj.entry, money_of(obj.entry))),
                        ("Since", obj.opened_at),
                        ("Environment", obj.entry.environment),
                        ("Done", obj.resolved_at),
                        ("By", obj.resolved_by),
                    ],
                ),
            ],
            self._links(request, obj),
        )

    def _links(self, request, obj) -> list[ActionLink]:
        if obj.resolved_at is not None or not may_decide(request):
            return []
        if obj.code in TASKS:
            done = reverse("admin:billing_bankexception_done", args=[obj.pk])
            return [*_overpaid(request, obj), ActionLink("Done…", done)]
        return links_of(request, obj.entry)

    def done_view(self, request, row_id):
        """What a booked payment still asked for is done."""
        if not may_decide(request):
            raise PermissionDenied
        row = self.get_object(request, str(row_id))
        if row is None:
            raise Http404
        question = Question(
            title="Is this done?",
            sentence=WHY.get(row.code, row.code),
            button="Done",
            effect=[Figures([Figure("Amount", money_of(row.entry))])],
            act=partial(_done, request, row),
        )
        return ask(request, self, row, question)


def _overpaid(request, row: BankException) -> list[ActionLink]:
    """What can be done with what the payment left on 2890."""
    entry = row.entry
    matches = entry.matches.filter(purpose=BankMatch.Purpose.UNALLOCATED, partner__isnull=False)
    whose = matches.values_list("partner", flat=True).first()
    if whose is None:
        return []
    account = unallocated.account_of(entry.environment, entry.currency, whose)
    return unallocated_links(request, account)


def _done(request, row: BankException, answers) -> str:
    decision = Decision(
        by=request.user.get_username(), reason=answers["reason"], now=timezone.now()
    )
    try:
        deciding.close_task(row.pk, decision)
    except NotPlaceable as error:
        raise NotPossible(str(error)) from error
    return "Done."
