"""What is settled together, and who joined."""

from django.contrib import admin
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from partners.admin.base import EvidenceInline, HouseAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.models import GroupMembership, ParticipationContract, SettlementGroup


class MemberInline(EvidenceInline):
    model = GroupMembership
    fields = ("contract", "partner")
    readonly_fields = ("contract", "partner")
    verbose_name_plural = "members"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("contract__partner", "group")

    @display(description="Partner")
    def partner(self, membership) -> str:
        return str(membership.contract.partner)


@admin.register(SettlementGroup)
class SettlementGroupAdmin(HouseAdmin):
    list_display = ("name", "environment_label", "currency", "cycle", "model", "netting")
    list_filter = (
        ("environment", ChoicesDropdownFilter),
        ("cycle", ChoicesDropdownFilter),
        ("netting", ChoicesDropdownFilter),
    )
    search_fields = ("name", "currency")
    search_help_text = "Name or currency"
    ordering = ("name", "pk")
    empty_text = (
        "Partners are settled in groups of one currency and calendar: start with one, such as"
        " EUR monthly."
    )
    inlines = (MemberInline,)

    def get_readonly_fields(self, request, obj=None):
        # Windows and ledger hang on these; another currency is another group.
        return ("environment", "currency", "cycle", "time_zone") if obj else ()

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, group) -> str:
        return group.environment

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class GroupInline(TabularInline):
    model = GroupMembership
    fields = ("group",)
    autocomplete_fields = ("group",)
    extra = 0
    can_delete = False
    tab = True
    verbose_name_plural = "groups joined"


@admin.register(ParticipationContract)
class ParticipationContractAdmin(HouseAdmin):
    list_display = ("number", "partner", "has_netting_clause", "starts_at", "ends_at")
    list_select_related = ("partner",)
    list_filter = (("partner", RelatedDropdownFilter),)
    search_fields = ("number", "partner__name")
    search_help_text = "Number or partner"
    ordering = ("number", "pk")
    empty_text = "A contract puts a partner into settlement groups and says what it agreed to."
    autocomplete_fields = ("partner",)
    inlines = (GroupInline,)

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
