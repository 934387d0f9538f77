"""Objections to statements: what partners say is wrong, upheld with what mends it, or rejected."""

from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.models import ClearedSdr, CorrectionRun, ManualAdjustment, Objection, Settlement
from billing.queries_objections import limits_of, open_against
from billing.rules.objection import LONGEST_TEXT, ObjectionRefused, next_step
from billing.services import objections
from billing.services.objections import Mending
from billing.services.settling import NotReleasable
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.story import (
    WARN,
    ActionLink,
    Badge,
    Facts,
    Note,
    Story,
    Table,
    link,
)
from partners.admin_paging import KeysetPaging

STATE_TONES = {"OPEN": "warning", "UPHELD": "success", "REJECTED": ""}
_CANCEL = "CANCELLATION"
_MOST_OFFERED = 50


class AnswerForm(forms.Form):
    """The grounds, which the partner reads."""

    answer = forms.CharField(
        min_length=5,
        max_length=LONGEST_TEXT,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text="The partner reads this word for word.",
    )


class UpholdForm(AnswerForm):
    """What mends it: cancelling what is not issued, or an adjustment or run that exists."""

    objection: Objection
    mended_by = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    field_order = ("mended_by", "answer")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.found = {key: mending for key, _, mending in _mendings(self.objection)}
        choices = [(key, label) for key, label, _ in _mendings(self.objection)]
        self.fields["mended_by"].choices = choices  # type: ignore[attr-defined]

    def clean_mended_by(self) -> Mending:
        return self.found[self.cleaned_data["mended_by"]]


@admin.register(Objection)
class ObjectionAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("partner", "statement", "period", "in_doubt", "state_label", "raised_at")
    list_select_related = (
        "partner",
        "document__settlement__window__group",
        "adjustment__partner",
        "correction_run",
    )
    list_filter = (("state", ChoicesDropdownFilter), ("partner", RelatedDropdownFilter))
    empty_text = "Partners object to statements in their portal or by API."

    def get_queryset(self, request):
        return super().get_queryset(request).defer("document__content")

    def get_urls(self):
        site, name = self.admin_site, "billing_objection"
        return [
            path("<uuid:row_id>/uphold/", site.admin_view(self.uphold_view), name=f"{name}_uphold"),
            path("<uuid:row_id>/reject/", site.admin_view(self.reject_view), name=f"{name}_reject"),
            *super().get_urls(),
        ]

    @display(description="Statement")
    def statement(self, row) -> str:
        return row.document.number

    @display(description="Window")
    def period(self, row) -> str:
        return name_of(row.document.settlement.window)

    @display(description="In doubt")
    def in_doubt(self, row) -> str:
        return in_doubt(row)

    @display(description="State", label=STATE_TONES)
    def state_label(self, row) -> str:
        return row.state

    def name_of(self, row) -> str:
        return f"{row.partner}: objection to {row.document.number}"

    def story(self, request, obj) -> Story:
        is_open = obj.state == Objection.State.OPEN
        note = Note(_waits_for(obj), tone=WARN, title="Waits for an answer")
        return Story(
            [
                *([note] if is_open else []),
                _said(obj),
                _facts(obj),
                *([] if is_open else [Note(obj.answer, title="The answer"), _answer_facts(obj)]),
            ],
            [
                ActionLink(label, reverse(f"admin:billing_objection_{name}", args=[obj.pk]))
                for label, name in (("Uphold…", "uphold"), ("Reject…", "reject"))
                if is_open and may_answer(request)
            ],
        )

    def uphold_view(self, request, row_id):
        """The partner is right: say what mends it."""
        row = self._row(request, row_id)
        problem = _why_not(row, needs_mending=True)
        question = Question(
            title="Uphold this objection?",
            sentence="The partner is told your answer. A calculation that is not issued can be"
            " cancelled here; an adjustment or a correction run is made first, then named.",
            button="Uphold and tell the partner",
            effect=[*problem, _said(row), _facts(row)],
            form_class=type("UpholdFormOfOne", (UpholdForm,), {"objection": row}),
            is_possible=not problem,
            act=partial(_uphold, request, row),
        )
        return ask(request, self, row, question)

    def reject_view(self, request, row_id):
        """The statement is right: say why."""
        row = self._row(request, row_id)
        problem = _why_not(row)
        question = Question(
            title="Reject this objection?",
            sentence="The partner is told your grounds, and the statement stays as it is. An answer"
            " cannot be changed.",
            button="Reject and tell the partner",
            effect=[*problem, _said(row), _facts(row)],
            form_class=AnswerForm,
            is_possible=not problem,
            act=partial(_reject, request, row),
        )
        return ask(request, self, row, question)

    def _row(self, request, row_id) -> Objection:
        if not may_answer(request):
            raise PermissionDenied
        row = self.get_object(request, str(row_id))
        if row is None:
            raise Http404
        return row


def may_answer(request) -> bool:
    return request.user.has_perm("billing.change_objection")


def in_doubt(row: Objection) -> str:
    """The amount in doubt, in the statement's currency."""
    if row.amount_minor is None or row.document.settlement is None:
        return "—"
    return amount(row.amount_minor, row.document.settlement.currency)


def waiting_table(settlement: Settlement) -> list[Table]:
    """Open objections that the release of the settlement waits for, if there are any."""
    waiting = list(open_against(settlement.window).select_related("document__settlement")[:20])
    if not waiting:
        return []
    return [
        Table(
            "Objections that wait for an answer",
            ("Partner", "Statement", "What it says", "In doubt", "Raised"),
            [
                (
                    row.partner.name,
                    link(row, row.document.number),
                    row.text[:120],
                    in_doubt(row),
                    f"{timezone.localtime(row.raised_at):%-d %b %Y, %H:%M}",
                )
                for row in waiting
            ],
            frozenset({3}),
            note="The settlement is released once each is upheld or rejected.",
        )
    ]


def _waits_for(row: Objection) -> str:
    state = row.document.settlement.state if row.document.settlement else ""
    if state == Settlement.State.ISSUED:
        return "The statement is final. Uphold it with what mends it, or reject it with grounds."
    return (
        "Its settlement is not released before you uphold it with what mends it, or reject it with"
        " grounds."
    )


def _said(row: Objection) -> Note:
    return Note(f"“{row.text}”", title="What the partner says")


def _facts(row: Objection) -> Facts:
    document, settlement = row.document, row.document.settlement
    record = ClearedSdr.objects.filter(pk=row.record_id).first() if row.record_id else None
    missing = f"{row.sdr_id} (not in this statement)" if row.sdr_id else None
    limit = limits_of(type(document).objects.filter(pk=document.pk))[document.pk]
    return Facts(
        "Objection",
        [
            ("Partner", link(row.partner)),
            ("Statement", link(document)),
            ("Settlement", link(settlement, name_of(settlement.window)) if settlement else None),
            ("In doubt", in_doubt(row) if row.amount_minor else None),
            ("Counterparty", row.counterparty),
            ("Record", link(record, row.sdr_id) if record else missing),
            ("State", Badge(row.state, STATE_TONES[row.state])),
            ("Raised by", row.raised_by),
            ("Raised", row.raised_at),
            ("Possible until", limit),
        ],
    )


def _answer_facts(row: Objection) -> Facts:
    mended = {
        "CANCELLATION": row.document.settlement,
        "ADJUSTMENT": row.adjustment,
        "CORRECTION": row.correction_run,
    }.get(row.remedy)
    return Facts(
        "Answer",
        [
            ("Mended by", link(mended, row.get_remedy_display()) if mended else None),
            ("What comes next", next_step(row.state, row.remedy)),
            ("Answered by", row.answered_by),
            ("Answered", row.answered_at),
        ],
    )


def _why_not(row: Objection, *, needs_mending: bool = False) -> list[Note]:
    if row.state != Objection.State.OPEN:
        return [Note(f"It is {row.state} already.", tone=WARN)]
    if needs_mending and not _mendings(row):
        text = (
            "The statement is final, so make the adjustment or the correction run first; then name"
            " it here."
        )
        return [Note(text, tone=WARN, title="Nothing mends it yet")]
    return []


def _mendings(row: Objection) -> list[tuple[str, str, Mending]]:
    """What can mend it, as key, label and value; newest first, cancelling before all."""
    settlement = row.document.settlement
    if settlement is None:
        return []
    group, is_issued = settlement.window.group, settlement.state == Settlement.State.ISSUED
    adjustments = ManualAdjustment.objects.filter(
        partner=row.partner_id, window__group=group, state=ManualAdjustment.State.POSTED
    ).order_by("-id")
    runs = CorrectionRun.objects.filter(group=group, state=CorrectionRun.State.POSTED)
    found = [] if is_issued else [(_CANCEL, "Cancel the calculation, then make it anew", Mending())]
    found += [
        (
            f"adjustment:{one.pk}",
            f"Adjustment of {amount(one.amount_minor, one.currency)}, {one.state}: {one.reason}",
            Mending(adjustment=one),
        )
        for one in adjustments[:_MOST_OFFERED]
    ]
    found += [
        (
            f"run:{one.pk}",
            f"Correction run of {one.simulated_at:%-d %b %Y}, {one.state}: {one.reason}",
            Mending(correction_run=one),
        )
        for one in (runs.order_by("-id")[:_MOST_OFFERED] if is_issued else ())
    ]
    return [(key, label[:120], mending) for key, label, mending in found]


def _uphold(request, row: Objection, answers) -> str:
    mending = answers["mended_by"]
    try:
        objections.uphold(
            row.pk, answer=answers["answer"], mending=mending, by=request.user, now=timezone.now()
        )
    except (ObjectionRefused, NotReleasable) as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    if mending.remedy == _CANCEL:
        return "Upheld and told. It is cancelled: mend what was wrong, then calculate anew."
    return "Upheld and told."


def _reject(request, row: Objection, answers) -> str:
    try:
        objections.reject(row.pk, answer=answers["answer"], by=request.user, now=timezone.now())
    except ObjectionRefused as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return "Rejected and told."
