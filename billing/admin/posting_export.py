"""Posting exports: made by a job, downloaded as they were made."""

import hashlib
from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from billing.admin.amounts import amount
from billing.models import Account, FiscalPeriod, PostingExport
from billing.services import posting_export, posting_job
from billing.services.posting_export import NotExportable, Order
from clearinghouse.money import is_currency
from clearinghouse.uuid7 import new_uuid7
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask, change_url
from partners.admin.story import ActionLink, Facts, Figure, Figures, Story
from partners.admin_paging import KeysetPaging
from partners.services import audit
from partners.tasks import wake_worker

_LIST = "admin:billing_postingexport_changelist"


class ExportForm(forms.Form):
    """Which period, in which format; the last four are asked for by DATEV only."""

    period = forms.ModelChoiceField(
        FiscalPeriod.objects.none(),
        widget=UnfoldAdminSelectWidget,
        help_text="Best a locked one: nothing is posted into it any more.",
    )
    format = forms.ChoiceField(choices=PostingExport.Format.choices, widget=UnfoldAdminSelectWidget)
    currency = forms.CharField(
        max_length=3, initial="EUR", widget=UnfoldAdminTextInputWidget, help_text="One a file."
    )
    consultant = forms.IntegerField(
        min_value=1001,
        max_value=9_999_999,
        initial=1001,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="DATEV: Beraternummer.",
    )
    client = forms.IntegerField(
        min_value=1,
        max_value=99_999,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="DATEV: Mandantennummer.",
    )
    account_digits = forms.IntegerField(
        min_value=4,
        max_value=8,
        initial=4,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="DATEV: digits of general-ledger accounts.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        periods = FiscalPeriod.objects.order_by("-starts_at", "environment")
        self.fields["period"].queryset = periods  # type: ignore[attr-defined]
        self.fields["period"].label_from_instance = (  # type: ignore[attr-defined]
            lambda one: f"{one} {one.environment}, {one.state.lower()}"
        )

    def clean_currency(self) -> str:
        code = self.cleaned_data["currency"].strip().upper()
        if not is_currency(code):
            raise forms.ValidationError("Enter an ISO 4217 code such as EUR.")
        return code


@admin.register(PostingExport)
class PostingExportAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("period", "format", "postings", "total", "made_by", "made_at", "environment")
    list_filter = (("format", ChoicesDropdownFilter), ("environment", ChoicesDropdownFilter))
    empty_text = "Nothing was exported yet: export a period for your accountant."
    change_list_template = "admin/billing/posting_exports.html"

    def get_queryset(self, request):
        return super().get_queryset(request).defer("content")

    def get_urls(self):
        own = self.admin_site.admin_view
        return [
            path("make/", own(self.make_view), name="billing_postingexport_make"),
            path(
                "<uuid:export_id>/file/",
                own(self.file_view),
                name="billing_postingexport_file",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = {"may_export": _may_export(request)}
        return super().changelist_view(request, may | (extra_context or {}))

    @display(description="Period")
    def period(self, row) -> str:
        return row.period

    @display(description="Postings")
    def postings(self, row) -> str:
        return f"{row.rows:,}"

    @display(description="Sum")
    def total(self, row) -> str:
        return amount(row.total_minor, row.currency)

    def story(self, request, obj) -> Story:
        url = reverse("admin:billing_postingexport_file", args=[obj.pk])
        facts = Facts(
            "Export",
            [
                ("Format", obj.get_format_display()),
                ("From", obj.starts_at),
                ("Up to, not included", obj.ends_at),
                ("Environment", obj.environment),
                ("Made by", obj.made_by),
                ("Made", obj.made_at),
                ("SHA-256", obj.sha256),
            ],
        )
        figures = Figures(
            [Figure("Postings", self.postings(obj)), Figure("Sum", self.total(obj), "re-added")]
        )
        return Story([figures, facts], [ActionLink(f"Download {file_name(obj)}", url)])

    def make_view(self, request):
        """Ask which period; a job writes the file."""
        if not _may_export(request):
            raise PermissionDenied
        question = Question(
            title="Export postings",
            sentence="One row per posting of the period, each account by its name in the"
            " accountant's chart. The file is kept, and downloaded as it was made.",
            button="Export",
            form_class=ExportForm,
            act=partial(_make, request),
        )
        return ask(request, self, None, question, back_url=reverse(_LIST))

    def file_view(self, request, export_id):
        """The stored bytes; each download is in the audit trail."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = PostingExport.objects.filter(pk=export_id).first()
        if row is None:
            raise Http404("there is no such export")
        content = bytes(row.content)
        if hashlib.sha256(content).hexdigest() != row.sha256:
            raise Http404("its bytes are damaged: restore them from a backup")
        audit.record(
            "posting_export.downloaded",
            row,
            actor=request.user.get_username(),
            at=timezone.now(),
            after={"sha256": row.sha256},
        )
        return HttpResponse(
            content,
            content_type="text/csv",
            headers={
                "Content-Disposition": f'attachment; filename="{file_name(row)}"',
                "Cache-Control": "private, no-store",
            },
        )


def file_name(row: PostingExport) -> str:
    """DATEV takes only files that are called EXTF_…"""
    days = row.period.replace("-", "").replace(" to ", "-")
    name = f"{days}-{str(row.pk)[-6:]}.csv"
    return f"EXTF_Buchungsstapel_{name}" if row.format == "DATEV" else f"postings-{name}"


def _may_export(request) -> bool:
    return request.user.has_perm("billing.add_postingexport")


def _make(request, answers):
    period = answers["period"]
    order = Order(
        format=answers["format"],
        environment=period.environment,
        currency=answers["currency"],
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        made_by=request.user.get_username(),
        consultant=answers["consultant"],
        client=answers["client"],
        account_digits=answers["account_digits"],
    )
    try:
        posting_export.check(order)
    except NotExportable as error:
        names = ", ".join(
            dict.fromkeys(Account.Code(account.code).label for account in error.missing)
        )
        told = f"{error} {names}".strip()
        raise NotPossible(f"Nothing was exported. {told}") from error
    job = posting_job.order_export(order, requested_by=request.user, run_key=str(new_uuid7()))
    audit.record(
        "posting_export.ordered",
        job,
        actor=request.user.get_username(),
        at=timezone.now(),
        after=job.parameters,
    )
    wake_worker()
    return HttpResponseRedirect(change_url(job))
