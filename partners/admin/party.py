"""Parties on the wire, who owned them when, and mandates to act for them."""

from django.contrib import admin, messages
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from partners import queries
from partners.admin.base import HouseAdmin
from partners.admin.checklist import Checklist
from partners.admin.confirm import change_url
from partners.models import Environment, LiveActivation, Mandate, Party, PartyOwnership

ENVIRONMENT_TONES = {"LIVE": "success", "TEST": "warning"}


class OwnershipInline(TabularInline):
    model = PartyOwnership
    fields = ("partner", "starts_at", "ends_at")
    autocomplete_fields = ("partner",)
    ordering = ("-starts_at",)
    extra = 0
    can_delete = False
    tab = True


@admin.register(Party)
class PartyAdmin(HouseAdmin):
    list_display = ("code", "name", "role", "environment_label", "owner")
    list_filter = (("role", ChoicesDropdownFilter), ("environment", ChoicesDropdownFilter))
    search_fields = ("party_id", "name", "country_code")
    search_help_text = "Party id or name"
    ordering = ("country_code", "party_id", "role", "pk")
    empty_text = (
        "A party is a role of a partner on the wire, such as DE*NLX as CSO. Records name parties."
    )
    inlines = (OwnershipInline,)
    actions_detail = ("to_checklist",)

    def get_urls(self):
        return [*Checklist(self).urls(), *super().get_urls()]

    @action(description="Checklist", url_path="to-checklist", icon="checklist")
    def to_checklist(self, request, object_id):
        """Of the TEST party; a LIVE one's is that of the party it came from."""
        party = self.get_object(request, object_id)
        if party is None:
            raise Http404
        came_live = LiveActivation.objects.filter(live_party=party).first()
        if came_live is None and party.environment == Environment.LIVE:
            messages.info(request, f"{party.code} was LIVE before checklists were kept.")
            return HttpResponseRedirect(change_url(party))
        tried = came_live.test_party_id if came_live else party.pk
        return HttpResponseRedirect(reverse("admin:partners_party_checklist", args=[tried]))

    def get_queryset(self, request):
        owned = PartyOwnership.objects.filter(
            queries.in_period(timezone.now()), party=OuterRef("pk")
        )
        return (
            super()
            .get_queryset(request)
            .annotate(owner_name=Subquery(owned.values("partner__name")[:1]))
        )

    def get_fields(self, request, obj=None):
        # A new one is a TEST party: LIVE comes by its checklist and a second person.
        if obj is None:
            return ("country_code", "party_id", "role", "name")
        return ("country_code", "party_id", "role", "environment", "name")

    def save_model(self, request, obj, form, change):
        if not change:
            obj.environment = Environment.TEST
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request, obj=None):
        # What stands in records and agreements is not renamed; a new code is a new party.
        return ("country_code", "party_id", "role", "environment") if obj else ()

    @display(description="Code")
    def code(self, party) -> str:
        return party.code

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, party) -> str:
        return party.environment

    @display(description="Owner now")
    def owner(self, party) -> str:
        return party.owner_name or "nobody"

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(Mandate)
class MandateAdmin(HouseAdmin):
    list_display = ("agent", "grantor", "verbs_in_words", "starts_at", "ends_at")
    list_select_related = ("agent", "grantor")
    ordering = ("grantor__name", "agent__name", "pk")
    empty_text = (
        "By a mandate one partner lets another send records or answer disputes for its parties."
    )
    autocomplete_fields = ("grantor", "agent", "parties")
    fields = ("grantor", "agent", "parties", "verbs", "starts_at", "ends_at")

    @display(description="May")
    def verbs_in_words(self, mandate) -> str:
        known = dict(Mandate.Verb.choices)
        return ", ".join(str(known.get(verb, verb)) for verb in mandate.verbs)

    def has_delete_permission(self, request, obj=None) -> bool:
        return False
