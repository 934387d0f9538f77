"""Notices of maintenance and incidents: written by staff, read in the portal."""

from django.contrib import admin
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from partners.admin.base import HouseAdmin
from partners.models import Notice


class ShownFilter(DropdownFilter):
    title = "shown"
    parameter_name = "shown"

    def lookups(self, request, model_admin):
        return [("now", "Now"), ("later", "Later"), ("over", "Over")]

    def queryset(self, request, queryset):
        now = timezone.now()
        match self.value():
            case "now":
                return queryset.filter(shown_from_at__lte=now).exclude(shown_until_at__lte=now)
            case "later":
                return queryset.filter(shown_from_at__gt=now)
            case "over":
                return queryset.filter(shown_until_at__lte=now)
        return queryset


@admin.register(Notice)
class NoticeAdmin(HouseAdmin):
    """Who may write one is who may change partners' settings: rights of the model."""

    empty_text = (
        "Tell partners of maintenance or an incident: it stands in their portal while it holds."
    )

    list_display = ("title", "kind_label", "to_whom", "stands", "shown_from_at", "shown_until_at")
    list_select_related = ("partner",)
    list_filter = (ShownFilter, ("kind", ChoicesDropdownFilter))
    search_fields = ("title",)
    search_help_text = "Title"
    ordering = ("-shown_from_at", "-pk")
    autocomplete_fields = ("partner",)
    fields = (
        "kind",
        "title",
        "text",
        "audience",
        "partner",
        "shown_from_at",
        "shown_until_at",
        "created_by",
    )
    readonly_fields = ("created_by",)

    @display(description="Kind", label={"Incident": "danger", "Maintenance": "info"})
    def kind_label(self, notice) -> str:
        return notice.get_kind_display()

    @display(description="To whom")
    def to_whom(self, notice) -> str:
        return str(notice.partner or notice.get_audience_display())

    @display(description="Shown", label={"Now": "success", "Later": "info"})
    def stands(self, notice) -> str:
        now = timezone.now()
        if notice.shown_from_at > now:
            return "Later"
        over = notice.shown_until_at is not None and notice.shown_until_at <= now
        return "Over" if over else "Now"

    def get_changeform_initial_data(self, request):
        return {"shown_from_at": timezone.now()}

    def save_model(self, request, obj, form, change):
        if not change:
            obj.created_by = request.user.get_username()
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request, obj=None) -> bool:
        # Partners have read it: it is ended, not deleted.
        return False
