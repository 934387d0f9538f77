"""One field for every id: it leads to the page, or tells what fits.

Asked by POST alone: what people type, a driver's contract id for instance, comes into no address,
no log and no history.
"""

from itertools import groupby
from operator import attrgetter
from typing import cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from clearinghouse.finders import Found, Search, find
from partners.models import User

_SEARCHED = (
    ("Records", "SDR id, session id, EVSE id, pseudonym, or a driver's contract id"),
    ("Sessions", "either side's id of a service session, a reservation's id"),
    ("Money", "number of a statement, invoice or letter, RF reference, end-to-end id, mandate"),
    ("Partners", "name, legal name, VAT number, party code such as DE*NLX, number of an agreement"),
    ("Work", "number of a dispute, counter-record, correlation id, user name"),
    ("Ours", "any id of ours, such as that of a job, delivery or settlement"),
)


class FindForm(forms.Form):
    term = forms.CharField(max_length=200)


def find_anything(request: HttpRequest) -> HttpResponse:
    """On POST go to the one page that the term names, or show all of them."""
    form = FindForm(request.POST if request.method == "POST" else None)
    found: list[Found] = []
    if form.is_valid():
        search = Search(form.cleaned_data["term"], cast(User, request.user), timezone.now())
        found = find(search)
        if len(found) == 1:
            return HttpResponseRedirect(found[0].url)
    context = {
        **admin.site.each_context(request),
        "title": "Find",
        "term": form.cleaned_data.get("term", "") if form.is_bound and form.is_valid() else "",
        "is_asked": request.method == "POST",
        "kinds": [(kind, list(rows)) for kind, rows in groupby(found, attrgetter("kind"))],
        "searched": _SEARCHED,
    }
    return TemplateResponse(request, "admin/find.html", context)
