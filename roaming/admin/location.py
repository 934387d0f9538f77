"""Locations and their EVSEs for staff: what a CSO publishes, how it stands, who may see it."""

from collections import Counter

from django.contrib import admin
from django.db.models import Q
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import GOOD, INFO, WARN, Badge, Facts, Story, link
from partners.admin_paging import KeysetPaging
from roaming.admin import location_story as told
from roaming.models import Evse, Location, LocationEvse


class ThereFilter(DropdownFilter):
    title = "published"
    parameter_name = "there"

    def lookups(self, request, model_admin):
        return [
            ("public", "told to all who agreed"),
            ("hidden", "told to nobody at large"),
            ("removed", "removed by its CSO"),
        ]

    def queryset(self, request, queryset):
        by_value = {
            "public": Q(removed_at__isnull=True, is_published=True),
            "hidden": Q(removed_at__isnull=True, is_published=False),
            "removed": Q(removed_at__isnull=False),
        }
        wanted = by_value.get(self.value() or "")
        return queryset.filter(wanted) if wanted is not None else queryset


@admin.register(Location)
class LocationAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "location_id",
        "label",
        "cso_code",
        "place",
        "points",
        "there",
        "updated_at",
        "environment_label",
    )
    list_select_related = ("cso",)
    list_filter = (
        ("cso", RelatedDropdownFilter),
        ThereFilter,
        ("environment", ChoicesDropdownFilter),
        ("updated_at", RangeDateFilter),
    )
    search_fields = ("location_id__iexact", "evses__evse_id__exact", "city__iexact", "id__exact")
    search_help_text = "The CSO's id, an EVSE id in normal form, a town or our id"
    empty_text = (
        "A location appears when its CSO publishes it over OCPI or the API; take a filter off to"
        " see more."
    )

    def dressed(self, rows) -> list:
        shown = [location.pk for location in rows]
        statuses = LocationEvse.objects.filter(location__in=shown).exclude(status="REMOVED")
        counts = Counter(statuses.values_list("location"))
        free = Counter(statuses.filter(status="AVAILABLE").values_list("location"))
        for location in rows:
            key = (location.pk,)
            location.points_told = f"{counts[key]} ({free[key]} free)" if counts[key] else "none"
        return rows

    def name_of(self, location) -> str:
        return f"{location.name or 'Location'} {location.location_id}"

    @display(description="Name")
    def label(self, location) -> str:
        return location.name or location.address or "—"

    @display(description="CSO")
    def cso_code(self, location) -> str:
        return location.cso.code

    @display(description="Place")
    def place(self, location) -> str:
        return told.place_of(location)

    @display(description="EVSEs")
    def points(self, location) -> str:
        return location.points_told

    @display(description="Published", label={"removed": WARN, "hidden": INFO, "yes": GOOD})
    def there(self, location) -> str:
        return told.there(location)

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, location) -> str:
        return location.environment

    def story(self, request, obj) -> Story:
        return Story(
            [
                *told.notes(obj),
                told.facts(obj),
                told.evses(obj),
                told.sessions(Q(location_id=obj.location_id), obj),
            ]
        )


@admin.register(LocationEvse)
class LocationEvseAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "named",
        "status_label",
        "status_since",
        "cso_code",
        "site",
        "connectors",
        "power",
        "environment_label",
    )
    list_select_related = ("location", "cso")
    list_filter = (
        ("status", ChoicesDropdownFilter),
        ("cso", RelatedDropdownFilter),
        ("location__environment", ChoicesDropdownFilter),
        ("status_at", RangeDateFilter),
    )
    search_fields = ("evse_id__exact", "evse_uid__iexact", "id__exact")
    search_help_text = "An EVSE id in normal form, the CSO's technical id, or our id"
    empty_text = "An EVSE appears with its location; take a filter off to see more."

    def name_of(self, evse) -> str:
        return f"EVSE {evse}"

    @display(description="EVSE")
    def named(self, evse) -> str:
        return str(evse)

    @display(description="Status", label=told.STATUS_TONES)
    def status_label(self, evse) -> str:
        return told.status_of(evse)

    @display(description="Since")
    def status_since(self, evse):
        return evse.status_at or "not told"

    @display(description="CSO")
    def cso_code(self, evse) -> str:
        return evse.cso.code

    @display(description="Location")
    def site(self, evse) -> str:
        return evse.location.name or evse.location.location_id

    @display(description="Connectors")
    def connectors(self, evse) -> str:
        return told.connectors_of(evse)

    @display(description="Power")
    def power(self, evse) -> str:
        return told.power_of(evse)

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, evse) -> str:
        return evse.location.environment

    def story(self, request, obj) -> Story:
        known = Evse.objects.filter(cso=obj.cso, evse_id=obj.evse_id).order_by("-starts_at").first()
        facts = Facts(
            "",
            [
                ("Status", Badge(told.status_of(obj), told.STATUS_TONES[told.status_of(obj)])),
                ("Since", obj.status_at or "not told"),
                ("Not known after", obj.status_until_at),
                ("Location", link(obj.location, self.site(obj))),
                ("CSO", link(obj.cso, obj.cso.code)),
                ("EVSE id", obj.evse_id or "not told"),
                ("Technical id", obj.evse_uid),
                ("Connectors", told.connectors_of(obj)),
                ("Power", told.power_of(obj)),
                ("Tariffs", ", ".join(obj.tariff_ids) or "none told"),
                ("Can", ", ".join(told.in_words(one) for one in obj.capabilities) or "not told"),
                ("What rules read", link(known, "its dated entry") if known else "no entry"),
                ("Told by the CSO", obj.updated_at),
                ("Received", obj.received_at),
                ("Our id", obj.pk),
            ],
        )
        own = Q(evse_uid=obj.evse_uid) | (Q(evse_id=obj.evse_id) & ~Q(evse_id=""))
        return Story([facts, told.sessions(own, obj.location)])
