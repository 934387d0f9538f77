"""A registry's CSV by hand: upload for one party, look at the trial, apply."""

import uuid
from functools import partial

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from partners.admin import trial
from partners.admin.confirm import Question, ask, change_url
from partners.admin.story import BAD, GOOD, INFO, WARN, Note
from partners.models import Job, Party
from partners.services.uploads import store_upload
from roaming.services import registry_job
from roaming.services.registry_rows import REGISTRIES

MAX_FILE_BYTES = 50 * 1024 * 1024
_WORK = trial.Work(kind=registry_job.KIND, tried="registry.uploaded", applied="registry.applied")
_TONES = {"created": GOOD, "updated": INFO, "unchanged": "", "refused": BAD}


class ImportForm(forms.Form):
    """Whose entries, and the file."""

    party = forms.ModelChoiceField(
        queryset=Party.objects.none(),
        widget=UnfoldAdminSelectWidget,
        help_text="Rows that name no party are about this one.",
    )
    file = forms.FileField(
        label="CSV file",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv"}),
    )

    def __init__(self, *args, role: str, columns: str, **kwargs):
        super().__init__(*args, **kwargs)
        parties = Party.objects.filter(role=role).order_by("country_code", "party_id")
        self.fields["party"].queryset = parties  # type: ignore[attr-defined]
        self.fields["file"].help_text = (
            f"UTF-8 with a header line. Columns: {columns}. Instants carry their offset,"
            " e.g. 2026-11-14T00:00:00Z; parts of a list stand between | signs."
        )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            limit = MAX_FILE_BYTES // 2**20
            raise forms.ValidationError(f"The file is larger than {limit} MB; split it.")
        return file


def upload(request, model_admin):
    """The form; on POST the trial is queued and its page follows."""
    if not model_admin.may_enter(request):
        raise PermissionDenied
    registry = REGISTRIES[model_admin.kind]
    form = ImportForm(
        request.POST or None,
        request.FILES or None,
        role=registry.role,
        columns=", ".join(registry.row.__struct_fields__),
    )
    if request.method == "POST" and form.is_valid():
        job = _queue_trial(request, model_admin, form.cleaned_data)
        return HttpResponseRedirect(change_url(job))
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": f"Import {model_admin.opts.verbose_name_plural}",
        "form": form,
        "lead": "First a trial: nothing is changed, and each row tells what would become of it."
        " A row with the key of an entry corrects it; any other row is a new entry.",
        "button": "Upload and preview",
        "back_url": reverse(f"admin:roaming_{model_admin.opts.model_name}_changelist"),
    }
    return TemplateResponse(request, "admin/upload.html", context)


def apply(request, model_admin, *, job_id: uuid.UUID):
    """The trial's rows, and the question whether to apply them."""
    if not model_admin.may_enter(request):
        raise PermissionDenied
    job = Job.objects.filter(pk=job_id, kind=registry_job.KIND, state=Job.State.DONE).first()
    if job is None or not job.parameters["is_trial"] or job.parameters["kind"] != model_admin.kind:
        raise Http404
    counts = job.result or {}
    would_change = counts.get("created", 0) + counts.get("updated", 0)
    effect = trial.sections(job, _TONES, columns=("row", "outcome", "what", "problem"))
    if not would_change:
        effect.insert(
            0, Note("No row would change anything: correct the file and upload it.", WARN)
        )
    return ask(
        request,
        model_admin,
        None,
        Question(
            title=f"Apply {would_change} row{'' if would_change == 1 else 's'}?",
            sentence="Held records that waited for these entries are checked again at once.",
            button="Apply",
            effect=effect,
            is_possible=bool(would_change),
            act=partial(_apply, request, job),
        ),
        back_url=reverse(f"admin:roaming_{model_admin.opts.model_name}_changelist"),
    )


def _queue_trial(request, model_admin, wanted) -> Job:
    key = uuid.uuid4()
    file, party = wanted["file"], wanted["party"]
    return trial.queue(
        request,
        _WORK,
        run_key=f"registry:{key}",
        title=f"Preview of {file.name} for {party.code}",
        parameters={
            "kind": model_admin.kind,
            "party": str(party.pk),
            "is_trial": True,
            "page": f"admin:roaming_{model_admin.opts.model_name}_apply",
            "file_name": (file.name or "")[:255],
        },
        input_name=store_upload(file, name=f"{key}.csv"),
    )


def _apply(request, job: Job, answers):
    applied = trial.queue(
        request,
        _WORK,
        run_key=f"apply:{job.pk}",
        title=f"Import {job.parameters['file_name']}",
        parameters=job.parameters | {"is_trial": False, "reason": answers["reason"]},
        input_name=job.input_name,
    )
    return HttpResponseRedirect(change_url(applied))
