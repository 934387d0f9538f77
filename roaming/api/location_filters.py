"""Query parameters of the list of locations."""

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from rest_framework.exceptions import ValidationError

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from roaming.models import LocationEvse

_EDGES = ("west", "south", "east", "north")


class LocationFilter(django_filters.FilterSet):
    """Filters on EVSEs mean one EVSE that fits them all; removed ones do not count."""

    cso = django_filters.CharFilter(method="of_cso", help_text="The CSO's code, e.g. `DE*NLX`.")
    country = django_filters.CharFilter(
        field_name="country_code", lookup_expr="iexact", help_text="ISO 3166 alpha-2, e.g. `NL`."
    )
    city = django_filters.CharFilter(lookup_expr="iexact", help_text="As the CSO spells it.")
    location_id = django_filters.CharFilter(method="of_id", help_text="As its CSO calls it.")
    bbox = django_filters.CharFilter(
        method="in_box", help_text="west,south,east,north in degrees, e.g. `4.7,52.3,5.1,52.5`."
    )
    updated_since = django_filters.IsoDateTimeFilter(
        field_name="updated_at", lookup_expr="gte", help_text="Updated at or after this instant."
    )
    status = django_filters.MultipleChoiceFilter(
        method="by_evse", choices=LocationEvse.Status.choices, help_text="Of an EVSE; repeatable."
    )
    connector_type = django_filters.CharFilter(
        method="by_evse", help_text="Of an EVSE, e.g. `IEC_62196_T2_COMBO`."
    )
    current_type = django_filters.ChoiceFilter(
        method="by_evse", choices=[("AC", "AC"), ("DC", "DC")], help_text="Of an EVSE."
    )
    min_power_kw = django_filters.NumberFilter(
        method="by_evse", help_text="Of an EVSE, at least so much."
    )

    def of_cso(self, places: QuerySet, name: str, code: str) -> QuerySet:
        try:
            country, _, party_id = parse_party_code(code).normal.partition("*")
        except MalformedPartyCode as malformed:
            raise ValidationError({name: f"{malformed}; send e.g. DE*NLX"}) from malformed
        return places.filter(cso__country_code=country, cso__party_id=party_id)

    def of_id(self, places: QuerySet, name: str, location_id: str) -> QuerySet:
        return places.filter(location_id__iexact=location_id)

    def in_box(self, places: QuerySet, name: str, text: str) -> QuerySet:
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise ValidationError({name: f"is not {','.join(_EDGES)} in degrees"}) from None
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise ValidationError({name: f"is not {','.join(_EDGES)} in degrees, in this order"})
        return places.filter(longitude__range=(west, east), latitude__range=(south, north))

    def by_evse(self, places: QuerySet, name: str, value: object) -> QuerySet:
        """All of them at once, by the first one that is set: one EVSE must fit them all."""
        told = {key: one for key in _OF_EVSE if (one := self.form.cleaned_data.get(key))}
        if not told or next(iter(told)) != name:
            return places
        evses = LocationEvse.objects.filter(location=OuterRef("pk")).exclude(status="REMOVED")
        if "connector_type" in told:
            # Spelled as told, or in capitals, as most are.
            spellings = {told["connector_type"], str(told["connector_type"]).upper()}
            evses = evses.filter(connector_types__overlap=sorted(spellings))
        for key, lookup in _OF_EVSE.items():
            if key in told and lookup:
                evses = evses.filter(**{lookup: told[key]})
        return places.filter(Exists(evses))


_OF_EVSE = {
    "status": "status__in",
    "connector_type": "",
    "current_type": "current_type",
    "min_power_kw": "max_power_kw__gte",
}
