"""What the bank sent: files as received, statements, and numbers that are missing."""

from functools import partial

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from billing.admin.amounts import amount
from billing.admin.bank_words import counterparty_of, money_of, said_by
from billing.admin.figures import rows_url
from billing.messages.bank_file import NotImportable
from billing.models import BankEntry, BankFile, BankStatement, StatementGap
from billing.services.bank import gaps
from billing.services.bank.importing import Received, import_file
from billing.services.bank.matching import match_all
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.story import (
    BAD,
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
from partners.models.environment import Environment
from partners.services import audit

MAX_FILE_BYTES = 50_000_000
_LIST = "admin:billing_bankstatement_changelist"
_MOST_SHOWN = 200


class StatementForm(forms.Form):
    """The bank's file as it was downloaded."""

    environment = forms.ChoiceField(
        # None is chosen beforehand: a real statement in TEST matches nothing, and nobody sees why.
        choices=[("", "Choose: LIVE for real money"), *Environment.choices],
        widget=UnfoldAdminSelectWidget,
    )
    file = forms.FileField(
        label="camt file",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".xml"}),
        help_text="camt.053 (statement), camt.054 (notification) or camt.052, any version, as the"
        " bank sent it. The same file again changes nothing.",
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            raise forms.ValidationError(f"At most {MAX_FILE_BYTES // 10**6} MB.")
        return file


@admin.register(BankStatement)
class BankStatementAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "account",
        "number_told",
        "kind_told",
        "came_in",
        "went_out",
        "closing",
        "received",
        "environment",
    )
    list_select_related = ("file",)
    list_filter = (("kind", ChoicesDropdownFilter), ("environment", ChoicesDropdownFilter))
    search_fields = ("=account", "=statement_id")
    search_help_text = "IBAN or the bank's id of the statement"
    empty_text = "No statement yet: import the bank's file."
    change_list_template = "admin/billing/bank_statements.html"

    def get_queryset(self, request):
        return super().get_queryset(request).defer("file__content")

    def get_urls(self):
        upload = path(
            "import/",
            self.admin_site.admin_view(self.import_view),
            name="billing_bankstatement_import",
        )
        return [upload, *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        may = {"may_import": may_import(request)}
        return super().changelist_view(request, may | (extra_context or {}))

    @display(description="Number")
    def number_told(self, row) -> str:
        return "—" if row.number is None else str(row.number)

    @display(description="Kind")
    def kind_told(self, row) -> str:
        return row.get_kind_display()

    @display(description="Opening")
    def opening(self, row) -> str:
        return amount(row.opening_minor, row.currency)

    @display(description="Closing")
    def closing(self, row) -> str:
        return amount(row.closing_minor, row.currency)

    @display(description="Came in")
    def came_in(self, row) -> str:
        return amount(row.credit_minor, row.currency)

    @display(description="Went out")
    def went_out(self, row) -> str:
        return amount(row.debit_minor, row.currency)

    @display(description="Received")
    def received(self, row):
        return row.file.received_at

    def name_of(self, row) -> str:
        number = f" {row.number}" if row.number is not None else f" {row.statement_id}"
        return f"{row.get_kind_display()}{number} of {row.account}"

    def story(self, request, obj) -> Story:
        missing = gaps.open_gaps(obj.environment, obj.account, obj.currency)
        entries = list(obj.entries.order_by("pk")[:_MOST_SHOWN])
        return Story(
            [
                *([_stopped(missing)] if missing else []),
                Figures(
                    [
                        Figure("Opening", self.opening(obj)),
                        Figure("Came in", self.came_in(obj)),
                        Figure("Went out", self.went_out(obj)),
                        Figure("Closing", self.closing(obj), "opening + in − out, checked"),
                    ]
                ),
                Table(
                    "Payments first told by it",
                    ("Booked", "Amount", "Counterparty", "Said", "State"),
                    [
                        (
                            row.booked_date or "—",
                            link(row, money_of(row)),
                            counterparty_of(row),
                            said_by(row),
                            row.get_state_display(),
                        )
                        for row in entries
                    ],
                    frozenset({1}),
                    empty="None: it moved nothing, or another file told of it before.",
                    note=f"The first {_MOST_SHOWN}; the list of payments has all."
                    if len(entries) == _MOST_SHOWN
                    else "",
                ),
                Facts(
                    "As received",
                    [
                        ("File", link(obj.file)),
                        ("Bank's id", obj.statement_id),
                        ("Place in the file", obj.place),
                        ("Entries", obj.entries_count),
                        ("Received", obj.file.received_at),
                        ("By", obj.file.received_by),
                        ("Environment", obj.environment),
                    ],
                ),
            ],
            [ActionLink("All payments of the account", rows_url(BankEntry, q=obj.account))],
        )

    def import_view(self, request):
        """Upload the bank's file; what is wrong with it is told at the field."""
        if not may_import(request):
            raise PermissionDenied
        form = StatementForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                return _imported(request, form.cleaned_data)
            except NotImportable as error:
                form.add_error("file", f"Nothing was imported ({error.code}). {error.detail}")
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import a bank file",
            "form": form,
            "lead": "Balances are checked, each payment is taken once, and what a rule can place is"
            " posted at once. The rest waits under Exceptions.",
            "button": "Import",
            "back_url": reverse(_LIST),
        }
        return TemplateResponse(request, "admin/upload.html", context)


def _imported(request, wanted) -> HttpResponseRedirect:
    now, by = timezone.now(), request.user.get_username()
    file = wanted["file"]
    received = Received(
        content=file.read(), name=file.name or "", environment=wanted["environment"], by=by
    )
    done = import_file(received, now=now)
    if done.added:
        audit.record(
            "bank_file.imported",
            done.file,
            actor=by,
            at=now,
            after={"sha256": done.file.sha256, "added": done.added},
        )
    matched = match_all(wanted["environment"], by=by, now=timezone.now())
    messages.success(
        request,
        f"{done.added:,} payments are new, {done.duplicates:,} were known; {matched.matched:,}"
        f" matched, {matched.exceptions:,} wait for a person"
        f"{' under Exceptions' if matched.exceptions else ''}.",
    )
    for account in matched.stopped:
        messages.warning(
            request,
            f"Nothing of {account} is matched: a statement is missing. Import it, or say under"
            " Missing statements why there is none.",
        )
    return HttpResponseRedirect(reverse(_LIST))


def _stopped(missing: list[StatementGap]) -> Note:
    numbers = ", ".join(str(row.number) for row in missing[:10])
    return Note(
        f"Number {numbers} of this account is missing: nothing of it is matched until it is"
        " imported, or somebody says why there is none.",
        tone=WARN,
    )


@admin.register(BankFile)
class BankFileAdmin(KeysetPaging, EvidenceAdmin):
    """Each file as it came, also those that were refused."""

    list_display = ("file_name", "outcome", "received_by", "received_at", "environment")
    list_filter = (("environment", ChoicesDropdownFilter),)
    empty_text = "No file was received yet."

    def get_queryset(self, request):
        return super().get_queryset(request).defer("content")

    @display(description="Outcome", label={"imported": "success", "refused": "danger"})
    def outcome(self, row) -> str:
        return "refused" if row.refusal else "imported"

    def story(self, request, obj) -> Story:
        statements = [
            (link(one, one.statement_id or "statement"), one.account, one.entries_count)
            for one in obj.statements.order_by("place")
        ]
        refused = obj.refusal and Note(
            f"{obj.refusal['detail']}", tone=BAD, title=f"Refused: {obj.refusal['code']}"
        )
        return Story(
            [
                *([refused] if refused else []),
                Table(
                    "Statements in it",
                    ("Statement", "Account", "Entries"),
                    statements,
                    frozenset({2}),
                    empty="None was taken in.",
                ),
                Facts(
                    "File",
                    [
                        ("Name", obj.file_name),
                        ("SHA-256", obj.sha256),
                        ("Received", obj.received_at),
                        ("By", obj.received_by),
                        ("Environment", obj.environment),
                    ],
                ),
            ]
        )


@admin.register(StatementGap)
class StatementGapAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("account", "number", "state_label", "opened_at", "ended_by", "end_reason")
    list_filter = (("environment", ChoicesDropdownFilter),)
    empty_text = "No statement is missing."

    def get_urls(self):
        explain = path(
            "<uuid:row_id>/explain/",
            self.admin_site.admin_view(self.explain_view),
            name="billing_statementgap_explain",
        )
        return [explain, *super().get_urls()]

    @display(description="State", label={"missing": "danger", "ended": "success"})
    def state_label(self, row) -> str:
        return "missing" if row.ended_at is None else "ended"

    def name_of(self, row) -> str:
        return f"Statement {row.number} of {row.account}"

    def story(self, request, obj) -> Story:
        is_open = obj.ended_at is None
        waiting = BankEntry.objects.filter(
            environment=obj.environment, account=obj.account, currency=obj.currency, state="NEW"
        ).count()
        note = Note(
            f"{waiting:,} payments of the account wait. Import the statement; or ask the bank, and"
            " say here why there is none.",
            tone=WARN,
            title="Missing",
        )
        explain = reverse("admin:billing_statementgap_explain", args=[obj.pk])
        return Story(
            [
                *([note] if is_open else []),
                Facts(
                    "Number",
                    [
                        ("Account", obj.account),
                        ("Number", obj.number),
                        ("Missing since", obj.opened_at),
                        ("Ended", obj.ended_at),
                        ("By", obj.ended_by),
                        ("Why", obj.end_reason),
                        ("Environment", obj.environment),
                    ],
                ),
            ],
            [ActionLink("There is none…", explain)] if is_open and may_import(request) else [],
        )

    def explain_view(self, request, row_id):
        """Say why there is no such statement; matching of the account goes on."""
        if not may_import(request):
            raise PermissionDenied
        row = self.get_object(request, str(row_id))
        if row is None:
            raise Http404
        ended = [] if row.ended_at is None else [Note(f"It ended: {row.end_reason}.", tone=WARN)]
        question = Question(
            title=f"Is there no statement {row.number} of {row.account}?",
            sentence="What it would have told is then never matched. Ask the bank first; the"
            " reason stays with your name.",
            button="There is none",
            effect=ended,
            is_possible=not ended,
            is_dangerous=True,
            act=partial(_explain, request, row),
        )
        return ask(request, self, row, question)


def _explain(request, row: StatementGap, answers) -> str:
    now, by = timezone.now(), request.user.get_username()
    try:
        gaps.explain(row.pk, reason=answers["reason"], by=by, now=now)
    except gaps.NotMissing as error:
        raise NotPossible(str(error)) from error
    matched = match_all(row.environment, by=by, now=timezone.now())
    return f"{matched.matched:,} payments matched, {matched.exceptions:,} wait for a person."


def may_import(request) -> bool:
    return request.user.has_perm("billing.add_bankfile")
