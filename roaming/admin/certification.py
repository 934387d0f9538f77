"""Certifications of test systems: what staff and labs read, and where they ask for another."""

from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.job import STATE_TONES
from partners.admin.story import BAD, GOOD, ActionLink, Badge, Figure, Figures, Note, Story, Table
from partners.admin_paging import KeysetPaging
from partners.models import CertificationRun, Environment, Job, RoamingEndpoint
from partners.tasks import wake_worker
from roaming.services import certification
from roaming.services.certification import NotCertifiable

_RIGHT = "partners.run_certification"
_LIST = "admin:partners_certificationrun_changelist"
_VERDICTS = {"passed": GOOD, "failed": BAD}
_LAST = 10


class AskForm(forms.Form):
    """Which system: registered ones of TEST alone are offered."""

    endpoint = forms.ModelChoiceField(
        RoamingEndpoint.objects.none(),
        label="Test system",
        widget=UnfoldAdminSelectWidget,
        help_text="Registered connections of TEST; others have no token that we could show.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["endpoint"].queryset = (  # type: ignore[attr-defined]
            RoamingEndpoint.objects.filter(
                environment=Environment.TEST, registered_at__isnull=False
            )
            .exclude(state=RoamingEndpoint.State.SUSPENDED)
            .select_related("owner")
            .order_by("owner__name", "pk")
        )


@admin.register(CertificationRun)
class CertificationRunAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("partner", "verdict", "passed", "failed", "not_applicable", "system", "ran_at")
    list_select_related = ("partner", "endpoint")
    list_filter = (("partner", RelatedDropdownFilter),)
    empty_text = "A report appears here when a test system was asked the conformance cases."
    change_list_template = "admin/roaming/certifications.html"

    @display(description="Verdict", label={"passed": "success", "failed": "danger"})
    def verdict(self, run) -> str:
        return _verdict(run)

    @display(description="System")
    def system(self, run) -> str:
        return str(run.report.get("versions_url", ""))

    def name_of(self, run) -> str:
        return f"Certification of {run.partner}, {timezone.localtime(run.ran_at):%d %b %Y %H:%M}"

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("ask/", view(self.ask_view), name="partners_certificationrun_ask"),
            path(
                "<uuid:run_id>/signed-report/",
                view(self.report_view),
                name="partners_certificationrun_report",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = {"may_ask": request.user.has_perm(_RIGHT)}
        return super().changelist_view(request, may | (extra_context or {}))

    def story(self, request, obj) -> Story:
        report = obj.report
        totals = Figures(
            [
                Figure("Passed", obj.passed),
                Figure("Failed", obj.failed),
                Figure("Not applicable", obj.not_applicable),
                Figure(str(report.get("role", "")).upper(), f"OCPI {report.get('version', '')}"),
            ]
        )
        note = Note(
            f"The cases were asked of {report.get('versions_url')} in TEST. The signature holds"
            " the whole report: manage.py certify_partner --verify checks the file.",
            GOOD if _verdict(obj) == "passed" else BAD,
            "Every case that was asked passed" if _verdict(obj) == "passed" else "Not yet",
        )
        signed = reverse("admin:partners_certificationrun_report", args=[obj.pk])
        return Story([note, totals, _cases(report)], [ActionLink("Signed report (JSON)", signed)])

    def report_view(self, request, run_id):
        """The file that a lab hands on."""
        run = self.get_object(request, str(run_id))
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        if run is None:
            raise Http404
        name = f"certification-{run.ran_at:%Y%m%d-%H%M}.json"
        return HttpResponse(
            certification.signed_file(run),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def ask_view(self, request):
        if not request.user.has_perm(_RIGHT):
            raise PermissionDenied
        question = Question(
            title="Certify a test system?",
            sentence="Its system is asked the conformance cases over the connection it registered;"
            " test objects (ids CERT…) stay there. The report is signed and appears in the list,"
            " usually within some minutes.",
            button="Ask the cases",
            effect=[_asked_before()],
            form_class=AskForm,
            act=partial(_ask, request),
        )
        return ask(request, self, None, question, back_url=reverse(_LIST))


def _verdict(run: CertificationRun) -> str:
    return "failed" if run.failed or not run.passed else "passed"


def _cases(report: dict) -> Table:
    """Failed ones first: they are what somebody has to do."""
    order = {"failed": 0, "passed": 1}
    cases = sorted(report.get("cases", []), key=lambda one: order.get(one["verdict"], 2))
    rows = [
        (
            one["case"],
            one["asked"],
            one["expected"],
            one["came"],
            Badge(one["verdict"], _VERDICTS.get(one["verdict"], "")),
        )
        for one in cases
    ]
    return Table("Cases", ("Case", "Asked", "Expected", "Came", "Verdict"), rows)


def _asked_before() -> Table:
    """The jobs of certifications alone: whoever may ask need not see other work."""
    jobs = Job.objects.filter(kind=certification.JOB).order_by("-created_at")[:_LAST]
    rows = [
        (job.created_at, job.title, Badge(job.state, STATE_TONES[job.state]), job.error)
        for job in jobs
    ]
    return Table(
        "Asked before",
        ("When", "What", "State", "Why it ended"),
        rows,
        empty="No certification was asked for here yet.",
    )


def _ask(request, answers) -> str:
    try:
        certification.ask_for(answers["endpoint"], by=request.user, now=timezone.now())
    except NotCertifiable as error:
        raise NotPossible(str(error)) from error
    wake_worker()
    return "The cases are being asked; the report appears in this list."
