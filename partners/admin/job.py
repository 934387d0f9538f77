"""Long work with its progress, result, error, and a way to stop it."""

import json
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import Question, ask
from partners.admin.list_export import may_have
from partners.admin.story import ActionLink, Facts, Figure, Figures, Note, Story, Table, Text
from partners.admin_paging import KeysetPaging
from partners.models import Job
from partners.services import audit, exports, jobs

STATE_TONES = {
    "QUEUED": "info",
    "RUNNING": "info",
    "DONE": "success",
    "FAILED": "danger",
    "CANCELLED": "warning",
}

# A result may name one page of the admin: {"label": …, "page": URL name, "id": …}.
SEE = "see"
# JSON in the database forgets the order in which counts make sense.
_ORDER = ("received", "accepted", "held", "rejected", "duplicates")
_UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)
# What is in the files of a room's jobs, by the right to look at it where it comes from.
_READS_RESULTS_OF = {"roaming": "roaming.view_sdr", "billing": "billing.view_document"}


class Progress:
    """Figures of a job at ``now``, ready for the page."""

    def __init__(self, job: Job, *, now: datetime):
        self.job = job
        self.is_finished = job.state not in _UNFINISHED
        self.tone = STATE_TONES[job.state]
        self.percent = _percent(job)
        ran_from = job.started_at
        ran_until = job.finished_at or now
        self.elapsed_s = max((ran_until - ran_from).total_seconds(), 0.0) if ran_from else 0.0
        self.per_second = round(job.done / self.elapsed_s) if self.elapsed_s >= 1 else None

    @property
    def elapsed(self) -> str:
        return _in_words(self.elapsed_s) if self.job.started_at else "not started"

    @property
    def remaining(self) -> str:
        if self.is_finished or not self.per_second or self.job.total is None:
            return "—"
        return _in_words((self.job.total - self.job.done) / self.per_second)


def _percent(job: Job) -> int:
    if job.state == Job.State.DONE:
        return 100
    return job.done * 100 // job.total if job.total else 0


def _in_words(seconds: float) -> str:
    text = str(timedelta(seconds=round(seconds)))
    return f"{text} h" if seconds >= 3600 else f"{text[2:]} min"


@admin.register(Job)
class JobAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("title", "state_label", "how_far", "requested_by", "created_at", "finished_at")
    list_select_related = ("requested_by",)
    empty_text = "Uploads and closings run as jobs; their progress and results are kept here."
    list_filter = (("state", ChoicesDropdownFilter),)
    search_fields = ("title", "=kind")
    search_help_text = "Title or kind"
    story_template = "admin/partners/job/story.html"

    def get_urls(self):
        pages = (("result", self.result_view), ("cancel", self.cancel_view))
        progress = path("<uuid:job_id>/progress/", self.progress_view, name="partners_job_progress")
        return (
            [progress]
            + [
                path(
                    f"<uuid:job_id>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"partners_job_{name}",
                )
                for name, view in pages
            ]
            + super().get_urls()
        )

    @display(description="State", label=STATE_TONES)
    def state_label(self, job) -> str:
        return job.state

    @display(description="Progress")
    def how_far(self, job) -> str:
        return f"{job.done:,} of {job.total:,}" if job.total is not None else f"{job.done:,}"

    def has_view_permission(self, request, obj=None) -> bool:
        """What somebody asked for is told to that person, whatever else the role sees."""
        is_own = obj is not None and obj.requested_by_id == request.user.pk
        return is_own or super().has_view_permission(request, obj)

    def story(self, request, obj) -> Story:
        return Story([*_sections(obj)], actions=self._actions(request, obj))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        job = self.get_object(request, object_id)
        more = {"progress": Progress(job, now=timezone.now())} if job else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def progress_view(self, request, job_id):
        """The part of the page that htmx asks for every two seconds, until the job is over.

        A page whose session has ended is refused, not sent to the login: htmx leaves it as it is.
        """
        if not self.admin_site.has_permission(request):
            raise PermissionDenied
        job = self._job(request, job_id)
        context = {
            "progress": Progress(job, now=timezone.now()),
            "story": self.story(request, job),
        }
        response = TemplateResponse(request, "admin/partners/job/live.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def result_view(self, request, job_id):
        job = self._job(request, job_id)
        if not _may_download(request, job):
            raise PermissionDenied
        folder = Path(settings.MEDIA_ROOT).resolve()
        target = (folder / job.result_name).resolve()
        if not job.result_name or folder not in target.parents or not target.is_file():
            raise Http404("this job has no result file")
        audit.record(
            "job.result_downloaded",
            job,
            actor=request.user.get_username(),
            at=timezone.now(),
        )
        return FileResponse(
            target.open("rb"),
            as_attachment=True,
            filename=f"{_file_stem(job)}{target.suffix}",
            content_type="text/csv; charset=utf-8" if target.suffix == ".csv" else None,
        )

    def cancel_view(self, request, job_id):
        job = self._job(request, job_id)
        if not self._may_cancel(request, job):
            raise PermissionDenied
        return ask(
            request,
            self,
            job,
            Question(
                title=f"Stop “{job}”?",
                sentence=_what_stopping_does(job),
                button="Stop the job",
                is_dangerous=True,
                is_possible=job.state in _UNFINISHED,
                act=partial(_cancel, request, job),
            ),
        )

    def _job(self, request, job_id) -> Job:
        job = self.get_object(request, str(job_id))
        if not self.has_view_permission(request, job):
            raise PermissionDenied
        if job is None:
            raise Http404
        return job

    def _may_cancel(self, request, job) -> bool:
        is_own_export = job.kind == exports.KIND and job.requested_by_id == request.user.pk
        return is_own_export or request.user.has_perm("partners.change_job")

    def _actions(self, request, job) -> list[ActionLink]:
        actions = []
        if job.result_name and _may_download(request, job):
            url = reverse("admin:partners_job_result", args=[job.pk])
            actions.append(ActionLink("Download the result file", url))
        if see := (job.result or {}).get(SEE):
            actions.append(ActionLink(see["label"], reverse(see["page"], args=[see["id"]])))
        if job.state in _UNFINISHED and self._may_cancel(request, job):
            url = reverse("admin:partners_job_cancel", args=[job.pk])
            actions.append(ActionLink("Stop…", url, is_dangerous=True))
        return actions


def _may_download(request, job: Job) -> bool:
    """Of an export: who may look at the list that it is of; of other work, at what it handled.

    Who minds jobs sees how far they are, not the records and documents in their files.
    """
    if job.kind == exports.KIND:
        return may_have(request.user, job)
    wanted = _READS_RESULTS_OF.get(job.kind.partition(".")[0])
    return wanted is None or bool(request.user.has_perm(wanted))


def _sections(job: Job):
    if job.error:
        yield Note(job.error, tone="danger", title="It ended with an error")
    if job.result:
        yield from _result(job.result)
    yield Facts(
        "Job",
        [
            ("Kind", job.kind),
            ("Asked for by", job.requested_by),
            ("Asked for", job.created_at),
            ("Started", job.started_at),
            ("Last sign of life", job.heartbeat_at),
            ("Finished", job.finished_at),
            ("File kept until", exports.kept_until(job) if job.kind == exports.KIND else None),
            ("Partner", job.partner),
        ],
    )
    if job.parameters:
        yield Text("Parameters", json.dumps(job.parameters, indent=2, ensure_ascii=False))


def _result(result: dict):
    """Numbers as figures, named values as a table; what a job tells of itself, in its order."""
    names = sorted(result, key=_place)
    numbers = [(name, result[name]) for name in names if isinstance(result[name], int)]
    if numbers:
        yield Figures(
            [Figure(name.replace("_", " ").capitalize(), f"{n:,}") for name, n in numbers],
            title="Result",
        )
    for name in names:
        if name != SEE and isinstance(result[name], dict) and result[name]:
            rows = [(key, _told(value)) for key, value in result[name].items()]
            yield Table(name.capitalize(), (_one(name), ""), rows, frozenset({1}))


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _one(names: str) -> str:
    return names.removesuffix("s").capitalize()


def _told(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _what_stopping_does(job: Job) -> str:
    after = "It stops after the part it is working on."
    if job.kind == exports.KIND:
        return f"{after} Nothing is left of the file."
    return f"{after} What it has stored stays; started again, it repeats nothing."


def _cancel(request, job, answers) -> str:
    now = timezone.now()
    jobs.request_cancel(job, now=now)
    audit.record(
        "job.cancelled",
        job,
        actor=request.user.get_username(),
        at=now,
        reason=answers["reason"],
    )
    return "The job was asked to stop."


def _file_stem(job: Job) -> str:
    return f"result-{str(job.pk)[:8]}"
