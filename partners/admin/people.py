"""Who logs in, and what waits for a second person."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.urls import reverse
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from partners.admin.base import EvidenceAdmin, HouseAdmin
from partners.admin.story import WARN, ActionLink, Badge, Facts, Story
from partners.admin_paging import KeysetPaging
from partners.models import Approval, User


class HouseUserChangeForm(UserChangeForm):
    """Says in words what ``partner_user_is_not_staff`` holds."""

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("partner") and (cleaned.get("is_staff") or cleaned.get("is_superuser")):
            self.add_error(
                "partner",
                "A login of a partner cannot be staff. Clear the partner, or take the staff and"
                " superuser rights away.",
            )
        return cleaned


@admin.register(User)
class UserAdmin(HouseAdmin, DjangoUserAdmin):
    form = HouseUserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "who", "partner", "email", "is_active", "last_login")
    list_select_related = ("partner",)
    list_filter = (
        ("partner", RelatedDropdownFilter),
        ("is_staff", BooleanRadioFilter),
        ("is_active", BooleanRadioFilter),
    )
    search_help_text = "User name, name or e-mail"
    ordering = ("username",)
    autocomplete_fields = ("partner",)
    fieldsets = (
        (None, {"fields": ("username", "password", "partner")}),
        ("Person", {"classes": ["tab"], "fields": ("first_name", "last_name", "email")}),
        (
            "Rights",
            {
                "classes": ["tab"],
                "fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions"),
            },
        ),
        ("Dates", {"classes": ["tab"], "fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = (
        (None, {"classes": ["wide"], "fields": ("username", "partner", "password1", "password2")}),
    )

    def has_delete_permission(self, request, obj=None) -> bool:
        # The audit trail names people for years: a login is made inactive, not deleted.
        return False

    @display(description="Who", label={"Staff": "info", "Superuser": "danger", "Partner": ""})
    def who(self, user) -> str:
        if user.is_superuser:
            return "Superuser"
        return "Staff" if user.is_staff else "Partner"


admin.site.unregister(Group)  # Django's own page for it has another face


@admin.register(Group)
class GroupAdmin(HouseAdmin, DjangoGroupAdmin):
    filter_horizontal = ()  # two lists side by side are wider than the page


# Where requests of an object type are decided: the name of a page that takes the object's id.
_DECIDED_AT: dict[str, str] = {}


def decided_at(object_type: str, page: str) -> None:
    """Lead from a request about ``object_type`` to the page where a second person decides it."""
    _DECIDED_AT[object_type] = page


@admin.register(Approval)
class ApprovalAdmin(KeysetPaging, EvidenceAdmin):
    """Requests for a second person; they are decided where the thing itself is."""

    list_display = ("verb", "object_type", "state_label", "maker", "checker", "requested_at")
    list_select_related = ("maker", "checker")
    empty_text = "What needs a second person waits here."
    list_filter = (("state", ChoicesDropdownFilter),)

    @display(
        description="State",
        label={"REQUESTED": "warning", "APPROVED": "success", "REFUSED": "danger"},
    )
    def state_label(self, approval) -> str:
        return approval.state

    def story(self, request, obj) -> Story:
        tone = WARN if obj.state == Approval.State.REQUESTED else ""
        return Story(
            [
                Facts(
                    "",
                    [
                        ("State", Badge(obj.state, tone)),
                        ("What", f"{obj.verb} {obj.object_type} {obj.object_id}"),
                        ("Reason", obj.reason),
                        ("Content (SHA-256)", obj.content_sha256),
                        ("Prepared by", obj.maker),
                        ("Decided by", obj.checker),
                        ("Requested", obj.requested_at),
                        ("Expires", obj.expires_at),
                        ("Decided", obj.decided_at),
                    ],
                )
            ],
            self._actions(obj),
        )

    def _actions(self, approval) -> list[ActionLink]:
        page = _DECIDED_AT.get(approval.object_type)
        if page is None or approval.state != Approval.State.REQUESTED:
            return []
        return [ActionLink("To what it is about", reverse(page, args=[approval.object_id]))]
