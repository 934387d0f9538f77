"""Reference rates of the ECB: as published, imported from its file."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget

from billing.models import FxRate
from billing.services.fx import RateDiffers, UnreadableRates, import_ecb_csv
from partners.admin.base import EvidenceAdmin
from partners.admin_paging import KeysetPaging
from partners.services import audit

MAX_FILE_BYTES = 20 * 1024 * 1024
_LIST = "admin:billing_fxrate_changelist"


class RatesForm(forms.Form):
    """The ECB's file as it is downloaded."""

    file = forms.FileField(
        label="ECB file",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.zip,.gz"}),
        help_text="eurofxref.csv or eurofxref-hist.csv, also zipped. Known days are left as they"
        " are; a rate that differs from a known one stops the import.",
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            raise forms.ValidationError(f"At most {MAX_FILE_BYTES // 2**20} MB.")
        return file


@admin.register(FxRate)
class FxRateAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("rate_date", "currency", "rate", "imported_at")
    empty_text = "No rates yet: import the ECB's file."
    search_fields = ("=currency", "=rate_date")
    search_help_text = "Currency or day (2026-11-30)"
    change_list_template = "admin/billing/fx_rates.html"

    def get_urls(self):
        upload = path(
            "import/", self.admin_site.admin_view(self.import_view), name="billing_fxrate_import"
        )
        return [upload, *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        may = {"may_import": _may_import(request)}
        return super().changelist_view(request, may | (extra_context or {}))

    @display(description="Per euro")
    def rate(self, row) -> str:
        return f"{row.per_euro.normalize():f}"

    def import_view(self, request):
        """Upload the ECB's file; what is wrong with it is told at the field."""
        if not _may_import(request):
            raise PermissionDenied
        form = RatesForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                return self._imported(request, form.cleaned_data["file"])
            except (UnreadableRates, RateDiffers) as error:
                form.add_error("file", f"Nothing was imported. {error}")
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import ECB rates",
            "form": form,
            "lead": "The rates convert positions of partners that settle in one currency, at the"
            " cut-off day of their window.",
            "button": "Import",
            "back_url": reverse(_LIST),
        }
        return TemplateResponse(request, "admin/upload.html", context)

    def _imported(self, request, file):
        now = timezone.now()
        done = import_ecb_csv(file.read(), now=now)
        newest = FxRate.objects.order_by("-rate_date").first()
        if done.added and newest is not None:
            audit.record(
                "fx.imported",
                newest,
                actor=request.user.get_username(),
                at=now,
                after={"file": (file.name or "")[:200], "added": done.added},
            )
        messages.success(request, f"{done.added:,} rates added, {done.known:,} were known.")
        return HttpResponseRedirect(reverse(_LIST))


def _may_import(request) -> bool:
    return request.user.has_perm("billing.add_fxrate")
