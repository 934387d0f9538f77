"""Any list of the admin as a file: its filters, its search and its columns, as they are now.

The job opens the list again for who asked, with the rights that hold when its turn comes.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.urls import resolve, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminRadioSelectWidget

from partners.admin.list_columns import columns_of
from partners.admin.story import Text
from partners.admin_paging import KeysetChangeList
from partners.models import Job, User
from partners.services import exports
from partners.tasks import wake_worker

SOURCE = "admin list"
ROWS_PER_CHUNK = 2_000
# What an address says of a page and not of what is listed.
PAGE_NAMES = ("before", "after", "p", "all", "e", "_popup", "_to_field", "_changelist_filters")


class FormatForm(forms.Form):
    """In which form. ``nonce``: the button pressed twice is one job."""

    form = forms.ChoiceField(
        label="Format",
        choices=(
            ("csv", "CSV: semicolons, for every program"),
            ("xlsx", "XLSX: a workbook, for people"),
            ("parquet", "Parquet: typed columns, for analysis"),
        ),
        initial="csv",
        widget=UnfoldAdminRadioSelectWidget,
        help_text="A large list takes a while; you can go on working, or stop it.",
    )
    nonce = forms.CharField(max_length=64, initial=uuid4, widget=forms.HiddenInput)


def listed_query(request: HttpRequest) -> str:
    """The filters, search and order of the list, without the page."""
    kept = request.GET.copy()
    for name in PAGE_NAMES:
        kept.pop(name, None)
    return kept.urlencode()


def place_order(
    model_admin, request: HttpRequest, answers: Mapping[str, Any]
) -> HttpResponseRedirect:
    """Queue the job, wake a worker and lead to the job's page."""
    told = model_admin.opts.verbose_name_plural
    job = exports.place(
        exports.Order(
            source=SOURCE,
            form=answers["form"],
            title=f"Export of {told} as {answers['form'].upper()}",
            parameters={"list": model_admin.opts.label_lower, "query": listed_query(request)},
        ),
        requested_by=cast(User, request.user),
        run_key=answers["nonce"],
        now=timezone.now(),
    )
    transaction.on_commit(wake_worker)
    return HttpResponseRedirect(reverse("admin:partners_job_change", args=[job.pk]))


def what_it_has(model_admin, request: HttpRequest) -> list[object]:
    """The columns, and what narrows the rows, for the page that asks."""
    changelist = model_admin.get_changelist_instance(request)
    names = [one.column.name for one in columns_of(model_admin, changelist)]
    return [Text("Columns", ", ".join(names)), *what_narrows(listed_query(request))]


def what_narrows(query: str) -> list[object]:
    """The filters, search and order as a section, where there are any."""
    if not query:
        return []
    told = "\n".join(f"{name} = {value}" for name, value in QueryDict(query).items())
    return [Text("Only rows that match", told)]


def may_have(user, job: Job) -> bool:
    """May the person look at the list that the job exports?"""
    if job.parameters.get("source") != SOURCE:
        return False
    request = HttpRequest()
    request.user = user
    may_look = _admin_of(job).has_view_permission(request)
    return bool(user.is_active and user.is_staff and may_look)


def open_list(job: Job) -> exports.Source:
    """The list as the person who asked would see it now."""
    model_admin, user = _admin_of(job), job.requested_by
    if user is None or not may_have(user, job):
        raise exports.NotExportable("Who asked for it may not look at this list any more.")
    try:
        changelist = model_admin.get_changelist_instance(_request_for(model_admin, user, job))
    except (DisallowedModelAdminLookup, IncorrectLookupParameters) as error:
        raise exports.NotExportable(f"A filter of the list is not understood: {error}") from error
    columns = columns_of(model_admin, changelist)
    return exports.Source(
        columns=[one.column for one in columns],
        count=lambda: changelist.queryset.order_by().count(),
        chunks=lambda: (
            [[one.read(row) for one in columns] for row in rows]
            for rows in _chunks(model_admin, changelist)
        ),
    )


def _request_for(model_admin: admin.ModelAdmin, user: User, job: Job) -> HttpRequest:
    """As if the person opened the list."""
    opts = model_admin.opts
    request = HttpRequest()
    request.method, request.user = "GET", user
    request.path = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    request.resolver_match = resolve(request.path)
    request.GET = QueryDict(str(job.parameters["query"]))
    return request


def _admin_of(job: Job) -> admin.ModelAdmin:
    return admin.site.get_model_admin(apps.get_model(str(job.parameters["list"])))


def _chunks(model_admin, changelist) -> Iterator[list[Any]]:
    """All rows in the list's order, so many at a time.

    A growing table is read by its key, each chunk a query of its own; any other by a cursor that
    the server holds.
    """
    if not isinstance(changelist, KeysetChangeList):
        rows = changelist.queryset.iterator(chunk_size=ROWS_PER_CHUNK)
        while chunk := list(islice(rows, ROWS_PER_CHUNK)):
            yield model_admin.dressed(chunk)
        return
    older = changelist.queryset
    while chunk := list(older[:ROWS_PER_CHUNK]):
        last = chunk[-1].pk
        yield model_admin.dressed(chunk)
        older = changelist.queryset.filter(pk__lt=last)


exports.register(SOURCE, open_list)
