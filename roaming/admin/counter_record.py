"""Counter-records as their CSPs sent them, and what matching found."""

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import WARN, Badge, Facts, Note, Story, Table, link
from partners.admin_paging import KeysetPaging
from roaming.admin.dispute import PartyFilter
from roaming.admin.match_story import OUTCOME_TONES, badge
from roaming.admin.story import decimal
from roaming.models import CounterKey, CounterRecord, IntakeBatch, Match

_UNMATCHED = "not matched yet"


class CounterPartyFilter(PartyFilter):
    sides = ("cso", "csp")


class OutcomeFilter(DropdownFilter):
    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request, model_admin):
        return [*Match.Outcome.choices, ("none", _UNMATCHED.capitalize())]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        current = Match.objects.filter(counter_id=OuterRef("pk"), is_current=True)
        if self.value() == "none":
            return queryset.filter(~Exists(current))
        return queryset.filter(Exists(current.filter(outcome=self.value())))


@admin.register(CounterRecord)
class CounterRecordAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "counter_id",
        "outcome_label",
        "csp",
        "cso",
        "ended_at",
        "energy",
        "money",
        "received_at",
        "environment_label",
    )
    list_select_related = ("csp", "cso")
    list_filter = (
        OutcomeFilter,
        CounterPartyFilter,
        ("environment", ChoicesDropdownFilter),
        ("ended_at", RangeDateFilter),
        ("received_at", RangeDateFilter),
    )
    search_fields = ("counter_id",)
    search_help_text = "The CSP's id of the counter-record, or the CSO's of the session"
    empty_text = "CSPs send what they know of their drivers' sessions by the API."

    def dressed(self, rows) -> list:
        ids = [one.pk for one in rows]
        found = Match.objects.filter(counter_id__in=ids, is_current=True)
        outcomes = dict(found.values_list("counter_id", "outcome"))
        for one in rows:
            one.outcome = outcomes.get(one.pk, _UNMATCHED)
        return rows

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(Q(counter_id=term) | Q(service_session_id=term)), False

    def name_of(self, obj) -> str:
        return f"{obj.counter_id} of {obj.csp.code}"

    @display(description="Outcome", label=OUTCOME_TONES)
    def outcome_label(self, counter) -> str:
        return counter.outcome

    @display(description="Energy, kWh")
    def energy(self, counter) -> str:
        return decimal(counter.energy_kwh)

    @display(description="Amount")
    def money(self, counter) -> str:
        return f"{decimal(counter.amount)} {counter.currency}".strip()

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, counter) -> str:
        return counter.environment

    def story(self, request, obj) -> Story:
        key = CounterKey.objects.get(record_id=obj.pk)
        sections: list[object] = []
        if key.is_replaced:
            sections.append(Note(_replaced(obj), WARN, "Replaced"))
        return Story([*sections, _matches(obj), _said(obj), _received(obj)])


def _replaced(counter: CounterRecord) -> object:
    newer = CounterRecord.objects.filter(
        csp=counter.csp_id, replaces_counter_id=counter.counter_id
    ).first()
    return link(newer, f"{newer} took its place") if newer else "A newer one took its place."


def _matches(counter: CounterRecord) -> Table:
    found = Match.objects.filter(counter_id=counter.pk).order_by("-id")
    rows = [
        [link(one, "open"), badge(one), one.matched_at, "yes" if one.is_current else "no"]
        for one in found
    ]
    return Table(
        "What matching found",
        ["Match", "Outcome", "Found at", "In force"],
        rows,
        empty="Nothing yet. The next run is within the hour.",
    )


def _said(counter: CounterRecord) -> Facts:
    return Facts(
        "What the CSP says",
        [
            ("Session of the CSO", counter.service_session_id),
            ("Authorization", counter.authorization_reference),
            ("EVSE", counter.evse_id),
            ("Site", counter.location_id),
            ("Contract (pseudonym)", counter.pseudonym),
            ("Start", counter.started_at),
            ("End", counter.ended_at),
            ("Energy, kWh", decimal(counter.energy_kwh)),
            ("Amount", f"{decimal(counter.amount)} {counter.currency}".strip()),
            ("Tariff", counter.tariff_id),
            ("Replaces", counter.replaces_counter_id),
        ],
    )


def _received(counter: CounterRecord) -> Facts:
    batch = IntakeBatch.objects.filter(pk=counter.batch_id).first()
    return Facts(
        "How it came",
        [
            ("CSP", link(counter.csp)),
            ("CSO", link(counter.cso)),
            ("Received", counter.received_at),
            ("In", link(batch) if batch else ""),
            ("Position", counter.position),
            ("Environment", Badge(counter.environment, ENVIRONMENT_TONES[counter.environment])),
            ("SHA-256", counter.payload_sha256),
        ],
    )
