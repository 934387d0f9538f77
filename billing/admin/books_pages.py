"""Pages over the books that belong to no row: accruals and ageing, each with its files."""

from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.documents.table_files import CSV, XLSX, csv_lines, xlsx_bytes
from clearinghouse.periods import DEFAULT_TIME_ZONE
from partners.admin.story import ActionLink, Story
from partners.models import Environment, Partner

_ZONE = ZoneInfo(DEFAULT_TIME_ZONE)
BOOKS = "Ledger & trial balance"


# What a browser's field of date and time may be given, and gives.
_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"]


class AsOfForm(forms.Form):
    """An instant of the house's calendar, and the environment."""

    as_of = forms.DateTimeField(
        label="As of",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local", "step": "any"}),
        input_formats=_FORMATS,
        help_text="Brussels time; the instant itself is included.",
    )
    environment = forms.ChoiceField(choices=Environment.choices, widget=UnfoldAdminSelectWidget)

    def clean_as_of(self) -> datetime:
        typed: datetime = self.cleaned_data["as_of"]
        return typed.replace(tzinfo=_ZONE)


def month_began(now: datetime) -> datetime:
    """The end of the last month: what people want to know most often."""
    local = now.astimezone(_ZONE)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def local_text(instant: datetime) -> str:
    return instant.astimezone(_ZONE).strftime("%Y-%m-%dT%H:%M")


def precise_text(instant: datetime) -> str:
    """To the next millisecond, as far as a browser's field goes: the instant itself is in it."""
    up = instant + timedelta(microseconds=-instant.microsecond % 1000)
    return up.astimezone(_ZONE).replace(tzinfo=None).isoformat(timespec="milliseconds")


def names_of(ids: set[UUID | None]) -> dict[UUID | None, str]:
    names: dict[UUID | None, str] = dict(
        Partner.objects.filter(pk__in=[one for one in ids if one]).values_list("pk", "name")
    )
    return {None: "not known yet"} | names


def book_page(
    request, model_admin, *, title: str, form: forms.Form | None, story: Story, area: str = BOOKS
):
    """A story below the form that asks for it, if there is anything to ask.

    ``area`` is the entry of the navigation whose tabs stand above it.
    """
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        # Without a table in the context the head names the page itself.
        "content_title": title,
        "form": form,
        "story": story,
        "area": area,
    }
    return TemplateResponse(request, "admin/asked_story.html", context)


def table_answer(request, *, name: str, headers, rows) -> HttpResponse | StreamingHttpResponse:
    """The rows as the file that ``?file=`` names: csv or xlsx."""
    response: HttpResponse | StreamingHttpResponse
    if request.GET["file"] == "xlsx":
        response = HttpResponse(xlsx_bytes(name, headers, rows), content_type=XLSX)
        suffix = "xlsx"
    else:
        response = StreamingHttpResponse(csv_lines(headers, rows), content_type=CSV)
        suffix = "csv"
    response["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    return response


def file_links(query: dict[str, str]) -> list[ActionLink]:
    return [
        ActionLink(label, f"?{urlencode(query | {'file': suffix})}")
        for label, suffix in (("Download CSV", "csv"), ("Download XLSX", "xlsx"))
    ]


def may_read_books(request) -> bool:
    return request.user.has_perm("billing.view_fiscalperiod")


def refuse_others(request) -> None:
    """:raises PermissionDenied: the books are not for this person."""
    if not may_read_books(request):
        raise PermissionDenied


def read_view(model_admin, view):
    """A page of the admin for those who may read the books."""

    def guarded(request, *arguments, **options):
        refuse_others(request)
        return view(request, model_admin, *arguments, **options)

    return model_admin.admin_site.admin_view(guarded)


def page_url(name: str, query: dict[str, str]) -> str:
    return f"{reverse(f'admin:billing_{name}')}?{urlencode(query)}"


def book_path(model_admin, route: str, view, name: str):
    return path(route, read_view(model_admin, view), name=f"billing_{name}")


def first_form(request, form_class: type[forms.Form], *, as_of: str | None = None) -> forms.Form:
    """Filled with what was asked, or with ``as_of``, by default the end of the last month."""
    usual = {
        "as_of": as_of or local_text(month_began(timezone.now())),
        "environment": Environment.LIVE.value,
    }
    return form_class(usual | {name: text for name, text in request.GET.items() if text})
