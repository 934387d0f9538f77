"""Take everything along: the data package of a partner, made by a job."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from billing.services import data_package
from billing.services.downloads import note_download
from billing.stored_files import stream
from billing.tasks import ask_for_package
from partners.models import Job
from partners.portal import for_partner, may, partner_of, request_id, user_of
from partners.rules.roles import FINANCE, SEE_FINANCE

_LOOK_AGAIN_S = 5
_UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partner(right=SEE_FINANCE, to_write=FINANCE)
def package(request: HttpRequest) -> HttpResponse:
    """What is in it, the newest one, and a button that has it made anew."""
    partner = partner_of(request)
    if request.method == "POST":
        if ask_for_package(partner, by=user_of(request)):
            messages.success(request, gettext("Your data package is being made."))
        else:
            messages.error(request, gettext("It cannot be made just now; try again in a minute."))
        return redirect("portal:package")
    job, made = data_package.newest(partner), data_package.newest_made(partner)
    is_working = job is not None and job.state in _UNFINISHED
    response = render(
        request,
        "portal/package.html",
        {
            "section": "package",
            "job": job,
            "is_working": is_working,
            "has_failed": job is not None and job.state == Job.State.FAILED,
            "made": made,
            "may_order": may(request, FINANCE),
            "file": data_package.file_of(made) if made else None,
        },
    )
    if is_working:
        response["Refresh"] = str(_LOOK_AGAIN_S)
    return response


@require_safe
@for_partner(right=SEE_FINANCE)
def package_file(request: HttpRequest) -> FileResponse:
    """The newest one that is kept."""
    partner = partner_of(request)
    job = data_package.newest_made(partner)
    path = data_package.file_of(job) if job else None
    if job is None or path is None:
        raise Http404("no package is kept")
    note_download(
        actor=request.user.get_username(),
        partner=partner,
        object_type="data_package",
        object_id=str(job.pk),
        now=timezone.now(),
        request_id=request_id(),
    )
    return stream(path.open("rb"), name="data-package.zip", media_type="application/zip")
