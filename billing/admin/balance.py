"""Balance confirmations: asked of all partners at once, reminded, answered by partners alone."""

from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.books_pages import AsOfForm, local_text, month_began
from billing.models import BalanceConfirmation
from billing.queries_books import NotCompleteYet
from billing.services import balances
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NoAnswers, NotPossible, Question, ask
from partners.admin.story import WARN, ActionLink, Facts, Figure, Figures, Note, Story, Table, link
from partners.admin_paging import KeysetPaging
from partners.models import Environment
from partners.services import audit

_LIST = "admin:billing_balanceconfirmation_changelist"
_TONES = {"ASKED": "warning", "CONFIRMED": "success", "DIFFERS": "danger"}


class AskForm(AsOfForm):
    """Filled with the end of the last month."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["as_of"].initial = local_text(month_began(timezone.now()))
        self.fields["environment"].initial = Environment.LIVE.value


@admin.register(BalanceConfirmation)
class BalanceConfirmationAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("number", "partner", "ours", "state_label", "theirs", "as_of", "answered_at")
    list_select_related = ("partner", "document")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("partner", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    search_fields = ("=document__number",)
    search_help_text = "Exact number"
    empty_text = "Nobody was asked yet: ask all partners at the end of a year."
    change_list_template = "admin/billing/balances.html"

    def get_queryset(self, request):
        return super().get_queryset(request).defer("document__content")

    def get_urls(self):
        own = self.admin_site.admin_view
        return [
            path("ask/", own(self.ask_view), name="billing_balanceconfirmation_ask"),
            path(
                "<uuid:row_id>/remind/",
                own(self.remind_view),
                name="billing_balanceconfirmation_remind",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = {"may_ask": _may_ask(request)}
        return super().changelist_view(request, may | (extra_context or {}))

    @display(description="Number")
    def number(self, row) -> str:
        return row.document.number

    @display(description="Our balance")
    def ours(self, row) -> str:
        return amount(row.balance_minor, row.currency)

    @display(description="Theirs")
    def theirs(self, row) -> str:
        if row.state == BalanceConfirmation.State.CONFIRMED:
            return "the same"
        return amount(row.own_balance_minor, row.currency)

    @display(description="State", label=_TONES)
    def state_label(self, row) -> str:
        return row.state

    def name_of(self, row) -> str:
        return f"{row.document.number}: {self.ours(row)} with {row.partner}"

    def story(self, request, obj) -> Story:
        figures = [Figure("In our books", self.ours(obj), "+ the partner gets, − it pays")]
        notes, actions = [], []
        if obj.state == BalanceConfirmation.State.DIFFERS:
            gap = obj.own_balance_minor - obj.balance_minor
            figures += [
                Figure("In theirs", self.theirs(obj)),
                Figure("Difference", amount(gap, obj.currency)),
            ]
            notes = [Note(obj.answer, tone=WARN, title="They say")]
        elif obj.state == BalanceConfirmation.State.ASKED:
            notes = [Note("It waits for the partner's answer. Silence is no consent.", tone=WARN)]
            if _may_ask(request):
                url = reverse("admin:billing_balanceconfirmation_remind", args=[obj.pk])
                actions = [ActionLink("Remind…", url)]
        letters = Table(
            "Letters",
            ("To", "State", "Attempts"),
            [
                (letter.recipient, letter.get_state_display(), letter.attempts)
                for letter in obj.document.mails.order_by("recipient")
            ],
            frozenset({2}),
            empty="No address is on file: the partner sees it in the portal and by API.",
        )
        facts = Facts(
            "Confirmation",
            [
                ("Partner", link(obj.partner)),
                ("Document", link(obj.document)),
                ("As of", obj.as_of),
                ("Asked", obj.document.issued_at),
                ("State", obj.state),
                ("Answered by", obj.answered_by),
                ("Answered", obj.answered_at),
                ("Words", obj.answer if obj.state == "CONFIRMED" else ""),
                ("Environment", obj.environment),
            ],
        )
        return Story([Figures(figures), *notes, facts, letters], actions)

    def ask_view(self, request):
        """Ask every partner with something posted."""
        _refuse_others(request)
        question = Question(
            title="Ask partners to confirm their balances?",
            sentence="Every partner with something posted by then gets a numbered letter per"
            " currency, with the balance of the sealed books. Who was asked for the same instant is"
            " not asked again.",
            button="Ask them",
            form_class=AskForm,
            act=partial(_ask, request),
        )
        return ask(request, self, None, question, back_url=reverse(_LIST))

    def remind_view(self, request, row_id):
        """Send the letters once more."""
        _refuse_others(request)
        row = self.get_object(request, str(row_id))
        if row is None:
            raise Http404
        waits = row.state == BalanceConfirmation.State.ASKED
        question = Question(
            title=f"Remind {row.partner} of {row.document.number}?",
            sentence="The letter is sent again to every address that did not bounce.",
            button="Remind",
            form_class=NoAnswers,
            effect=[] if waits else [Note("It was answered already.", tone=WARN)],
            is_possible=waits,
            act=partial(_remind, request, row),
        )
        return ask(request, self, row, question)


def _may_ask(request) -> bool:
    return request.user.has_perm("billing.add_balanceconfirmation")


def _refuse_others(request) -> None:
    if not _may_ask(request):
        raise PermissionDenied


def _ask(request, answers) -> str:
    now = timezone.now()
    as_of, environment = answers["as_of"], answers["environment"]
    try:
        with transaction.atomic():
            made = balances.ask_all(as_of=as_of, environment=environment, now=now)
            for row in made:
                _note("asked", row, request, now)
    except NotCompleteYet as error:
        raise NotPossible(f"Nobody was asked. {error}") from error
    if not made:
        raise NotPossible("Nobody was asked: nothing was posted by then, or all were asked before.")
    return f"{len(made):,} confirmations are issued; their PDFs are made within minutes."


def _remind(request, row: BalanceConfirmation, answers) -> str:
    now = timezone.now()
    with transaction.atomic():
        count = balances.remind(row, now=now)
        _note("reminded", row, request, now)
    if not count:
        return "No address is on file; the partner sees it in the portal and by API."
    return f"{count} letter{'s' if count > 1 else ''} will be sent again."


def _note(verb: str, row: BalanceConfirmation, request, now) -> None:
    actor = request.user.get_username()
    audit.record(f"balance_confirmation.{verb}", row, actor=actor, at=now)
