"""Query parameters of the list of records."""

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from rest_framework.exceptions import ValidationError

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from partners.models import Party
from roaming.models import Sdr, SdrState


class RecordFilter(django_filters.FilterSet):
    """All periods are half-open: ``…_from`` is included, ``…_to`` is not."""

    party = django_filters.CharFilter(
        method="of_party", help_text="Code of the seller's or buyer's party, e.g. `FR*VOL`."
    )
    state = django_filters.MultipleChoiceFilter(
        choices=SdrState.State.choices, help_text="State of the record; may be repeated."
    )
    started_from = django_filters.IsoDateTimeFilter(
        method="by_start", help_text="Sessions that started at or after this instant."
    )
    started_to = django_filters.IsoDateTimeFilter(
        method="by_start", help_text="Sessions that started before this instant."
    )
    ended_from = django_filters.IsoDateTimeFilter(
        field_name="ended_at",
        lookup_expr="gte",
        help_text="Sessions that ended at or after this instant.",
    )
    ended_to = django_filters.IsoDateTimeFilter(
        field_name="ended_at", lookup_expr="lt", help_text="Sessions that ended before it."
    )
    changed_from = django_filters.IsoDateTimeFilter(
        field_name="changed_at",
        lookup_expr="gte",
        help_text="Records whose state changed at or after this instant.",
    )

    def of_party(self, states: QuerySet, name: str, code: str) -> QuerySet:
        try:
            normal = parse_party_code(code).normal
        except MalformedPartyCode as malformed:
            raise ValidationError({name: str(malformed)}) from malformed
        country, _, party_id = normal.partition("*")
        parties = Party.objects.filter(country_code=country, party_id=party_id).values("pk")
        return states.filter(Q(seller__in=parties) | Q(buyer__in=parties))

    def by_start(self, states: QuerySet, name: str, instant) -> QuerySet:
        lookup = "started_at__gte" if name.endswith("_from") else "started_at__lt"
        started = Sdr.objects.filter(sender=OuterRef("sender"), id=OuterRef("id"))
        return states.filter(Exists(started.filter(**{lookup: instant})))
