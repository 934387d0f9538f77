"""Service detail records as evidence: a fast list, and the story of each."""

from datetime import datetime
from uuid import UUID

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef
from django.http import Http404
from django.urls import path, reverse
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.filters import RelatedDropdownFilter
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import ActionLink, Story
from partners.admin_paging import KeysetChangeList, KeysetPaging
from partners.models import Partner
from roaming.admin import raw_record, story
from roaming.admin.period_filters import DeemedFilter, EndedFilter, SettlementGroupFilter
from roaming.admin.tones import STATE_TONES
from roaming.models import Finding, Sdr, SdrState
from roaming.queries_find import records_named
from roaming.rules.catalog import REMEDIES


class StateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return SdrState.State.choices

    def queryset(self, request, queryset):
        return queryset.filter(state=self.value()) if self.value() else queryset


class CodeFilter(DropdownFilter):
    title = "finding"
    parameter_name = "code"

    def lookups(self, request, model_admin):
        return [(code, f"{code} {story.title_of(code)}".strip()) for code in sorted(REMEDIES)]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        found = Finding.objects.filter(code=self.value())
        return queryset.filter(id__in=found.values("record_id"))


class SdrChangeList(KeysetChangeList):
    """Pages through the narrow state rows, each with the codes found."""

    def get_queryset(self, request, exclude_parameters=None):
        found = Finding.objects.filter(record_id=OuterRef("id")).order_by("code")
        codes = ArraySubquery(found.values_list("code").distinct())
        return super().get_queryset(request, exclude_parameters).annotate(codes=codes)


def _may_see_raw(request) -> bool:
    """What came in holds personal data: auditors and superusers look at it, with a reason."""
    return request.user.has_perm("roaming.view_rawrecord")


@admin.register(Sdr)
class SdrAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "record",
        "state_label",
        "seller_code",
        "buyer_code",
        "ended",
        "energy",
        "claim",
        "codes",
        "environment_label",
    )
    list_select_related = ("seller", "buyer")
    list_filter = (
        StateFilter,
        CodeFilter,
        ("seller", RelatedDropdownFilter),
        ("buyer", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
        ("ended_at", RangeDateFilter),
        SettlementGroupFilter,
        EndedFilter,
        DeemedFilter,
    )
    empty_text = "Records come in by the API, by the command line or as a file under Imports."
    search_fields = ("sdr_id",)
    search_help_text = "SDR, session, EVSE id or pseudonym"
    export_from = {
        "sdr": (
            Sdr,
            (
                "service_session_id",
                "attempt",
                "evse_id",
                "pseudonym",
                "started_at",
                "energy_kwh",
                "claim_amount",
                "currency",
            ),
        )
    }

    def get_changelist(self, request, **kwargs):
        return SdrChangeList

    def dressed(self, rows) -> list:
        """The narrow state rows with the wide record of each; what has none is left out."""
        ids = [state.pk for state in rows]
        senders = {state.sender_id for state in rows}
        records = Sdr.objects.filter(sender__in=senders, id__in=ids).in_bulk()
        for state in rows:
            state.sdr = records.get(state.pk)
        return [state for state in rows if state.sdr is not None]

    def get_queryset(self, request):
        # The list reads state rows: same ids, a tenth of the width.
        return SdrState.objects.all()

    def get_object(self, request, object_id, from_field=None):
        try:
            record_id = UUID(str(object_id))
        except ValueError:
            return None
        # The key starts with the sender: naming all of them makes it an index look-up.
        records = Sdr.objects.filter(pk=record_id, sender__in=Partner.objects.values("pk"))
        return records.select_related("sender", "seller", "buyer", "mandate").first()

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip()
        return (queryset.filter(pk__in=records_named(term)) if term else queryset), False

    def get_urls(self):
        raw = path(
            "<uuid:record_id>/raw/",
            self.admin_site.admin_view(self.raw_view),
            name="roaming_sdr_raw",
        )
        return [raw, *super().get_urls()]

    @display(description="SDR")
    def record(self, state) -> str:
        return state.sdr.sdr_id or "without an id"

    @display(description="State", label=STATE_TONES)
    def state_label(self, state) -> str:
        return state.state

    @display(description="Seller")
    def seller_code(self, state) -> str:
        return state.seller.code if state.seller else state.sdr.cso_code

    @display(description="Buyer")
    def buyer_code(self, state) -> str:
        return state.buyer.code if state.buyer else state.sdr.csp_code

    @display(description="Service end")
    def ended(self, state) -> datetime | None:
        return state.ended_at

    @display(description="Energy, kWh")
    def energy(self, state) -> str:
        return story.decimal(state.sdr.energy_kwh)

    @display(description="Claim")
    def claim(self, state) -> str:
        return story.claim(state.sdr)

    @display(description="Findings")
    def codes(self, state) -> str:
        return story.codes_in_words(state.codes)

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, state) -> str:
        return state.environment

    def story(self, request, obj) -> Story:
        actions = []
        if _may_see_raw(request):
            url = reverse("admin:roaming_sdr_raw", args=[obj.pk])
            actions.append(ActionLink("Show the record as received…", url))
        return Story(story.of(obj), actions)

    def raw_view(self, request, record_id):
        """The decrypted record, for whom it may concern; each look is in the audit trail."""
        if not _may_see_raw(request):
            raise PermissionDenied
        sdr = self.get_object(request, str(record_id))
        if sdr is None:
            raise Http404
        return raw_record.ask_and_show(request, self, sdr)
