"""What a draft of a rule override would change: asked for from its page, kept with it."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import partial

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSingleDateWidget

from partners.admin.confirm import Question, ask
from partners.admin.story import (
    ActionLink,
    Facts,
    Figure,
    Figures,
    Note,
    Story,
    Table,
    link,
)
from partners.models import Job
from partners.services import audit
from partners.tasks import wake_worker
from roaming.models import RuleOverride, Sdr
from roaming.services import simulation_job
from roaming.services.simulation import Selection

USUAL_PERIOD = timedelta(days=90)
_MOVED = (
    ("newly_held", "newly held"),
    ("newly_rejected", "newly rejected"),
    ("newly_passed", "newly passed"),
)


class PeriodForm(forms.Form):
    """Over which past records."""

    from_date = forms.DateField(label="Received from", widget=UnfoldAdminSingleDateWidget)
    until_date = forms.DateField(
        label="Received before",
        widget=UnfoldAdminSingleDateWidget,
        help_text="Days in UTC. A hundred thousand records take some minutes; go on working.",
    )

    def __init__(self, data=None):
        today = timezone.now().date()
        usual = {"from_date": today - USUAL_PERIOD, "until_date": today + timedelta(days=1)}
        super().__init__(data, initial=usual)

    def clean(self):
        cleaned = super().clean() or {}
        first, last = cleaned.get("from_date"), cleaned.get("until_date")
        if first and last and first >= last:
            self.add_error("until_date", "Choose a day after the first one.")
        return cleaned


def urls(model_admin) -> list:
    """The pages, below those of rule overrides."""
    in_admin = model_admin.admin_site.admin_view
    return [
        path(
            "<uuid:draft_id>/simulate/",
            in_admin(partial(_ask_page, model_admin)),
            name="roaming_simulation_ask",
        ),
        path(
            "simulation/<uuid:job_id>/",
            in_admin(partial(_result_page, model_admin)),
            name="roaming_simulation",
        ),
    ]


def action_of(draft: RuleOverride) -> list[ActionLink]:
    """The button on the draft's page; what is in force needs no trial."""
    if draft.activated_at is not None:
        return []
    return [ActionLink("Simulate…", reverse("admin:roaming_simulation_ask", args=[draft.pk]))]


def sections_of(draft: RuleOverride) -> Iterator[object]:
    """What the newest simulation said, for whoever looks at the draft or activates it."""
    job = simulation_job.latest_of(draft)
    if job is None:
        yield Note("Not simulated yet: see first what it would hold, reject or let pass.")
        return
    if not simulation_job.is_of_today(job, simulation_job.drafts_of(job)):
        yield Note(
            "The draft was changed after this simulation. Simulate it again.", tone="warning"
        )
    yield from _sections(job)


def _ask_page(model_admin, request, *, draft_id):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    draft = get_object_or_404(RuleOverride, pk=draft_id)
    return ask(
        request,
        model_admin,
        draft,
        Question(
            title=f"Simulate {draft}?",
            sentence="Past records are judged again, as if the draft had been in force when they"
            " came in. Nothing is changed.",
            button="Simulate",
            form_class=PeriodForm,
            is_possible=draft.activated_at is None,
            act=lambda wanted: _enqueue(request, draft, wanted),
        ),
    )


def _enqueue(request, draft: RuleOverride, wanted: dict) -> HttpResponseRedirect:
    with transaction.atomic():
        job = simulation_job.ask_for(
            simulation_job.Wish(
                drafts=(draft,),
                selection=Selection(
                    from_at=_midnight(wanted["from_date"]),
                    until_at=_midnight(wanted["until_date"]),
                    agreement_number=draft.agreement_number,
                ),
            ),
            user=request.user,
        )
        audit.record("rules.simulated", job, actor=str(request.user), at=timezone.now())
        transaction.on_commit(wake_worker)
    return HttpResponseRedirect(reverse("admin:partners_job_change", args=[job.pk]))


def _midnight(day) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())


def _result_page(model_admin, request, *, job_id):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    job = Job.objects.filter(pk=job_id, kind=simulation_job.KIND).first()
    if job is None or not job.result:
        raise Http404
    drafts = [("Draft", link(draft)) for draft in simulation_job.drafts_of(job)]
    story = Story([*_sections(job), Facts("Simulated", [*drafts, ("Job", link(job))])])
    return model_admin.tell(request, job, story, {"title": job.title})


def _sections(job: Job) -> Iterator[object]:
    (told,) = (job.result or {})["figures"]
    yield Figures(
        [
            Figure("Records judged", f"{told['records']:,}"),
            *(
                Figure(name.capitalize(), f"{told[effect]['records']:,}", _money(told[effect]))
                for effect, name in _MOVED
            ),
            Figure("Unchanged", f"{told['unchanged']['records']:,}"),
        ],
        title=f"Simulated for records received {job.parameters['from_at'][:10]} to"
        f" {job.parameters['until_at'][:10]}",
    )
    if told["differing_from_intake"]:
        yield Note(
            f"{told['differing_from_intake']:,} records are judged otherwise today than at their"
            " intake even without the draft: a rule or a registry's entry was changed since.",
            tone="warning",
        )
    yield _codes(told["codes"])


def _codes(codes: dict) -> Table:
    rows = []
    for code, one in codes.items():
        for effect, name in _MOVED:
            if one[effect]["records"]:
                records = Sdr.objects.filter(id__in=one["examples"][effect][:1])
                example = next((link(record) for record in records), "—")
                energy = f"{Decimal(one[effect]['energy_kwh']):,.1f}"
                count = f"{one[effect]['records']:,}"
                rows.append((code, name, count, energy, _money(one[effect]), example))
    return Table(
        "By code",
        ("Code", "Effect", "Records", "kWh", "Amount", "For example"),
        rows,
        frozenset({2, 3, 4}),
        empty="No record would be treated otherwise.",
    )


def _money(one: dict) -> str:
    return ", ".join(
        f"{amount.rstrip('0').rstrip('.')} {name}" for name, amount in one["amounts"].items()
    )
