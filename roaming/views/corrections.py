"""Correct my held and refused records by a file: download, correct, see what would come, apply."""

from datetime import datetime
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.models import Job
from partners.portal import for_partner, partner_of, user_of
from partners.rules.roles import OPERATE
from partners.services import audit
from partners.services.uploads import store_upload
from roaming.services import own_corrections
from roaming.tasks import ask_for_corrections

MAX_FILE_BYTES = 20 * 1024 * 1024
_LOOK_AGAIN_S = 3
_SHOWN = 200
_UPLOADED = "uploaded_corrections"
_APPLIED = "applied_corrections"
_ASKED_FILE = "asked_corrections_file"
# A job that was asked for and is not there after so long was lost: the button is shown again.
_PATIENCE_S = 60
_UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)
_WORDS = {
    "accepted": gettext_lazy("Accepted"),
    "held again": gettext_lazy("Held again"),
    "unchanged": gettext_lazy("Unchanged"),
    "stale": gettext_lazy("Left alone"),
    "refused": gettext_lazy("Refused"),
}
_STAGES = {"accepted": "settled", "held again": "held", "refused": "refused", "stale": "refused"}


class CorrectedFileForm(forms.Form):
    """The file as it comes back."""

    file = forms.FileField(
        label=gettext_lazy("The corrected file"), widget=forms.FileInput({"accept": ".csv"})
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            raise forms.ValidationError(gettext("A file has at most 20 MB: split it."))
        return file


class ApplyForm(forms.Form):
    """Why it is corrected; both sides read it."""

    reason = forms.CharField(label=gettext_lazy("Why"), min_length=5, max_length=400)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(right=OPERATE)
def start(request: HttpRequest) -> HttpResponse:
    """The steps, the newest file, and the form that takes it back."""
    partner, now = partner_of(request), timezone.now()
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = CorrectedFileForm(*sent)
    if request.method == "POST" and form.is_valid():
        file, key = form.cleaned_data["file"], uuid4()
        asked = ask_for_corrections(
            "try",
            partner,
            by=user_of(request),
            key=str(key),
            input_name=store_upload(file, name=f"{key}.csv"),
            file_name=(file.name or "")[:255],
        )
        if asked:
            request.session[_UPLOADED] = str(key)
            return redirect("corrections:preview", upload_id=key)
        form.add_error(None, gettext("It cannot be taken just now; try again in a minute."))
    job = own_corrections.newest_file(partner)
    if _is_awaited(request, job, now=now):
        job, is_working = None, True
    else:
        is_working = job is not None and job.state in _UNFINISHED
    waiting = own_corrections.correctable(partner, now=now).values_list("state", flat=True)
    states = list(waiting[: own_corrections.MOST_RECORDS])
    context = {
        "section": "records",
        "form": form,
        "held": states.count("HELD"),
        "refused": states.count("REJECTED"),
        "job": job,
        "is_working": is_working,
        "has_failed": job is not None and job.state == Job.State.FAILED,
        "has_file": job is not None and own_corrections.path_of(job) is not None,
    }
    response = render(
        request, "portal/corrections.html", context, status=422 if form.errors else 200
    )
    return _again(response, is_working=is_working)


@require_POST
@for_partner(right=OPERATE)
def make_file(request: HttpRequest) -> HttpResponse:
    """Have the file made anew."""
    last = own_corrections.newest_file(partner_of(request))
    if ask_for_corrections("file", partner_of(request), by=user_of(request)):
        request.session[_ASKED_FILE] = [str(last.pk) if last else "", timezone.now().timestamp()]
        messages.success(request, gettext("The file is being made."))
    else:
        messages.error(request, gettext("It cannot be made just now; try again in a minute."))
    return redirect("corrections:start")


@require_safe
@for_partner(right=OPERATE)
def file(request: HttpRequest) -> FileResponse:
    """The newest file of what can be corrected; who took it is noted."""
    job = own_corrections.newest_file(partner_of(request))
    if job is None or own_corrections.path_of(job) is None:
        raise Http404("no file is made")
    return _handed_out(request, job, name="records-to-correct.csv")


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(right=OPERATE)
def preview(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What would become of each row; applied with a reason, what became of it."""
    partner = partner_of(request)
    applied = own_corrections.application_of(partner, upload_id)
    job = applied or own_corrections.trial_of(partner, upload_id)
    # The job is a moment behind the upload; whose upload it is not sees nothing.
    if job is None and request.session.get(_UPLOADED) != str(upload_id):
        raise Http404("no such file")
    form = ApplyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and applied is None:
        reason = form.cleaned_data["reason"]
        asked = {"key": str(upload_id), "reason": reason}
        if ask_for_corrections("apply", partner, by=user_of(request), **asked):
            request.session[_APPLIED] = str(upload_id)
            return redirect("corrections:preview", upload_id=upload_id)
        form.add_error(None, gettext("It cannot be applied just now; try again in a minute."))
    if applied is None and request.session.get(_APPLIED) == str(upload_id):
        job = None  # asked for; its own job is a moment behind
    is_done = job is not None and job.state == Job.State.DONE
    counts = {word: (job.result or {}).get(word, 0) for word in _WORDS} if job and is_done else {}
    context = {
        "section": "records",
        "upload_id": upload_id,
        "form": form,
        "job": job,
        "is_applied": applied is not None,
        "is_done": is_done,
        "is_working": job is None or job.state in _UNFINISHED,
        "counts": [(_WORDS[word], number) for word, number in counts.items() if number],
        "would_change": counts.get("accepted", 0) + counts.get("held again", 0),
        "lines": _lines(job) if job and is_done else [],
        "shown": _SHOWN,
    }
    response = render(
        request, "portal/correction.html", context, status=422 if form.errors else 200
    )
    return _again(response, is_working=bool(context["is_working"]))


@require_safe
@for_partner(right=OPERATE)
def result(request: HttpRequest, upload_id: UUID) -> FileResponse:
    """Every row with what became of it, or would."""
    partner = partner_of(request)
    applied = own_corrections.application_of(partner, upload_id)
    job = applied or own_corrections.trial_of(partner, upload_id)
    if job is None or own_corrections.path_of(job) is None:
        raise Http404("no result is kept")
    return _handed_out(request, job, name="corrections.csv")


def _is_awaited(request: HttpRequest, newest: Job | None, *, now: datetime) -> bool:
    """Was a file asked for whose job is not there yet? It is a moment behind the click."""
    asked = request.session.get(_ASKED_FILE)
    if not asked:
        return False
    last, asked_at = asked
    is_here = (str(newest.pk) if newest else "") != last
    return not is_here and now.timestamp() < asked_at + _PATIENCE_S


def _lines(job: Job) -> list[tuple[dict[str, str], object, str]]:
    return [
        (row, _WORDS.get(row["outcome"], row["outcome"]), _STAGES.get(row["outcome"], "waiting"))
        for row in own_corrections.rows_in(job, most=_SHOWN)
    ]


def _handed_out(request: HttpRequest, job: Job, *, name: str) -> FileResponse:
    path = own_corrections.path_of(job)
    if path is None:
        raise Http404("it is not kept any more")
    audit.record(
        "record.corrections_file_taken",
        job,
        actor=request.user.get_username(),
        at=timezone.now(),
    )
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8"
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _again(response: HttpResponse, *, is_working: bool) -> HttpResponse:
    if is_working:
        response["Refresh"] = str(_LOOK_AGAIN_S)
    return response
