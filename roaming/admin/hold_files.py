"""Correct many held records by a file: download, edit in a spreadsheet, upload, look, apply."""

import csv
import uuid
from functools import partial
from io import StringIO

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget

from clearinghouse.spreadsheet import neutralize
from partners.admin import trial as trials
from partners.admin.confirm import Question, ask, change_url
from partners.admin.story import BAD, GOOD, WARN, Note
from partners.models import Job
from partners.services import audit
from partners.services.uploads import store_upload
from roaming.models import Hold
from roaming.services import correction_job, hold_correction

MOST_RECORDS = 5_000
MAX_FILE_BYTES = 20 * 1024 * 1024
_WORK = trials.Work(
    kind=correction_job.KIND, tried="hold.corrections_uploaded", applied="hold.corrections_applied"
)
_TONES = {"accepted": GOOD, "held again": WARN, "refused": BAD, "stale": BAD, "unchanged": ""}
LIST = "admin:roaming_hold_changelist"


class CorrectionsForm(forms.Form):
    """The corrected file."""

    file = forms.FileField(
        label="Corrected file",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv"}),
        help_text="The CSV that you downloaded here, with corrected cells. Keep record_id and"
        " version; rows may be left out. An empty contract_id keeps the stored one.",
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            raise forms.ValidationError(
                f"The file is larger than {MAX_FILE_BYTES // 2**20} MB; split it."
            )
        return file


def download(request, states) -> HttpResponse:
    """The CSV of held records; who took it is noted."""
    states = list(states[:MOST_RECORDS])
    stream = StringIO()
    writer = csv.DictWriter(stream, hold_correction.COLUMNS, delimiter=";")
    writer.writeheader()
    for row in hold_correction.rows_for(states):
        writer.writerow({name: neutralize(cell) for name, cell in row.items()})
    now = timezone.now()
    for state in states:
        audit.record("hold.downloaded", state, actor=request.user.get_username(), at=now)
    response = HttpResponse("\ufeff" + stream.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="held-records-{now:%Y%m%d-%H%M}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def download_listed(request, model_admin) -> HttpResponse:
    """What the queue shows with the filters of the address, all pages of it."""
    _refuse_others(request)
    return download(request, model_admin.get_changelist_instance(request).queryset)


def upload(request, model_admin):
    """The form; on POST the trial is queued and its page follows."""
    _refuse_others(request)
    form = CorrectionsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        key = uuid.uuid4()
        job = trials.queue(
            request,
            _WORK,
            run_key=f"hold corrections:{key}",
            title=f"Preview of {file.name}"[:200],
            parameters={"is_trial": True, "file_name": (file.name or "")[:255]},
            input_name=store_upload(file, name=f"{key}.csv"),
        )
        return HttpResponseRedirect(change_url(job))
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Upload corrected records",
        "form": form,
        "lead": "First a trial: nothing is changed, and each row tells what would become of it."
        " Then you apply it with a reason.",
        "button": "Upload and preview",
        "back_url": reverse(LIST),
    }
    return TemplateResponse(request, "admin/upload.html", context)


def apply(request, model_admin, *, job_id: uuid.UUID):
    """The preview's rows, and the question whether to apply them."""
    _refuse_others(request)
    # A partner's own file is applied by its people alone: by staff it could touch others' records.
    trial = Job.objects.filter(
        pk=job_id, kind=correction_job.KIND, state=Job.State.DONE, partner__isnull=True
    ).first()
    if trial is None or not trial.parameters.get("is_trial"):
        raise Http404
    counts = trial.result or {}
    would_change = counts.get("accepted", 0) + counts.get("held again", 0)
    columns = ("sdr_id", "outcome", "changes", "problem")
    effect = trials.sections(trial, _TONES, columns=columns)
    if not would_change:
        effect.insert(
            0, Note("No row would change anything: correct the file and upload it.", WARN)
        )
    return ask(
        request,
        model_admin,
        None,
        Question(
            title=f"Apply {would_change} correction{'' if would_change == 1 else 's'}?",
            sentence="Each held record named is rejected, and its corrected form takes its place as"
            " the next attempt under the same id. The sender is told. Rows that have moved since"
            " are left alone.",
            button="Apply",
            effect=effect,
            is_possible=bool(would_change),
            act=partial(_apply, request, trial),
        ),
        back_url=reverse(LIST),
    )


def _apply(request, trial: Job, answers):
    job = trials.queue(
        request,
        _WORK,
        run_key=f"apply:{trial.pk}",
        title=f"Apply {trial.parameters['file_name']}"[:200],
        parameters={
            "is_trial": False,
            "file_name": trial.parameters["file_name"],
            "reason": answers["reason"],
        },
        input_name=trial.input_name,
    )
    return HttpResponseRedirect(change_url(job))


def _refuse_others(request) -> None:
    if not request.user.has_perm(f"{Hold._meta.app_label}.change_hold"):
        raise PermissionDenied
