"""Query parameters of the lists of counter-records and of matches."""

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from rest_framework.exceptions import ValidationError

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from partners.models import Party
from roaming.models import Match

_OUTCOME = "What matching found; may be repeated."


class CounterFilter(django_filters.FilterSet):
    """All periods are half-open: ``…_from`` is included, ``…_to`` is not."""

    party = django_filters.CharFilter(
        method="of_party", help_text="Code of the CSO or CSP, e.g. `DE*NLX`."
    )
    counter_id = django_filters.CharFilter(help_text="Your id of the counter-record.")
    service_session_id = django_filters.CharFilter(help_text="The CSO's id of the session.")
    outcome = django_filters.MultipleChoiceFilter(
        choices=Match.Outcome.choices, method="found", help_text=_OUTCOME
    )
    ended_from = django_filters.IsoDateTimeFilter(
        field_name="ended_at", lookup_expr="gte", help_text="Sessions that ended then or later."
    )
    ended_to = django_filters.IsoDateTimeFilter(
        field_name="ended_at", lookup_expr="lt", help_text="Sessions that ended before it."
    )
    received_from = django_filters.IsoDateTimeFilter(
        field_name="received_at", lookup_expr="gte", help_text="Received then or later."
    )
    received_to = django_filters.IsoDateTimeFilter(
        field_name="received_at", lookup_expr="lt", help_text="Received before it."
    )

    def of_party(self, counters: QuerySet, name: str, code: str) -> QuerySet:
        parties = parties_of(name, code)
        return counters.filter(Q(cso__in=parties) | Q(csp__in=parties))

    def found(self, counters: QuerySet, name: str, outcomes: list[str]) -> QuerySet:
        if not outcomes:
            return counters
        found = Match.objects.filter(
            counter_id=OuterRef("pk"), is_current=True, outcome__in=outcomes
        )
        return counters.filter(Exists(found))


class MatchFilter(django_filters.FilterSet):
    """All periods are half-open: ``…_from`` is included, ``…_to`` is not."""

    outcome = django_filters.MultipleChoiceFilter(choices=Match.Outcome.choices, help_text=_OUTCOME)
    counterparty = django_filters.CharFilter(
        method="with_party", help_text="Code of the other side, e.g. `FR*VOL`."
    )
    is_held_for_csp = django_filters.BooleanFilter(
        method="held", help_text="Differs by more than the tolerance, yet is no mismatch."
    )
    record_id = django_filters.UUIDFilter(help_text="Our id of the service detail record.")
    ended_from = django_filters.IsoDateTimeFilter(
        field_name="ended_at", lookup_expr="gte", help_text="Sessions that ended then or later."
    )
    ended_to = django_filters.IsoDateTimeFilter(
        field_name="ended_at", lookup_expr="lt", help_text="Sessions that ended before it."
    )
    matched_from = django_filters.IsoDateTimeFilter(
        field_name="matched_at", lookup_expr="gte", help_text="Found then or later."
    )
    matched_to = django_filters.IsoDateTimeFilter(
        field_name="matched_at", lookup_expr="lt", help_text="Found before it."
    )

    def with_party(self, matches: QuerySet, name: str, code: str) -> QuerySet:
        parties = parties_of(name, code)
        return matches.filter(Q(seller__in=parties) | Q(buyer__in=parties))

    def held(self, matches: QuerySet, name: str, is_held: bool) -> QuerySet:
        held = Q(outcome=Match.Outcome.MATCHED_TOLERANCE) & ~Q(differences=[])
        return matches.filter(held) if is_held else matches.exclude(held)


def parties_of(name: str, code: str) -> QuerySet:
    """The parties of both roles under a code like "FR*VOL"."""
    try:
        normal = parse_party_code(code).normal
    except MalformedPartyCode as malformed:
        raise ValidationError({name: str(malformed)}) from malformed
    country, _, party_id = normal.partition("*")
    return Party.objects.filter(country_code=country, party_id=party_id).values("pk")
