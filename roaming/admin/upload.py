"""The third door: a file of records handed in by staff, run as a job.

The file lies outside the web root under a random name, readable by its owner only.
"""

import uuid
from pathlib import Path

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from partners.models import Job
from partners.services import audit, jobs
from partners.services.uploads import store_upload
from partners.tasks import wake_worker
from roaming.intake.profile import UnusableProfile, load_profile, parse_profile, profile_names
from roaming.services.import_job import KIND

MAX_FILE_BYTES = 512 * 1024 * 1024
MAX_PROFILE_BYTES = 256 * 1024
OWN_PROFILE = "upload"


def _profile_choices() -> list[tuple[str, str]]:
    known = [(name, f"{load_profile(name).title} ({name})") for name in profile_names()]
    return [
        ("", "Choose what the file looks like"),
        *known,
        (OWN_PROFILE, "A profile of my own (upload it below)"),
    ]


class UploadForm(forms.Form):
    """A file and the profile that describes it."""

    file = forms.FileField(
        label="File of records",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.gz"}),
        help_text="CSV as the profile describes it; it may be packed with gzip (.csv.gz).",
    )
    profile = forms.ChoiceField(choices=_profile_choices, widget=UnfoldAdminSelectWidget)
    own_profile = forms.FileField(
        required=False,
        label="Own profile (TOML)",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".toml"}),
        help_text="Only needed for “a profile of my own”.",
    )
    sequence = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**62,
        label="The sender's number of the file",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="If the sender counts its batches: a gap before it is noticed, and a number that"
        " was used for another file is refused.",
    )
    create_parties = forms.BooleanField(
        required=False,
        label="Set up what the profile declares and is missing",
        widget=UnfoldBooleanSwitchWidget,
        help_text="Creates partners, parties and agreements. Leave it off for a sender that is"
        " already set up.",
    )

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            raise forms.ValidationError(
                f"The file has {file.size // 2**20} MB; the limit is {MAX_FILE_BYTES // 2**20}."
                " Pack it with gzip or split it by month."
            )
        return file

    def clean(self):
        cleaned = super().clean() or {}
        if cleaned.get("profile") == OWN_PROFILE and "own_profile" not in self.errors:
            self._check_own_profile(cleaned.get("own_profile"))
        return cleaned

    def _check_own_profile(self, own: UploadedFile | None) -> None:
        if own is None:
            self.add_error("own_profile", "Choose the profile's TOML file, or a known profile.")
            return
        if (own.size or 0) > MAX_PROFILE_BYTES:
            self.add_error("own_profile", "This is too large for a profile.")
            return
        try:
            parse_profile(own.read(), name=own.name or "profile")
        except UnusableProfile as error:
            self.add_error("own_profile", f"{error}. Correct the profile and choose it again.")
        own.seek(0)


def may_upload(request) -> bool:
    return request.user.has_perm("roaming.add_intakebatch")


def upload_page(request, model_admin):
    """The form; on POST the job is queued and its page follows."""
    if not may_upload(request):
        raise PermissionDenied
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        job = queue_import(form.cleaned_data, user=request.user)
        return HttpResponseRedirect(reverse("admin:partners_job_change", args=[job.pk]))
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Upload a file of records",
        "form": form,
    }
    return TemplateResponse(request, "admin/roaming/intakebatch/upload.html", context)


def queue_import(wanted: dict, *, user) -> Job:
    """Store the file and queue its import; the worker is told once this is committed."""
    job_key = uuid.uuid4()
    file: UploadedFile = wanted["file"]
    file_name = file.name or "file"
    profile = wanted["profile"]
    if profile == OWN_PROFILE:
        stored = store_upload(wanted["own_profile"], name=f"{job_key}.toml")
        profile = str(Path(settings.MEDIA_ROOT) / stored)
    suffix = ".csv.gz" if file_name.lower().endswith(".gz") else ".csv"
    stored = store_upload(file, name=f"{job_key}{suffix}")
    with transaction.atomic():
        job = jobs.enqueue(
            KIND,
            run_key=f"import:{job_key}",
            title=f"Import {file_name}",
            parameters={
                "profile": profile,
                "create_parties": wanted["create_parties"],
                "file_name": file_name[:255],
            }
            | ({"sequence": number} if (number := wanted["sequence"]) else {}),
            requested_by=user,
            input_name=stored,
        )
        audit.record("file.uploaded", job, actor=user.get_username(), at=timezone.now())
        transaction.on_commit(wake_worker)
    return job
