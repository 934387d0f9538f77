"""What stands above every list of the admin: saved filters, and the way to export it."""

import re
from dataclasses import dataclass
from functools import partial
from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect, QueryDict
from django.urls import path, reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from partners.admin import list_export
from partners.admin.confirm import NoAnswers, NotPossible, Question, ask
from partners.models import SavedFilter, User
from partners.models.saved_filter import LONGEST_QUERY
from partners.services import exports, saved_filters

_NEVER_SHOWN = re.compile("iban|secret|password|encrypted|token_sha256")


class SaveForm(forms.Form):
    """Under which name, and for whom."""

    name = forms.CharField(
        max_length=60,
        widget=UnfoldAdminTextInputWidget,
        help_text="As you would call it: “Held since a week, mine”.",
    )
    is_shared = forms.BooleanField(
        label="For everybody who may see this list",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )


@dataclass(frozen=True, slots=True)
class Above:
    """What the template shows above a list. ``query``: its filters, search and order."""

    model_admin: ModelAdmin
    request: HttpRequest

    @property
    def query(self) -> str:
        return list_export.listed_query(self.request)

    @property
    def saved(self) -> list[dict[str, object]]:
        """Links to saved filters; those that hold now are marked, one's own can be deleted."""
        now = _pairs(self.query)
        return [
            {
                "name": kept.name,
                "url": f"?{kept.query}",
                "is_current": _pairs(kept.query) == now,
                "is_shared": kept.is_shared,
                "delete_url": reverse(self._page("forget"), args=[kept.pk])
                if may_delete(self.request.user, kept)
                else "",
            }
            for kept in saved_filters.of_list(
                self.model_admin.opts.label_lower, user=cast(User, self.request.user)
            )
        ]

    @property
    def save_url(self) -> str:
        """Only where something is filtered, searched or sorted."""
        return f"{reverse(self._page('keep'))}?{self.query}" if self.query else ""

    @property
    def export_url(self) -> str:
        return f"{reverse(self._page('export'))}?{self.query}"

    def _page(self, name: str) -> str:
        opts = self.model_admin.opts
        return f"admin:{opts.app_label}_{opts.model_name}_{name}"


def _pairs(query: str) -> list[tuple[str, list[str]]]:
    return sorted((name, sorted(values)) for name, values in QueryDict(query).lists())


def may_delete(user, kept: SavedFilter) -> bool:
    """Its owner; a shared one also who manages users, for owners leave."""
    may_tidy = kept.is_shared and user.has_perm("partners.change_user")
    return bool(kept.owner_id == user.pk or may_tidy)


class ListTools(ModelAdmin):
    """A list that is exported and whose filters are kept; both read what the address says."""

    def lookup_allowed(self, lookup, value, request) -> bool:
        """No filter by what no page shows in full: its rows would tell it letter by letter."""
        return not _NEVER_SHOWN.search(lookup) and super().lookup_allowed(lookup, value, request)

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        pages = (
            ("export/", self.export_view, "export"),
            ("filters/keep/", self.keep_view, "keep"),
            ("filters/<uuid:filter_id>/forget/", self.forget_view, "forget"),
        )
        return [
            *(
                path(address, self.admin_site.admin_view(view), name=f"{name}_{page}")
                for address, view, page in pages
            ),
            *super().get_urls(),
        ]

    def dressed(self, rows) -> list:
        """The rows with what the list shows beside them, read for all of them together."""
        return rows

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        changelist.result_list = self.dressed(changelist.result_list)
        return changelist

    def changelist_view(self, request, extra_context=None):
        above = {"above_list": Above(self, request)}
        return super().changelist_view(request, above | (extra_context or {}))

    def export_view(self, request):
        self._may_look(request)
        try:
            effect = list_export.what_it_has(self, request)
        except IncorrectLookupParameters:
            messages.error(request, "A filter in the address is not understood.")
            return HttpResponseRedirect(self._list_url())
        days = exports.KEPT.days
        question = Question(
            title=f"Export {self.opts.verbose_name_plural}",
            sentence="A job writes every row that matches into a file, in the order of the list."
            f" You download it from the job's page; it is kept for {days} days.",
            button="Export",
            effect=effect,
            form_class=list_export.FormatForm,
            act=partial(list_export.place_order, self, request),
        )
        return ask(request, self, None, question, back_url=self._list_url(request))

    def keep_view(self, request):
        self._may_look(request)
        query = list_export.listed_query(request)
        question = Question(
            title="Keep these filters",
            sentence="They become a link above the list. A name that you used before is replaced.",
            button="Keep",
            effect=list_export.what_narrows(query),
            form_class=SaveForm,
            is_possible=0 < len(query) <= LONGEST_QUERY,
            act=partial(self._keep, request, query),
        )
        return ask(request, self, None, question, back_url=self._list_url(request))

    def forget_view(self, request, filter_id):
        self._may_look(request)
        kept = SavedFilter.objects.filter(pk=filter_id, list_of=self.opts.label_lower).first()
        if kept is None or not (kept.is_shared or kept.owner_id == request.user.pk):
            raise Http404
        if not may_delete(request.user, kept):
            raise PermissionDenied
        told = "Everybody loses the link." if kept.is_shared else "Only you see this link."
        question = Question(
            title=f"Delete the filters “{kept}”?",
            sentence=f"{told} The rows themselves are not touched.",
            button="Delete the link",
            form_class=NoAnswers,
            is_dangerous=True,
            act=partial(self._forget, request, kept),
        )
        return ask(request, self, None, question, back_url=self._list_url())

    def _may_look(self, request) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _keep(self, request, query: str, answers) -> str:
        try:
            kept = saved_filters.save(
                self.opts.label_lower,
                name=answers["name"],
                query=query,
                is_shared=answers["is_shared"],
                owner=request.user,
                now=timezone.now(),
            )
        except saved_filters.NameTaken as error:
            raise NotPossible(f"{error} Choose another name.") from error
        return f"“{kept}” stands above the list now."

    def _forget(self, request, kept: SavedFilter, answers) -> str:
        name = str(kept)
        saved_filters.delete(kept, actor=request.user, now=timezone.now())
        return f"The link “{name}” is gone."

    def _list_url(self, request: HttpRequest | None = None) -> str:
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        query = list_export.listed_query(request) if request else ""
        return f"{url}?{query}" if query else url
