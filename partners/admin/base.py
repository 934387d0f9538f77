"""The two kinds of admin pages: what staff edits (audited), and what nobody edits (evidence)."""

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Model
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import TabularInline

from partners.admin.list_tools import ListTools
from partners.admin.named import Named
from partners.admin.story import Facts, Story
from partners.services import audit


class Telling(ListTools):
    """Pages that tell a story."""

    def name_of(self, obj) -> str:
        """What the page is called; a model may name itself for machines."""
        return str(obj)

    def tell(self, request, obj, story: Story, extra_context=None) -> TemplateResponse:
        """Answer with the page of a story."""
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": Named(obj, self.name_of(obj), self.opts),
            "object_id": str(obj.pk),
            "title": self.name_of(obj),
            "story": story,
            "has_view_permission": True,
            **(extra_context or {}),
        }
        template = getattr(self, "story_template", "admin/story.html")
        return TemplateResponse(request, template, context)


class HouseAdmin(Telling):
    """What staff may edit. Every change leaves an audit event."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    list_filter_sheet = True
    warn_unsaved_form = True
    compressed_fields = True

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """What no form can check (rows against each other, environments) ends in a sentence."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            diagnosis = getattr(error.__cause__, "diag", None)
            name = getattr(diagnosis, "constraint_name", None) or "a rule of the database"
            sentence = name.replace("_", " ")
            messages.error(request, f"Nothing was saved. This must hold: {sentence}.")
            return HttpResponseRedirect(request.get_full_path())

    def log_addition(self, request, obj, message):
        self._audit("added", request, obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request, obj, message):
        self._audit("changed", request, obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request, queryset):
        for row in queryset:
            self._audit("deleted", request, row, str(row))
        return super().log_deletions(request, queryset)

    def _audit(self, verb: str, request, obj: Model, message) -> None:
        audit.record(
            f"{obj._meta.model_name}.{verb}",
            obj,
            actor=request.user.get_username(),
            at=timezone.now(),
            after={"what": message},
        )


class EvidenceAdmin(Telling):
    """What is told and never edited: no adding, changing or deleting, whoever asks."""

    list_per_page = 50
    list_filter_submit = True
    list_filter_sheet = True
    actions: Sequence[str] | None = None

    def get_queryset(self, request):
        # What a list shows beside a row, its page shows too: one query instead of many.
        return super().get_queryset(request).select_related(*self.list_select_related or ())

    def has_add_permission(self, request, *args) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def story(self, request: HttpRequest, obj) -> Story:
        """What the detail page tells; by default every field of the row."""
        fields = [
            (field.verbose_name.capitalize(), getattr(obj, field.name))
            for field in obj._meta.concrete_fields
        ]
        return Story([Facts("", fields)])

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        obj = self.get_object(request, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return self.tell(request, obj, self.story(request, obj), extra_context)


class EvidenceInline(TabularInline):
    """Rows of an aggregate that are shown, not edited."""

    extra = 0
    can_delete = False
    show_change_link = False
    tab = True

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False
