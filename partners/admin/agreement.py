"""Roaming agreements: drafts are edited, what is in force is only told."""

from datetime import datetime, time, timedelta
from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.utils import timezone
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import action, display

from partners.admin.agreement_import import ImportPages
from partners.admin.base import HouseAdmin
from partners.admin.confirm import NotPossible, Question, ask, change_url
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import Facts
from partners.models import RoamingAgreement
from partners.services import agreements


class InForceFilter(DropdownFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request, model_admin):
        return [("draft", "Draft"), ("in_force", "In force"), ("ended", "Ended")]

    def queryset(self, request, queryset):
        now = timezone.now()
        match self.value():
            case "draft":
                return queryset.filter(in_force_at__isnull=True)
            case "in_force":
                return queryset.filter(in_force_at__isnull=False).exclude(ends_at__lte=now)
            case "ended":
                return queryset.filter(in_force_at__isnull=False, ends_at__lte=now)
        return queryset


@admin.register(RoamingAgreement)
class RoamingAgreementAdmin(HouseAdmin):
    list_display = (
        "name",
        "seller",
        "buyer",
        "status",
        "currency",
        "commission",
        "acceptance",
        "starts_at",
        "environment_label",
    )
    list_select_related = ("seller", "buyer")
    list_filter = (
        InForceFilter,
        ("seller", RelatedDropdownFilter),
        ("buyer", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
        ("acceptance", ChoicesDropdownFilter),
        ("mode", ChoicesDropdownFilter),
    )
    search_fields = ("number", "seller__name", "buyer__name")
    search_help_text = "Number, seller or buyer"
    ordering = ("number", "-version", "pk")
    empty_text = (
        "Records of two parties are settled by their agreement: draft it, then two persons sign."
    )
    autocomplete_fields = ("seller", "buyer", "group")
    actions_detail = ("ask_to_put_in_force", "draft_new_version")
    change_list_template = "admin/partners/agreements.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "version"),
                    "environment",
                    ("seller", "buyer"),
                    ("mode", "service_class"),
                    "starts_at",
                    "ends_at",
                    "in_force_at",
                )
            },
        ),
        (
            "Money",
            {
                "classes": ["tab"],
                "fields": (
                    ("group", "currency"),
                    "price_basis",
                    ("commission_rate", "commission_beneficiary"),
                ),
            },
        ),
        (
            "Acceptance and limits",
            {
                "classes": ["tab"],
                "fields": (
                    ("acceptance", "acceptance_days"),
                    ("warn_after_days", "refuse_after_days"),
                    "rule_overrides",
                ),
            },
        ),
        (
            "Registries",
            {
                "classes": ["tab"],
                "fields": (
                    ("evse_registry", "meter_key_registry"),
                    ("credential_registry", "authorization_registry"),
                ),
            },
        ),
    )

    def get_urls(self):
        return [*ImportPages(self).urls(), *super().get_urls()]

    @display(description="Agreement", ordering="number")
    def name(self, agreement) -> str:
        return str(agreement)

    @display(
        description="Status", label={"Draft": "warning", "In force": "success", "Ended": "info"}
    )
    def status(self, agreement) -> str:
        if agreement.in_force_at is None:
            return "Draft"
        ended = agreement.ends_at is not None and agreement.ends_at <= timezone.now()
        return "Ended" if ended else "In force"

    @display(description="Commission")
    def commission(self, agreement) -> str:
        return f"{(agreement.commission_rate * 100).normalize():f} %"

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, agreement) -> str:
        return agreement.environment

    def get_readonly_fields(self, request, obj=None):
        if obj is not None and obj.in_force_at is not None:
            return [field.name for field in self.opts.concrete_fields if field.name != "id"]
        return ["version", "in_force_at"]

    def has_change_permission(self, request, obj=None) -> bool:
        if obj is not None and obj.in_force_at is not None:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None) -> bool:
        if obj is None or obj.in_force_at is not None:
            return False
        return super().has_delete_permission(request, obj)

    def get_actions_detail(self, request, object_id):
        """A draft can be signed; what is in force can be followed by a new version."""
        agreement = self.get_object(request, str(object_id))
        if agreement is None or not super().has_change_permission(request):
            return []
        wanted = "draft_new_version" if agreement.in_force_at else "ask_to_put_in_force"
        return [self.get_unfold_action(wanted)]

    @action(description="Put in force…", url_path="put-in-force", icon="verified")
    def ask_to_put_in_force(self, request, object_id):
        agreement = self._for_change(request, object_id)
        return ask(
            request,
            self,
            agreement,
            Question(
                title=f"Put {agreement} in force?",
                sentence="From then on it cannot be edited: records are judged and cleared by it,"
                " and a change is a new version. An earlier version of the same number ends"
                " where this one starts.",
                button="Put in force",
                effect=[_terms(agreement)],
                act=partial(_put_in_force, request, agreement),
                is_possible=agreement.in_force_at is None,
            ),
        )

    @action(description="Draft the next version…", url_path="next-version", icon="content_copy")
    def draft_new_version(self, request, object_id):
        agreement = self._for_change(request, object_id)
        midnight = datetime.combine(
            timezone.localdate() + timedelta(days=1), time(), timezone.get_current_timezone()
        )
        return ask(
            request,
            self,
            agreement,
            Question(
                title=f"Draft the next version of {agreement}?",
                sentence="A copy is made as a draft that starts tomorrow. Edit it, then put it in"
                " force: this version ends where the new one starts.",
                button="Draft the next version",
                act=partial(_draft, request, agreement, midnight),
            ),
        )

    def _for_change(self, request, object_id) -> RoamingAgreement:
        if not super().has_change_permission(request):
            raise PermissionDenied
        agreement = self.get_object(request, object_id)
        if agreement is None:
            raise Http404
        return agreement


def _terms(agreement: RoamingAgreement) -> Facts:
    return Facts(
        "What it says",
        [
            ("Seller", agreement.seller),
            ("Buyer", agreement.buyer),
            ("Settlement group", agreement.group),
            ("From", agreement.starts_at),
            ("Until", agreement.ends_at or "open"),
            ("Commission", f"{(agreement.commission_rate * 100).normalize():f} %"),
            ("Acceptance", agreement.get_acceptance_display()),
        ],
    )


def _put_in_force(request, agreement, answers) -> str:
    try:
        agreements.put_in_force(
            agreement.pk,
            actor=request.user.get_username(),
            reason=answers["reason"],
            now=timezone.now(),
        )
    except (
        agreements.AlreadyInForce,
        agreements.AgreementsOverlap,
        agreements.TermsCannotHold,
    ) as error:
        raise NotPossible(str(error)) from error
    return f"{agreement} is in force."


def _draft(request, agreement, starts_at, answers):
    draft = agreements.draft_next_version(
        agreement.pk,
        actor=request.user.get_username(),
        starts_at=starts_at,
        now=timezone.now(),
    )
    return HttpResponseRedirect(change_url(draft))
