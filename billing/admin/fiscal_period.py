"""Fiscal periods: made for a year, locked by two persons; and the pages over the books."""

from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from billing.admin.accruals import accruals_view, accrued_in, accrued_records_view
from billing.admin.ageing import ageing_view
from billing.admin.books_pages import book_path, local_text, page_url
from billing.admin.trial_balance import trial_balance_view
from billing.models import FiscalPeriod
from billing.services import fiscal
from billing.services.fiscal import NotLockable
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ReasonForm, ask
from partners.admin.story import WARN, ActionLink, Facts, Note, Story, Table
from partners.models import Environment
from partners.services import audit
from partners.services.approvals import NotDecidable, is_approver

_LIST = "admin:billing_fiscalperiod_changelist"
_TONES = {"OPEN": "warning", "LOCKED": "success"}


class YearForm(forms.Form):
    """Which year's months."""

    year = forms.IntegerField(min_value=2020, max_value=2100, widget=UnfoldAdminIntegerFieldWidget)
    environment = forms.ChoiceField(choices=Environment.choices, widget=UnfoldAdminSelectWidget)


@admin.register(FiscalPeriod)
class FiscalPeriodAdmin(EvidenceAdmin):
    list_display = ("name", "state_label", "starts_at", "ends_at", "locked_at", "environment")
    list_filter = (("state", ChoicesDropdownFilter), ("environment", ChoicesDropdownFilter))
    list_select_related = ("approval__maker", "approval__checker")
    ordering = ("-starts_at", "environment")
    empty_text = "No periods yet: make the months of a year."
    change_list_template = "admin/billing/fiscal_periods.html"

    def get_urls(self):
        own = self.admin_site.admin_view
        return [
            path("months/", own(self.months_view), name="billing_fiscalperiod_months"),
            *(
                path(
                    f"<uuid:period_id>/{verb}/",
                    own(getattr(self, f"{verb}_view")),
                    name=f"billing_fiscalperiod_{verb}",
                )
                for verb in ("ask", "lock", "refuse")
            ),
            book_path(self, "accruals/", accruals_view, "accruals"),
            book_path(self, "accruals/records/", accrued_records_view, "accrued_records"),
            book_path(self, "ageing/", ageing_view, "ageing"),
            book_path(self, "trial-balance/", trial_balance_view, "trial_balance"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = {"may_change": _may_change(request)}
        return super().changelist_view(request, may | (extra_context or {}))

    @display(description="State", label=_TONES)
    def state_label(self, row) -> str:
        return row.state

    def story(self, request, obj) -> Story:
        notes, actions = self._waiting(request, obj)
        accrued = accrued_in(ends_at=obj.ends_at, environment=obj.environment, now=timezone.now())
        query = {"as_of": local_text(obj.ends_at), "environment": obj.environment}
        actions.append(ActionLink("Accruals at its end", page_url("accruals", query)))
        return Story(
            [
                *notes,
                Facts(
                    "Period",
                    [
                        ("State", obj.state),
                        ("From", obj.starts_at),
                        ("Up to, not included", obj.ends_at),
                        ("Environment", obj.environment),
                        ("Asked for by", obj.approval and obj.approval.maker),
                        ("Locked by", obj.approval and obj.approval.checker),
                        ("Locked", obj.locked_at),
                    ],
                ),
                Table(
                    "Delivered and not settled at its end",
                    ("Currency", "Accrued"),
                    accrued,
                    frozenset({1}),
                    empty="Nothing, or its end can not be read yet.",
                ),
            ],
            actions,
        )

    def _waiting(self, request, period: FiscalPeriod) -> tuple[list[Note], list[ActionLink]]:
        """What stands in the way, or who must act."""
        if period.state == FiscalPeriod.State.LOCKED:
            return [Note("Nothing is posted into it any more. It stays locked.")], []
        if problem := fiscal.why_not_lockable(period):
            return [Note(problem, tone=WARN, title="It cannot be locked yet")], []
        asked = fiscal.open_request(period, now=timezone.now())
        verbs = [] if asked is None else ["lock", "refuse"]
        if asked is None and _may_change(request):
            verbs = ["ask"]
        notes = []
        if asked is not None:
            notes = [Note(f"{asked.maker} asked to lock it; an approver decides.", tone=WARN)]
            if asked.maker_id == request.user.pk or not _may_decide(request):
                verbs = []
        labels = {"ask": "Ask to lock…", "lock": "Lock…", "refuse": "Refuse…"}
        links = [
            ActionLink(
                labels[verb],
                reverse(f"admin:billing_fiscalperiod_{verb}", args=[period.pk]),
                is_dangerous=verb == "lock",
            )
            for verb in verbs
        ]
        return notes, links

    def months_view(self, request):
        """Make the months of a year; those that exist stay."""
        _refuse_others(request)
        question = Question(
            title="Make the months of a year",
            sentence="Twelve open periods in Brussels time. Months that exist stay as they are.",
            button="Make them",
            form_class=YearForm,
            act=partial(_make, request),
        )
        return ask(request, self, None, question, back_url=reverse(_LIST))

    def ask_view(self, request, period_id):
        return self._decide(request, period_id, "Ask to lock", _request)

    def lock_view(self, request, period_id):
        return self._decide(request, period_id, "Lock", _lock)

    def refuse_view(self, request, period_id):
        return self._decide(request, period_id, "Do not lock", _refuse)

    def _decide(self, request, period_id, verb: str, act):
        if not (_may_change if act is _request else _may_decide)(request):
            raise PermissionDenied
        period = self.get_object(request, str(period_id))
        if period is None:
            raise Http404
        problem = "" if act is _refuse else fiscal.why_not_lockable(period)
        accrued = accrued_in(
            ends_at=period.ends_at, environment=period.environment, now=timezone.now()
        )
        told = "; ".join(text for _, text in accrued) or "nothing"
        effect = [
            Note(problem, tone=WARN)
            if problem
            else Note(
                f"Delivered by its end and not settled: {told}. That does not stop the lock; book"
                " it as an accrual.",
                tone=WARN if accrued else "",
            )
        ]
        question = Question(
            title=f"{verb} {period}?",
            sentence="Nothing is posted into a locked period, and it is never opened again: what"
            " is wrong goes into the open one.",
            button=verb,
            effect=effect,
            form_class=ReasonForm,
            is_possible=not problem,
            is_dangerous=act is _lock,
            act=partial(act, request, period),
        )
        return ask(request, self, period, question)


def _may_change(request) -> bool:
    return request.user.has_perm("billing.change_fiscalperiod")


def _may_decide(request) -> bool:
    """Lock, or leave open: an approver."""
    return is_approver(request.user, fiscal.RIGHT)


def _refuse_others(request) -> None:
    if not _may_change(request):
        raise PermissionDenied


def _make(request, answers) -> str:
    now = timezone.now()
    with transaction.atomic():
        rows = fiscal.open_months(year=answers["year"], environment=answers["environment"], now=now)
        _note("made", rows[0], request, f"months of {answers['year']}", now)
    return f"The months of {answers['year']} are there."


def _request(request, period: FiscalPeriod, answers) -> str:
    now = timezone.now()
    try:
        with transaction.atomic():
            fiscal.request_lock(period, reason=answers["reason"], maker=request.user, now=now)
            _note("lock_requested", period, request, answers["reason"], now)
    except NotLockable as error:
        raise NotPossible(str(error)) from error
    return "Asked. A second person locks it."


def _lock(request, period: FiscalPeriod, answers) -> str:
    now = timezone.now()
    try:
        with transaction.atomic():
            fiscal.lock(period.pk, checker=request.user, now=now)
            _note("locked", period, request, answers["reason"], now)
    except (NotLockable, NotDecidable) as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return f"{period} is locked."


def _refuse(request, period: FiscalPeriod, answers) -> str:
    now = timezone.now()
    try:
        with transaction.atomic():
            fiscal.refuse_lock(period.pk, checker=request.user, now=now)
            _note("lock_refused", period, request, answers["reason"], now)
    except (NotLockable, NotDecidable) as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return "Refused: the period stays open."


def _note(verb: str, period: FiscalPeriod, request, reason: str, now) -> None:
    actor = request.user.get_username()
    audit.record(f"fiscal_period.{verb}", period, actor=actor, at=now, reason=reason)
