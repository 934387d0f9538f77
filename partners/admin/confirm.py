"""A page that asks before something happens: shows the effect, wants a reason, then does it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextareaWidget

from partners.admin.named import Named


class ReasonForm(forms.Form):
    """Why; goes into the audit trail."""

    reason = forms.CharField(
        min_length=5,
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="At least a few words: the audit trail keeps them with your name.",
    )


def ids_named(request: HttpRequest, *, most: int) -> list[UUID]:
    """The ids in the address (``?ids=…,…``), at most so many; what is none is left out."""
    ids = []
    for text in request.GET.get("ids", "").split(",")[:most]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return ids


class NotPossible(Exception):
    """What was asked cannot be done; the text says why and what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the page asks. ``effect``: sections of a story that show what will happen.

    ``act`` gets the cleaned form and returns a sentence for the user, or a whole response.
    """

    title: str
    sentence: str
    button: str
    act: Callable[[dict[str, object]], str | HttpResponse]
    effect: Sequence[object] = ()
    form_class: type[forms.Form] = ReasonForm
    is_dangerous: bool = False
    is_possible: bool = True


class NoAnswers(forms.Form):
    """Nothing to fill in: yes or back."""


def ask(
    request: HttpRequest, model_admin, obj, question: Question, *, back_url: str = ""
) -> HttpResponse:
    """Show the question on GET; on POST with a valid form do it and go back to ``obj``.

    A question about many rows has no ``obj``; it goes back to ``back_url``.
    """
    back_url = back_url or change_url(obj)
    form = question.form_class(request.POST if request.method == "POST" else None)
    if request.method == "POST" and question.is_possible and form.is_valid():
        try:
            done = question.act(form.cleaned_data)
        except NotPossible as error:
            messages.error(request, str(error))
        else:
            if isinstance(done, HttpResponse):
                return done
            messages.success(request, done)
            return HttpResponseRedirect(back_url)
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": question.title,
        "question": question,
        "form": form,
        "back_url": back_url,
    }
    if obj is not None:
        name = getattr(model_admin, "name_of", str)(obj)
        context["original"] = Named(obj, name, model_admin.opts)
    return TemplateResponse(request, "admin/confirm.html", context)


def change_url(obj) -> str:
    meta = obj._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])
