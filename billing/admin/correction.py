"""Correction runs: select, simulate, see the difference, ask; a second person posts."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.correction_form import SelectionForm, told_selection
from billing.admin.figures import rows_url
from billing.models import ClearedSdr, CorrectionRun
from billing.services import correction_runs
from billing.services.correction_runs import NotCorrectable
from clearinghouse.retry import in_transaction
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask, change_url
from partners.admin.story import (
    WARN,
    ActionLink,
    Badge,
    Facts,
    Figure,
    Figures,
    Note,
    Story,
    Table,
    link,
)
from partners.admin_paging import KeysetPaging
from partners.services import approvals, audit
from partners.services.approvals import NotDecidable
from roaming.models import Sdr

STATE_TONES = {"SIMULATED": "info", "REQUESTED": "warning", "POSTED": "success", "CANCELLED": ""}
_LIST = "admin:billing_correctionrun_changelist"
_NAME = "billing_correctionrun"
_SHOWN = 200


@admin.register(CorrectionRun)
class CorrectionRunAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "short_reason",
        "group",
        "records",
        "change",
        "state_label",
        "maker",
        "simulated_at",
    )
    list_select_related = ("group", "maker", "approval__checker")
    list_filter = (("state", ChoicesDropdownFilter), ("group", RelatedDropdownFilter))
    empty_text = "Records that were settled wrongly are put right in a run."
    change_list_template = "admin/billing/correction_runs.html"

    def get_urls(self):
        site = self.admin_site
        acts = [
            path(
                f"<uuid:run_id>/{name}/",
                site.admin_view(partial(self._act_view, name)),
                name=f"{_NAME}_{name}",
            )
            for name in _QUESTIONS
        ]
        new = path("simulate/", site.admin_view(self.simulate_view), name=f"{_NAME}_simulate")
        return [new, *acts, *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        may = {"may_correct": may_correct(request)}
        return super().changelist_view(request, may | (extra_context or {}))

    @display(description="Reason")
    def short_reason(self, run) -> str:
        return run.reason[:60]

    @display(description="Records")
    def records(self, run) -> str:
        return f"{run.simulation['records']:,}"

    @display(description="Difference")
    def change(self, run) -> str:
        told = run.simulation
        return amount(told["new_claim_minor"] - told["old_claim_minor"], run.group.currency)

    @display(description="State", label=STATE_TONES)
    def state_label(self, run) -> str:
        return run.state

    def name_of(self, run) -> str:
        return f"Correction: {run.reason[:60]}"

    def story(self, request, obj) -> Story:
        return Story(
            [
                *_next_step(request, obj),
                *simulation_sections(obj),
                Facts(
                    "Run",
                    [
                        ("Group", link(obj.group)),
                        ("Reason", obj.reason),
                        ("Selection", told_selection(obj.selection)),
                        ("State", Badge(obj.state, STATE_TONES[obj.state])),
                        ("Asked for by", obj.maker),
                        ("Approved by", obj.approval.checker if obj.approval else None),
                        ("Simulated", obj.simulated_at),
                        ("Posted", obj.posted_at),
                        ("Simulation (SHA-256)", obj.simulation_sha256),
                    ],
                ),
            ],
            _actions(request, obj),
        )

    def simulate_view(self, request):
        """Select and simulate; nothing is posted."""
        if not may_correct(request):
            raise PermissionDenied
        question = Question(
            title="Put settled records right",
            sentence="What was settled stays. Each record of the selection whose newest rating"
            " differs gets a credit and a replacement in the open window, after a second person"
            " has approved the difference. First it is simulated.",
            button="Simulate",
            form_class=SelectionForm,
            act=partial(_simulate, request),
        )
        return ask(request, self, None, question, back_url=reverse(_LIST))

    def _act_view(self, name: str, request, run_id):
        if not (may_decide if name == "approve" else may_correct)(request):
            raise PermissionDenied
        run = self.get_object(request, str(run_id))
        if run is None:
            raise Http404
        return ask(request, self, run, _QUESTIONS[name](request, run))


def may_correct(request) -> bool:
    """Simulate, ask, cancel."""
    return request.user.has_perm("billing.change_correctionrun")


def may_decide(request) -> bool:
    """Approve and post what another asked for: an approver."""
    return approvals.is_approver(request.user, correction_runs.RIGHT)


def simulation_sections(run: CorrectionRun) -> list[object]:
    """The difference: in all, per partner, and record by record."""
    told, currency = run.simulation, run.group.currency
    change = told["new_claim_minor"] - told["old_claim_minor"]
    shown = told["items"][:_SHOWN]
    names = _names_of([UUID(record) for record, *_ in shown])
    items = [
        (
            link(ClearedSdr(pk=UUID(record)), names.get(UUID(record), record)),
            amount(old, currency),
            amount(new, currency),
            amount(new - old, currency),
        )
        for record, old, new in shown
    ]
    more = len(told["items"]) - _SHOWN
    return [
        Figures(
            [
                Figure("Records", f"{told['records']:,}"),
                Figure("Settled at", amount(told["old_claim_minor"], currency)),
                Figure("Should be", amount(told["new_claim_minor"], currency)),
                Figure("Difference", amount(change, currency), "without VAT and fees"),
            ]
        ),
        Table(
            "Difference per partner",
            ("Partner", "Difference"),
            [(row["name"], amount(row["difference_minor"], currency)) for row in told["partners"]],
            frozenset({1}),
            note="+ the partner gets more than was settled; the sum of all is zero. VAT is worked"
            " out when the window is settled.",
        ),
        Table(
            "Records",
            ("Record", "Settled at", "Should be", "Difference"),
            items,
            frozenset({1, 2, 3}),
            note=f"The first {_SHOWN:,}; {more:,} more belong to the run." if more > 0 else "",
        ),
    ]


def _names_of(records: list[UUID]) -> dict[UUID, str]:
    """The sellers' own ids of records."""
    named = Sdr.objects.filter(pk__in=records).values_list("pk", "sdr_id")
    return {pk: str(sdr_id) for pk, sdr_id in named}


def _actions(request, run: CorrectionRun) -> list[ActionLink]:
    links = []
    is_asked = run.state == CorrectionRun.State.REQUESTED and run.maker_id != request.user.pk
    if is_asked and may_decide(request):
        links.append(_link("Approve and post…", "approve", run))
    if not may_correct(request):
        return links
    if run.state == CorrectionRun.State.SIMULATED and run.maker_id == request.user.pk:
        links.append(_link("Ask a second person…", "request", run))
    if run.state in (CorrectionRun.State.SIMULATED, CorrectionRun.State.REQUESTED):
        links.append(_link("Cancel…", "cancel", run, is_dangerous=True))
    if run.state == CorrectionRun.State.POSTED:
        url = rows_url(ClearedSdr, correction_run_id__exact=run.pk)
        links.append(ActionLink("Its credits and replacements", url))
    return links


def _link(label: str, name: str, run: CorrectionRun, **options: bool) -> ActionLink:
    return ActionLink(label, reverse(f"admin:{_NAME}_{name}", args=[run.pk]), **options)


def _next_step(request, run: CorrectionRun) -> list[Note]:
    if run.state == CorrectionRun.State.SIMULATED and run.maker_id != request.user.pk:
        return [Note(f"Nothing is posted. {run.maker} simulated it and asks for it.")]
    if run.state == CorrectionRun.State.SIMULATED:
        return [Note("Nothing is posted. Check the difference, then ask a second person.")]
    if run.state == CorrectionRun.State.REQUESTED:
        own = run.maker_id == request.user.pk
        other = "you" if may_decide(request) else "an approver"
        who = "You asked; a second person" if own else f"{run.maker} asked; {other}"
        return [Note(f"{who} can approve exactly this simulation.", tone=WARN)]
    return []


def _why_not(request, run: CorrectionRun) -> list[Note]:
    if run.state != CorrectionRun.State.REQUESTED:
        return [Note(f"The run is {run.state}; nobody asks for it now.", tone=WARN)]
    if run.maker_id == request.user.pk:
        return [Note("You asked for it yourself; a second person must approve.", tone=WARN)]
    return []


def _request(request, run: CorrectionRun) -> Question:
    is_possible = run.state == CorrectionRun.State.SIMULATED
    return Question(
        title="Ask for this correction?",
        sentence="A second person sees exactly this simulation and approves it.",
        button="Ask a second person",
        effect=simulation_sections(run),
        is_possible=is_possible,
        act=partial(_do, request, run, "requested"),
    )


def _approve(request, run: CorrectionRun) -> Question:
    problem = _why_not(request, run)
    return Question(
        title="Approve and post this correction?",
        sentence="A credit and a replacement per record go into the open window. It cannot be"
        " undone; another run puts a wrong one right. No second fee per record is charged.",
        button="Approve and post",
        effect=[*problem, *simulation_sections(run)],
        is_possible=not problem,
        is_dangerous=True,
        act=partial(_do, request, run, "posted"),
    )


def _cancel(request, run: CorrectionRun) -> Question:
    is_possible = run.state in (CorrectionRun.State.SIMULATED, CorrectionRun.State.REQUESTED)
    return Question(
        title="Cancel this run?",
        sentence="Nothing of it is posted. Simulate anew when the ratings are right.",
        button="Cancel it",
        is_possible=is_possible,
        effect=[] if is_possible else [Note(f"The run is {run.state}.", tone=WARN)],
        act=partial(_do, request, run, "cancelled"),
    )


_QUESTIONS = {"request": _request, "approve": _approve, "cancel": _cancel}


def _simulate(request, answers):
    now = timezone.now()
    try:
        with transaction.atomic():
            run = correction_runs.simulate(
                answers["group"],
                answers["selection"],
                reason=answers["reason"],
                maker=request.user,
                now=now,
            )
            _note(request, run, "simulated", answers["reason"], now)
    except NotCorrectable as error:
        raise NotPossible(str(error)) from error
    return HttpResponseRedirect(change_url(run))


def _do(request, run: CorrectionRun, verb: str, answers) -> str:
    now = timezone.now()

    def done() -> None:
        if verb == "requested":
            correction_runs.request(run, by=request.user, now=now)
        elif verb == "cancelled":
            correction_runs.cancel(run)
        else:
            asked = run.approval
            if asked is None:
                raise NotCorrectable("Nobody has asked for it yet.")
            approvals.approve(asked.pk, checker=request.user, now=now, right=correction_runs.RIGHT)
            correction_runs.post(run, now=now)
        _note(request, run, verb, answers["reason"], now)

    try:
        in_transaction(done)
    except (NotCorrectable, NotDecidable) as error:
        raise NotPossible(f"Nothing was changed: {error}") from error
    return {
        "requested": "Asked. A second person approves it or you cancel it.",
        "posted": "Posted into the open window.",
        "cancelled": "Cancelled.",
    }[verb]


def _note(request, run: CorrectionRun, verb: str, reason: str, now: datetime) -> None:
    audit.record(
        f"correction.{verb}",
        run,
        actor=request.user.get_username(),
        at=now,
        reason=reason,
        after={"simulation_sha256": run.simulation_sha256},
    )
