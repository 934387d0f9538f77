"""The nodes through which parties exchange."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from partners.admin.base import HouseAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.models import RoamingEndpoint


@admin.register(RoamingEndpoint)
class RoamingEndpointAdmin(HouseAdmin):
    list_display = ("owner", "protocol", "protocol_version", "environment_label", "state_label")
    list_select_related = ("owner",)
    list_filter = (("state", ChoicesDropdownFilter), ("environment", ChoicesDropdownFilter))
    search_fields = ("owner__name", "protocol", "url")
    search_help_text = "Owner, protocol or address"
    ordering = ("owner__name", "protocol", "pk")
    autocomplete_fields = ("owner", "parties")

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, endpoint) -> str:
        return endpoint.environment

    @display(
        description="State",
        label={"CONNECTED": "success", "OFFLINE": "danger", "SUSPENDED": "warning"},
    )
    def state_label(self, endpoint) -> str:
        return endpoint.state
