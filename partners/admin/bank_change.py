"""Changes of bank details: asked, called back, approved by a second person, cooled, tested."""

from functools import partial
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NoAnswers, NotPossible, Question, ReasonForm, ask, change_url
from partners.admin.story import WARN, ActionLink, Facts, Note, Step, Story, Timeline, link
from partners.admin_paging import KeysetPaging
from partners.models import AuditEvent, BankDetailChange, Partner
from partners.services import bank_changes
from partners.services.approvals import NotDecidable, is_approver
from partners.services.bank_changes import NewAccount, NotChangeable

STATE_TONES = {
    "REQUESTED": "warning",
    "CALLED_BACK": "warning",
    "APPROVED": "info",
    "TESTED": "info",
    "EFFECTIVE": "success",
}
_LIST = "admin:partners_bankdetailchange_changelist"
_NEXT = {
    "REQUESTED": "Call somebody who was on file before the request, under the number on file, and"
    " not under one that came with it.",
    "CALLED_BACK": "A second person must look at it and approve.",
    "APPROVED": "Send one cent to the new account; the partner tells you its reference.",
    "TESTED": "Once it has cooled, let it take effect.",
}


class RequestForm(ReasonForm):
    """The new account, as the partner's letter says it."""

    partner = forms.ModelChoiceField(Partner.objects.none(), widget=UnfoldAdminSelectWidget)
    currency = forms.CharField(max_length=3, initial="EUR", widget=UnfoldAdminTextInputWidget)
    holder = forms.CharField(max_length=140, widget=UnfoldAdminTextInputWidget)
    iban = forms.CharField(label="IBAN", max_length=42, widget=UnfoldAdminTextInputWidget)
    bic = forms.CharField(
        label="BIC", max_length=11, required=False, widget=UnfoldAdminTextInputWidget
    )
    field_order = ("partner", "currency", "holder", "iban", "bic", "reason")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        partners = Partner.objects.filter(is_clearing_house=False).order_by("name")
        self.fields["partner"].queryset = partners  # type: ignore[attr-defined]


class CallForm(forms.Form):
    """Who confirmed it, and under which number."""

    contact = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget, help_text="On file since before the request."
    )
    number = forms.CharField(
        label="Number called",
        max_length=60,
        widget=UnfoldAdminTextInputWidget,
        help_text="From your own file, never from the request.",
    )


class PennyForm(forms.Form):
    """What the partner read on its statement of account."""

    reference = forms.CharField(max_length=35, widget=UnfoldAdminTextInputWidget)


@admin.register(BankDetailChange)
class BankDetailChangeAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("partner", "currency", "masked", "state_label", "requested_at", "requested_by")
    list_select_related = ("partner", "approval__checker", "bank_account")
    list_filter = (("state", ChoicesDropdownFilter), ("partner", RelatedDropdownFilter))
    empty_text = "Partners ask for a new account in the portal; staff can enter a letter here."
    change_list_template = "admin/partners/bank_changes.html"

    @display(description="New account")
    def masked(self, change) -> str:
        return change.masked_iban

    @display(description="State", label=STATE_TONES)
    def state_label(self, change) -> str:
        return change.state

    def name_of(self, change) -> str:
        return f"New {change.currency} account of {change.partner}"

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("ask/", view(self.ask_view), name="partners_bankdetailchange_ask"),
            *(
                path(
                    f"<uuid:change_id>/{step}/",
                    view(partial(self.step_view, step)),
                    name=f"partners_bankdetailchange_{step}",
                )
                for step in _STEPS
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = {"may_ask": may_change(request)}
        return super().changelist_view(request, may | (extra_context or {}))

    def story(self, request, obj) -> Story:
        told = _NEXT.get(obj.state)
        notes = [Note(told, tone=WARN, title="Payouts wait")] if told else []
        return Story([*notes, self._facts(obj), _timeline(obj)], _actions(request, obj))

    def _facts(self, change) -> Facts:
        return Facts(
            "New account",
            [
                ("Partner", link(change.partner)),
                ("Holder", change.holder),
                ("IBAN", change.masked_iban),
                ("BIC", change.bic),
                ("Reason", change.reason or change.end_reason),
                ("Asked for by", change.requested_by),
                ("Contacts from before", ", ".join(bank_changes.contacts_on_file(change))),
                ("Called", change.called_contact),
                ("Called by", change.called_by),
                ("Approved by", change.approval.checker if change.approval else None),
                ("Cools until", change.cooling_until_date),
                ("Penny", change.penny_reference),
                ("Account", link(change.bank_account) if change.bank_account else None),
                ("Ended because", change.end_reason),
            ],
        )

    def ask_view(self, request):
        """Staff enters what a partner asks for by letter."""
        if not may_change(request):
            raise PermissionDenied
        question = Question(
            title="Change bank details of a partner",
            sentence="Payouts to it wait from now on, and all its old contacts are told at once.",
            button="Enter the request",
            form_class=RequestForm,
            act=partial(_request, request),
        )
        return ask(request, self, None, question, back_url=reverse(_LIST))

    def step_view(self, step: str, request, change_id: UUID):
        may, _states = _STEPS[step]
        if not may(request):
            raise PermissionDenied
        change = self.get_object(request, str(change_id))
        if change is None:
            raise Http404
        return ask(request, self, change, _question(step, request, change, self._facts(change)))


def may_change(request) -> bool:
    return request.user.has_perm("partners.change_bankdetailchange")


def may_approve(request) -> bool:
    return is_approver(request.user, bank_changes.RIGHT)


_OPEN = ("REQUESTED", "CALLED_BACK", "APPROVED", "TESTED")
_STEPS = {
    "call": (may_change, ("REQUESTED",)),
    "approve": (may_approve, ("CALLED_BACK",)),
    "again": (may_change, ("CALLED_BACK",)),
    "penny": (may_change, ("APPROVED",)),
    "effective": (may_change, ("TESTED",)),
    "refuse": (may_change, _OPEN),
}
_LABELS = {
    "call": "Note the call back",
    "approve": "Approve",
    "again": "Ask a second person anew",
    "penny": "Note the penny",
    "effective": "Let it take effect",
    "refuse": "Refuse",
}
_SENTENCES = {
    "call": "Call the contact yourself and let it name the holder and the last digits.",
    "approve": "You agree that exactly this account was confirmed on the telephone. It cools for"
    " three business days.",
    "again": "The request ran out; a second person is asked for the same account.",
    "penny": "One cent was sent and the partner named its reference.",
    "effective": "The old account ends now, the new one counts, and payouts are free again.",
    "refuse": "The account on file stays, and payouts are free again.",
}


def _actions(request, change: BankDetailChange) -> list[ActionLink]:
    found = []
    for step, (may, states) in _STEPS.items():
        fits = may(request) and change.state in states
        if step in ("approve", "again") and fits:
            asked = bank_changes.open_request(change, now=timezone.now())
            fits = (asked is None) == (step == "again")
            if asked is not None and asked.maker_id == request.user.pk:
                fits = False
        if fits:
            url = reverse(f"admin:partners_bankdetailchange_{step}", args=[change.pk])
            found.append(ActionLink(f"{_LABELS[step]}…", url, is_dangerous=step == "refuse"))
    return found


def _question(step: str, request, change: BankDetailChange, facts: Facts) -> Question:
    forms_of: dict[str, type[forms.Form]] = {
        "call": _call_form(change),
        "penny": PennyForm,
        "refuse": ReasonForm,
    }
    return Question(
        title=f"{_LABELS[step]}?",
        sentence=_SENTENCES[step],
        button=_LABELS[step],
        effect=[facts],
        form_class=forms_of.get(step, NoAnswers),
        is_dangerous=step == "refuse",
        is_possible=change.state in _STEPS[step][1],
        act=partial(_step, step, request, change),
    )


def _call_form(change: BankDetailChange) -> type[forms.Form]:
    """The contacts of this partner alone."""
    contacts = [(one, one) for one in bank_changes.contacts_on_file(change)]

    class OfThisPartner(CallForm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.fields["contact"].choices = contacts  # type: ignore[attr-defined]

    return OfThisPartner


def _request(request, answers):
    names = ("partner", "currency", "holder", "iban", "bic")
    wanted = NewAccount(**{name: answers[name] for name in names})
    try:
        change = bank_changes.request(
            wanted, reason=answers["reason"], by=request.user, now=timezone.now()
        )
    except NotChangeable as error:
        raise NotPossible(str(error)) from error
    return HttpResponseRedirect(change_url(change))


def _step(step: str, request, change: BankDetailChange, answers) -> str:
    by, now = request.user, timezone.now()
    acts = {
        "call": lambda: bank_changes.call_back(change.pk, by=by, now=now, **answers),
        "approve": lambda: bank_changes.approve(change.pk, checker=by, now=now),
        "again": lambda: bank_changes.ask(change, by=by, now=now),
        "penny": lambda: bank_changes.note_penny(change.pk, by=by, now=now, **answers),
        "effective": lambda: bank_changes.make_effective(change.pk, by=by, now=now),
        "refuse": lambda: bank_changes.end(change.pk, reason=answers["reason"], by=by, now=now),
    }
    try:
        acts[step]()
    except (NotChangeable, NotDecidable) as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return f"Done: {_LABELS[step].lower()}."


def _timeline(change: BankDetailChange) -> Timeline:
    events = AuditEvent.objects.filter(
        object_type="partners.BankDetailChange", object_id=str(change.pk)
    ).order_by("at", "pk")
    steps = [
        Step(event.at, event.action.removeprefix("bank_change."), f"{event.actor} {event.reason}")
        for event in events
    ]
    return Timeline("What happened", steps)
