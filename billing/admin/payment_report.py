"""The bank's answer to a payment file: a pain.002 is uploaded, what it decides is done."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget

from billing.admin.payment_acts import may_change
from billing.messages.pain002 import LARGEST_BYTES, NotReadable
from billing.services.payments.reports import NotImportable, import_status_report
from partners.admin.confirm import change_url


class ReportForm(forms.Form):
    """The file as the bank hands it out."""

    file = forms.FileField(
        label="pain.002",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".xml"}),
        help_text="Any version. It is kept as it is and imported once.",
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > LARGEST_BYTES:
            raise forms.ValidationError(f"At most {LARGEST_BYTES // 10**6} MB.")
        return file


def import_view(model_admin, request):
    """Upload it; what is wrong with it is told at the field."""
    if not may_change(request):
        raise PermissionDenied
    form = ReportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _imported(request, form.cleaned_data["file"])
        except (NotReadable, NotImportable) as error:
            form.add_error("file", f"Nothing was imported. {error}")
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Import the bank's answer",
        "form": form,
        "lead": "What the bank takes is acknowledged. What it refuses is booked back and due again;"
        " a wrong account waits for the partner's new one.",
        "button": "Import",
        "back_url": reverse("admin:billing_paymentfile_changelist"),
    }
    return TemplateResponse(request, "admin/upload.html", context)


def _imported(request, file):
    done = import_status_report(
        file.read(), file_name=file.name or "", by=request.user, now=timezone.now()
    )
    told = f"{len(done.rejected)} refused. " if done.rejected else ""
    messages.success(request, f"{told}The file is {done.file.state}.")
    return HttpResponseRedirect(change_url(done.file))
