"""Who logs in, with which roles, and what waits for a second person."""

from functools import partial

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from partners.admin.access import take_factors_away
from partners.admin.base import EvidenceAdmin, HouseAdmin
from partners.admin.confirm import Question, ask
from partners.admin.story import WARN, ActionLink, Badge, Facts, Story, Table, link
from partners.admin_paging import KeysetPaging
from partners.models import Approval, User
from partners.rules import roles as rules
from partners.services import audit
from partners.services import roles as roles_service


class _RolesFit:
    """Says in words what the database holds of partners, staff and roles."""

    def clean(self):
        cleaned = super().clean()  # type: ignore[misc]
        partner = cleaned.get("partner")
        if partner and (cleaned.get("is_staff") or cleaned.get("is_superuser")):
            self.add_error(  # type: ignore[attr-defined]
                "partner",
                "A login of a partner cannot be staff. Clear the partner, or take the staff and"
                " superuser rights away.",
            )
        if "groups" in cleaned:
            names = [group.name for group in cleaned["groups"]]
            refusal = rules.refusal_of(names, is_of_partner=partner is not None)
            if refusal:
                self.add_error("groups", refusal)  # type: ignore[attr-defined]
        return cleaned


class HouseUserChangeForm(_RolesFit, UserChangeForm):
    """What may be changed of a login."""


class HouseUserCreationForm(_RolesFit, UserCreationForm):
    """A new login with its roles."""


@admin.register(User)
class UserAdmin(HouseAdmin, DjangoUserAdmin):
    form = HouseUserChangeForm
    add_form = HouseUserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "who", "roles", "partner", "email", "is_active", "last_login")
    list_select_related = ("partner",)
    list_filter = (
        ("partner", RelatedDropdownFilter),
        ("groups", RelatedDropdownFilter),
        ("is_staff", BooleanRadioFilter),
        ("is_active", BooleanRadioFilter),
    )
    search_help_text = "User name, name or e-mail"
    ordering = ("username",)
    empty_text = "Nobody can log in yet: add a person, then give a role."
    autocomplete_fields = ("partner",)
    filter_horizontal = ()  # two lists side by side are wider than the page
    fieldsets = (
        (None, {"fields": ("username", "password", "partner", "groups")}),
        ("Person", {"classes": ["tab"], "fields": ("first_name", "last_name", "email")}),
        ("Rights", {"classes": ["tab"], "fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"classes": ["tab"], "fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    actions_detail = ("ask_to_take_factors_away",)
    add_fieldsets = (
        (
            None,
            {
                "classes": ["wide"],
                "fields": (
                    "username",
                    "email",
                    "partner",
                    "is_staff",
                    "groups",
                    "password1",
                    "password2",
                ),
            },
        ),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    def has_delete_permission(self, request, obj=None) -> bool:
        # The audit trail names people for years: a login is made inactive, not deleted.
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        """Who manages logins takes over no superuser's: that would be more than the role has."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request, obj=None):
        """Nobody makes a superuser but one, and nobody gives himself roles."""
        fields = tuple(super().get_readonly_fields(request, obj))
        if request.user.is_superuser:
            return fields
        own = ("groups", "is_staff") if obj is not None and obj.pk == request.user.pk else ()
        return (*fields, "is_superuser", *own)

    def save_related(self, request, form, formsets, change):
        """Which roles came and went is told beside the list of changed fields."""
        before = roles_service.roles_of(form.instance)
        super().save_related(request, form, formsets, change)
        after = roles_service.roles_of(form.instance)
        if before != after:
            audit.record(
                "user.roles_given",
                form.instance,
                actor=request.user.get_username(),
                at=timezone.now(),
                before={"roles": before},
                after={"roles": after},
            )

    def has_mend_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("partners.change_user")

    @action(
        description="Second factor lost…",
        url_path="second-factor",
        icon="phonelink_erase",
        permissions=["mend"],
    )
    def ask_to_take_factors_away(self, request, object_id):
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        question = Question(
            title=f"Take the second factors of {user.get_username()} away?",
            sentence="Only after you know who asks: call the person back. Whoever has the password"
            " can then log in.",
            button="Take them away",
            is_dangerous=True,
            act=partial(take_factors_away, request, user),
        )
        return ask(request, self, user, question)

    def formfield_for_manytomany(self, db_field, request, **options):
        field = super().formfield_for_manytomany(db_field, request, **options)
        if db_field.name == "groups" and field is not None:
            field.label = "Roles"
            field.label_from_instance = _in_words  # type: ignore[method-assign,assignment]
            field.help_text = (
                "People of a partner have exactly one role, one that begins with Partner. Staff"
                " may have several."
            )
        return field

    @display(description="Who", label={"Staff": "info", "Superuser": "danger", "Partner": ""})
    def who(self, user) -> str:
        if user.is_superuser:
            return "Superuser"
        return "Staff" if user.is_staff else "Partner"

    @display(description="Roles")
    def roles(self, user) -> str:
        return ", ".join(_label(group.name) for group in user.groups.all()) or "none"


def _label(name: str) -> str:
    """A role in a word; that of a group which is none of ours is its name."""
    role = rules.ROLES.get(name)
    if role is None:
        return name
    is_of_partner = name.startswith(rules.PARTNER_PREFIX)
    return f"Partner: {role.label}" if is_of_partner else role.label


def _in_words(group: Group) -> str:
    role = rules.ROLES.get(group.name)
    return f"{_label(group.name)} – {role.told}" if role else group.name


admin.site.unregister(Group)  # Django's own page for it has another face


@admin.register(Group)
class GroupAdmin(EvidenceAdmin):
    """Roles are written by ``migrate`` from one table in the code; here they are told."""

    list_display = ("name", "label", "told")
    search_fields = ("name",)
    ordering = ("name",)
    empty_text = "Roles are written when the house is set up: run migrate once."

    def name_of(self, obj) -> str:
        return _label(obj.name)

    @display(description="Role")
    def label(self, group) -> str:
        return _label(group.name)

    @display(description="What it is for")
    def told(self, group) -> str:
        role = rules.ROLES.get(group.name)
        return role.told if role else ""

    def story(self, request, obj) -> Story:
        people = User.objects.filter(groups=obj, is_active=True).order_by("username")[:200]
        rights = obj.permissions.select_related("content_type").order_by("name")
        return Story(
            [
                Facts("", [("Role", _label(obj.name)), ("What it is for", self.told(obj))]),
                Table(
                    "Who has it",
                    ("User", "Partner"),
                    [(link(person), person.partner or "") for person in people],
                    empty="Nobody has this role.",
                ),
                Table("What it may do", ("Right",), [(right.name,) for right in rights]),
            ]
        )


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
