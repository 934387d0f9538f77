"""Manual adjustments: one person asks with reason and counter-account, another posts or refuses."""

from functools import partial

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.admin.figures import Totalled
from billing.admin.two_persons import STATE_TONES, TwoPersons, told_state
from billing.models import Account, ClearingWindow, ManualAdjustment
from billing.services import adjustments
from billing.services.adjustments import NotAdjustable
from clearinghouse.money import AmountOutOfRange, from_minor_units, to_minor_units
from partners.admin.confirm import NotPossible, Question, ReasonForm, ask, change_url
from partners.admin.story import Facts, Figure, Figures, Story, link
from partners.admin_paging import KeysetPaging
from partners.models import Partner
from partners.services import audit
from partners.services.approvals import NotDecidable

_COUNTER_ACCOUNTS = ("4100", "4190", "6900", "7900")
_LIST = "admin:billing_manualadjustment_changelist"


class AdjustmentForm(ReasonForm):
    """Who gets or pays what, in which open window, against which account of the house."""

    window = forms.ModelChoiceField(ClearingWindow.objects.none(), widget=UnfoldAdminSelectWidget)
    partner = forms.ModelChoiceField(Partner.objects.none(), widget=UnfoldAdminSelectWidget)
    amount = forms.DecimalField(
        max_digits=15,
        decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="In the window's currency: 12.50 the partner gets, −12.50 it pays.",
    )
    counter_account = forms.ChoiceField(
        choices=[(code, Account.Code(code).label) for code in _COUNTER_ACCOUNTS],
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("window", "partner", "amount", "counter_account", "reason")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        opened = ClearingWindow.objects.filter(state=ClearingWindow.State.OPEN)
        window, partner = self.fields["window"], self.fields["partner"]
        window.queryset = opened.select_related("group").order_by("supply_ends_at")  # type: ignore[attr-defined]
        window.label_from_instance = name_of  # type: ignore[attr-defined]
        partner.queryset = Partner.objects.filter(is_clearing_house=False).order_by("name")  # type: ignore[attr-defined]

    def clean(self):
        super().clean()
        wanted = self.cleaned_data
        window, money = wanted.get("window"), wanted.get("amount")
        if window is None or money is None:
            return wanted
        if not money:
            self.add_error("amount", "Zero adjusts nothing.")
            return wanted
        currency = window.group.currency
        try:
            minor = to_minor_units(money, currency=currency)
        except AmountOutOfRange as error:
            self.add_error("amount", str(error))
            return wanted
        if from_minor_units(minor, currency=currency) != money:
            self.add_error("amount", f"{currency} has no such small amounts.")
        wanted["amount_minor"] = minor
        return wanted


@admin.register(ManualAdjustment)
class ManualAdjustmentAdmin(TwoPersons, KeysetPaging, Totalled):
    list_display = ("partner", "money", "counter", "state_label", "short_reason", "into")
    list_select_related = ("partner", "window__group", "approval__maker", "approval__checker")
    empty_text = "An adjustment is asked for by one person and posted by another."
    list_filter = (("state", ChoicesDropdownFilter), ("partner", RelatedDropdownFilter))
    totals = {"amount_minor": "+ partners get, − they pay"}
    totalled_by = ("window__id__exact", "partner__id__exact")
    change_list_template = "admin/billing/adjustments.html"

    @display(description="Amount")
    def money(self, row) -> str:
        return amount(row.amount_minor, row.currency)

    @display(description="State", label=STATE_TONES)
    def state_label(self, row) -> str:
        return told_state(row, timezone.now())

    @display(description="Counter-account")
    def counter(self, row) -> str:
        return Account.Code(row.counter_account).label

    @display(description="Reason")
    def short_reason(self, row) -> str:
        return row.reason[:60]

    @display(description="Window")
    def into(self, row) -> str:
        return name_of(row.window)

    def name_of(self, row) -> str:
        return f"{self.money(row)} for {row.partner}"

    def story(self, request, obj) -> Story:
        notes, actions = self.waiting(request, obj)
        return Story(
            [
                *notes,
                Figures([Figure("Amount", self.money(obj), "+ the partner gets, − it pays")]),
                Facts(
                    "Adjustment",
                    [
                        ("Partner", link(obj.partner)),
                        ("Window", link(obj.window, name_of(obj.window))),
                        ("Counter-account", self.counter(obj)),
                        ("Reason", obj.reason),
                        ("State", self.state_label(obj)),
                        ("Asked for by", obj.approval.maker),
                        ("Asked for", obj.requested_at),
                        ("Decided by", obj.approval.checker),
                        ("Posted", obj.posted_at),
                    ],
                ),
            ],
            actions,
        )

    def ask_view(self, request):
        """One person asks."""
        self.refuse_others(request)
        question = Question(
            title="Adjust a partner's position",
            sentence="For an amount that no record explains. A second person posts it; it stands"
            " as a line of its own, with its reason, on the partner's statement.",
            button="Ask a second person",
            form_class=AdjustmentForm,
            act=partial(_request, request),
        )
        return ask(request, self, None, question, back_url=reverse(_LIST))

    def question(self, request, row, *, approve: bool) -> Question:
        verb = "Post" if approve else "Refuse"
        what = f"{self.money(row)} for {row.partner}"
        return Question(
            title=f"{verb} the adjustment of {what}?",
            sentence=f"“{row.reason}” It goes into {name_of(row.window)} and cannot be undone;"
            " only another adjustment takes it back."
            if approve
            else "It is not posted. Who asked can ask anew.",
            button=verb,
            is_dangerous=approve,
            act=partial(_act, request, row, approve),
        )


def _request(request, answers):
    now = timezone.now()
    try:
        with transaction.atomic():
            row = adjustments.request(
                answers["window"],
                answers["partner"],
                answers["amount_minor"],
                counter_account=answers["counter_account"],
                reason=answers["reason"],
                maker=request.user,
                now=now,
            )
            _note("adjustment.requested", row, request, answers["reason"], now)
    except NotAdjustable as error:
        raise NotPossible(str(error)) from error
    return HttpResponseRedirect(change_url(row))


def _act(request, row: ManualAdjustment, approve: bool, answers) -> str:
    now = timezone.now()
    try:
        with transaction.atomic():
            adjustments.decide(row.pk, approve=approve, checker=request.user, now=now)
            verb = "posted" if approve else "refused"
            _note(f"adjustment.{verb}", row, request, answers["reason"], now)
    except (NotAdjustable, NotDecidable) as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return "Posted: it moves the position when its window closes." if approve else "Refused."


def _note(action: str, row: ManualAdjustment, request, reason: str, now) -> None:
    audit.record(action, row, actor=request.user.get_username(), at=now, reason=reason)
