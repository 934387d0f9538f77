"""What matching found, for staff: the list by outcome, party and date, and both sides of each."""

from django.contrib import admin
from django.utils.html import format_html
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import Story
from partners.admin_paging import KeysetPaging
from roaming.admin import match_story
from roaming.admin.dispute import PartyFilter
from roaming.admin.match_story import OUTCOME_TONES
from roaming.models import CounterRecord, Match, Sdr


class StandingFilter(DropdownFilter):
    """Without a choice: only what is in force, which is what staff works on."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request, model_admin):
        return [("held", "Held for the CSP"), ("past", "Replaced by a newer match")]

    def queryset(self, request, queryset):
        if self.value() == "past":
            return queryset.filter(is_current=False)
        if self.value() == "held":
            queryset = queryset.filter(outcome=Match.Outcome.MATCHED_TOLERANCE)
            queryset = queryset.exclude(differences=[])
        return queryset.filter(is_current=True)


@admin.register(Match)
class MatchAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "outcome_label",
        "sdr_name",
        "counter_name",
        "between",
        "energies",
        "amounts",
        "differs_in",
        "ended",
        "environment_label",
    )
    list_select_related = ("seller", "buyer")
    list_filter = (
        ("outcome", ChoicesDropdownFilter),
        StandingFilter,
        PartyFilter,
        ("environment", ChoicesDropdownFilter),
        ("ended_at", RangeDateFilter),
        ("matched_at", RangeDateFilter),
    )
    empty_text = (
        "Once an hour records and counter-records are compared; take a filter off, or wait for"
        " what the CSPs send."
    )

    def dressed(self, rows) -> list:
        """Names both records of each row, by two queries a page."""
        sdrs = Sdr.objects.filter(id__in=[one.record_id for one in rows if one.record_id])
        counters = CounterRecord.objects.filter(
            id__in=[one.counter_id for one in rows if one.counter_id]
        )
        names = dict(sdrs.values_list("id", "sdr_id"))
        counter_names = dict(counters.values_list("id", "counter_id"))
        for one in rows:
            one.sdr_name = names.get(one.record_id, "—")
            one.counter_name = counter_names.get(one.counter_id, "—")
        return rows

    def name_of(self, obj) -> str:
        return f"{obj.outcome} · {obj.seller.code} with {obj.buyer.code}"

    def story(self, request, obj) -> Story:
        return Story(match_story.of(obj))

    @display(description="Outcome", label=OUTCOME_TONES)
    def outcome_label(self, match) -> str:
        return match.outcome

    @display(description="SDR")
    def sdr_name(self, match) -> str:
        return format_html('<span class="whitespace-nowrap">{}</span>', match.sdr_name)

    @display(description="Counter-record")
    def counter_name(self, match) -> str:
        return match.counter_name

    @display(description="CSO and CSP")
    def between(self, match) -> str:
        return f"{match.seller.code} {match.buyer.code}"

    @display(description="Ended")
    def ended(self, match) -> str:
        return f"{match.ended_at:%d %b %Y}"

    @display(description="Energy")
    def energies(self, match) -> str:
        return match_story.both(match.sdr_energy_kwh, match.counter_energy_kwh)

    @display(description="Amount")
    def amounts(self, match) -> str:
        return match_story.both(match.sdr_amount, match.counter_amount)

    @display(description="Differs in")
    def differs_in(self, match) -> str:
        return ", ".join(match.differences) or "—"

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, match) -> str:
        return match.environment
