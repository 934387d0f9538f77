"""My documents: all of them on one page by period and kind, and a period as one zip."""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from billing.queries_documents import (
    DocumentSelection,
    OwnDocument,
    documents_for,
    own_documents,
)
from billing.services.document_zip import stream_zip
from billing.services.downloads import note_download
from billing.views.access import ENVIRONMENT
from billing.views.days import day_field, midnight
from billing.views.pages import cursor_of, query_with
from partners.portal import for_partner, partner_of, request_id
from partners.rules.roles import SEE_FINANCE

PAGE = 50
# More than a partner has in years; who wants all of it takes the data package.
MOST_IN_A_ZIP = 5_000
_KINDS = [
    ("", gettext_lazy("All")),
    ("statements", gettext_lazy("Statements")),
    ("provisional", gettext_lazy("Provisional statements")),
    ("invoices", gettext_lazy("Invoices and credit notes")),
    ("letters", gettext_lazy("Letters about late payment")),
    ("balances", gettext_lazy("Balance confirmations")),
]


class DocumentForm(forms.Form):
    """What to look for. Both days are included."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=_KINDS, required=False)
    issued_from = day_field(gettext_lazy("Issued from"))
    issued_to = day_field(gettext_lazy("up to and with"))

    def selection(self) -> DocumentSelection:
        """What a valid form asks for."""
        asked = self.cleaned_data
        return DocumentSelection(
            kind=asked["kind"],
            issued_from=midnight(asked["issued_from"]),
            issued_before=midnight(asked["issued_to"], days_later=1),
        )


@require_safe
@for_partner(right=SEE_FINANCE)
def document_list(request: HttpRequest) -> HttpResponse:
    """Newest first, by keyset: no page counts the table."""
    form, before = DocumentForm(request.GET), cursor_of(request, "before")
    context: dict[str, object] = {"section": "documents", "form": form}
    if form.is_valid():
        partner = partner_of(request)
        found = documents_for(partner, form.selection(), environment=ENVIRONMENT)
        rows = list((found.filter(id__lt=before) if before else found)[: PAGE + 1])
        shown = own_documents(rows[:PAGE], partner=partner)
        context |= {
            "lines": [(one, _files_of(one)) for one in shown],
            "older": query_with(request, before=rows[PAGE - 1].pk) if len(rows) > PAGE else "",
            "is_first_page": before is None,
            "is_filtered": any(form.cleaned_data.values()),
            "asked": query_with(request),
        }
    return render(request, "portal/documents.html", context)


@require_safe
@for_partner(right=SEE_FINANCE)
def documents_zip(request: HttpRequest) -> HttpResponseBase:
    """The filtered list with all its files, streamed; what was taken is noted first."""
    form = DocumentForm(request.GET)
    if not form.is_valid():
        return document_list(request)
    partner, now = partner_of(request), timezone.now()
    found = documents_for(partner, form.selection(), environment=ENVIRONMENT)
    ids = list(found.values_list("pk", flat=True)[:MOST_IN_A_ZIP])
    asked = {name: str(value) for name, value in form.cleaned_data.items() if value}
    note_download(
        actor=request.user.get_username(),
        partner=partner,
        object_type="document-list",
        object_id="zip",
        now=now,
        request_id=request_id(),
        details=asked | {"documents": len(ids)},
    )
    response = StreamingHttpResponse(stream_zip(ids), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="documents-{now:%Y%m%d-%H%M}.zip"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _files_of(one: OwnDocument) -> list[tuple[str, str]]:
    """The files of a document that can be had now, each by what it is called."""
    if one.kind == "INVOICE":
        return [
            (kind.upper(), reverse("portal:invoice-file", args=[one.id, kind]))
            for kind in one.files
        ]
    page = "portal:balance-pdf" if one.kind == "BALANCE" else "portal:statement-pdf"
    files = [("PDF", reverse(page, args=[one.subject_id]))] if one.files else []
    if one.kind in ("STATEMENT", "PROVISIONAL"):
        files.append(("CSV", reverse("portal:statement-annex", args=[one.id, "csv"])))
    return files
