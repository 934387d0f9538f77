"""Many agreements by a file: download a template or what holds today, upload, look, apply."""

import csv
import uuid
from functools import partial
from io import StringIO

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget

from clearinghouse.spreadsheet import neutralize
from partners.admin import trial
from partners.admin.confirm import Question, ask, change_url
from partners.admin.story import BAD, GOOD, INFO, WARN, Note
from partners.models import Job, RoamingAgreement
from partners.services import agreement_job, audit
from partners.services.agreement_file import COLUMNS, NEW, REFUSED, SAME, VERSION, line_of
from partners.services.uploads import store_upload

MAX_FILE_BYTES = 20 * 1024 * 1024
LIST = "admin:partners_roamingagreement_changelist"
_WORK = trial.Work(
    kind=agreement_job.KIND, tried="agreement.file_uploaded", applied="agreement.file_applied"
)
_TONES = {NEW: GOOD, VERSION: INFO, SAME: "", REFUSED: BAD}


class FileForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label="CSV file",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv"}),
        help_text="UTF-8 with the header line of the template. Empty cells: as in the version"
        " before, or as usual.",
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            raise forms.ValidationError(
                f"The file is larger than {MAX_FILE_BYTES // 2**20} MB; split it."
            )
        return file


class ImportPages:
    """Below the list of agreements; who may add agreements may add many."""

    def __init__(self, model_admin):
        self.admin = model_admin

    def urls(self):
        view = self.admin.admin_site.admin_view
        name = "partners_roamingagreement"
        return [
            path("import/", view(self.upload), name=f"{name}_import"),
            path("import/template.csv", view(self.template), name=f"{name}_template"),
            path("import/today.csv", view(self.today), name=f"{name}_today"),
            path("import/<uuid:job_id>/", view(self.apply), name=f"{name}_apply"),
        ]

    def upload(self, request):
        self._refuse_others(request)
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            return HttpResponseRedirect(change_url(_tried(request, form.cleaned_data["file"])))
        request.current_app = self.admin.admin_site.name
        context = {
            **self.admin.admin_site.each_context(request),
            "opts": self.admin.opts,
            "title": "Many agreements by a file",
            "form": form,
            "lead": "First a preview: nothing is changed, and each row tells whether it is a new"
            " agreement, a new version, the same as today, or what is wrong with it.",
            "button": "Upload and preview",
            "back_url": reverse(LIST),
        }
        return TemplateResponse(request, "admin/partners/agreement_upload.html", context)

    def template(self, request):
        """The header, and a row that shows how each cell is written."""
        self._refuse_others(request)
        example = {
            "number": "NLX-VOL-2027",
            "seller": "DE*NLX",
            "buyer": "FR*VOL",
            "group": "EUR monthly",
            "starts_on": "2027-01-01",
            "environment": "LIVE",
            "commission_percent": "1.5",
            "acceptance": "DEEMED",
            "acceptance_days": "10",
        }
        return _csv("agreements-template.csv", [[example.get(name, "") for name in COLUMNS]])

    def today(self, request):
        """The newest version of each number that is in force: to be changed and uploaded again."""
        self._refuse_others(request)
        newest = (
            RoamingAgreement.objects.filter(in_force_at__isnull=False)
            .select_related("seller", "buyer", "group")
            .order_by("number", "-version")
            .distinct("number")
        )
        audit.record(
            "agreement.file_downloaded",
            request.user,
            actor=request.user.get_username(),
            at=timezone.now(),
        )
        return _csv("agreements.csv", [line_of(one) for one in newest])

    def apply(self, request, job_id):
        """The preview's rows, and the question whether to apply them."""
        self._refuse_others(request)
        job = Job.objects.filter(pk=job_id, kind=_WORK.kind, state=Job.State.DONE).first()
        if job is None or not job.parameters["is_trial"]:
            raise Http404
        counts = job.result or {}
        changing = counts.get(NEW, 0) + counts.get(VERSION, 0)
        effect = trial.sections(
            job, _TONES, columns=("row", "outcome", "number", "changes", "problem")
        )
        if not changing:
            effect.insert(0, Note("No row changes anything: correct the file, upload it.", WARN))
        question = Question(
            title=f"Put {changing} agreement{'' if changing == 1 else 's'} in force?",
            sentence="What is in force cannot be edited: a change is a new version. Refused rows"
            " are left out.",
            button="Put them in force",
            effect=effect,
            is_possible=bool(changing),
            act=partial(_applied, request, job),
        )
        return ask(request, self.admin, None, question, back_url=reverse(LIST))

    def _refuse_others(self, request) -> None:
        if not self.admin.has_add_permission(request):
            raise PermissionDenied


def _tried(request, file) -> Job:
    key = uuid.uuid4()
    return trial.queue(
        request,
        _WORK,
        run_key=f"agreements:{key}",
        title=f"Preview of {file.name}",
        parameters={"is_trial": True, "file_name": (file.name or "")[:150]},
        input_name=store_upload(file, name=f"{key}.csv"),
    )


def _applied(request, job: Job, answers):
    applied = trial.queue(
        request,
        _WORK,
        run_key=f"apply:{job.pk}",
        title=f"Agreements of {job.parameters['file_name']}",
        parameters=job.parameters | {"is_trial": False, "reason": answers["reason"]},
        input_name=job.input_name,
    )
    return HttpResponseRedirect(change_url(applied))


def _csv(name: str, rows: list[list[str]]) -> HttpResponse:
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([neutralize(cell) for cell in row] for row in rows)
    response = HttpResponse(
        "\N{BYTE ORDER MARK}" + text.getvalue(), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
