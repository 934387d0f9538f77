"""Service detail records as evidence: a fast list, and the story of each."""

from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.urls import path, reverse
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import ActionLink, Story
from partners.admin_paging import KeysetChangeList, KeysetPaging
from partners.models import Partner, Party
from roaming.admin import raw_record, story
from roaming.admin.period_filters import DeemedFilter, EndedFilter, SettlementGroupFilter
from roaming.admin.tones import STATE_TONES
from roaming.models import Finding, RejectedKey, Sdr, SdrKey, SdrState, SessionKey
from roaming.rules.catalog import REMEDIES

# A search by vehicle or station may match many records; the newest ones are shown.
SEARCH_LIMIT = 500


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
        return [(code, code) for code in sorted(REMEDIES)]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        found = Finding.objects.filter(code=self.value())
        return queryset.filter(id__in=found.values("record_id"))


class SdrChangeList(KeysetChangeList):
    """Pages through the narrow state rows, then reads the wide records of one page."""

    def get_results(self, request) -> None:
        super().get_results(request)
        ids = [state.pk for state in self.result_list]
        senders = {state.sender_id for state in self.result_list}
        records = Sdr.objects.filter(sender__in=senders, id__in=ids).in_bulk()
        codes: dict[UUID, set[str]] = {}
        for record_id, code in Finding.objects.filter(record_id__in=ids).values_list(
            "record_id", "code"
        ):
            codes.setdefault(record_id, set()).add(code)
        for state in self.result_list:
            state.sdr = records.get(state.pk)
            state.codes = sorted(codes.get(state.pk, ()))
        self.result_list = [state for state in self.result_list if state.sdr is not None]


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

    def get_changelist(self, request, **kwargs):
        return SdrChangeList

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
        return (queryset.filter(pk__in=_ids_for(term)) if term else queryset), False

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
    def ended(self, state):
        return state.ended_at

    @display(description="kWh")
    def energy(self, state) -> str:
        return story.decimal(state.sdr.energy_kwh)

    @display(description="Claim")
    def claim(self, state) -> str:
        return story.claim(state.sdr)

    @display(description="Findings")
    def codes(self, state) -> str:
        return " ".join(state.codes)

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


def _ids_for(term: str) -> list[UUID]:
    """Record ids for a term, by the small key tables first."""
    parties = Party.objects.values("pk")
    found: list[UUID] = []
    keys: list[QuerySet] = [
        SdrKey.objects.filter(cso__in=parties, sdr_id=term),
        RejectedKey.objects.filter(cso__in=parties, sdr_id=term),
        SessionKey.objects.filter(cso__in=parties, session_id=term),
    ]
    for rows in keys:
        found += rows.values_list("record_id", flat=True)[:SEARCH_LIMIT]
    if found:
        return found
    try:
        return [UUID(term)]
    except ValueError:
        pass
    for column in ("pseudonym", "evse_id", "evse_id_received", "service_session_id"):
        records = Sdr.objects.filter(**{column: term}).order_by("-id")
        found += records.values_list("id", flat=True)[:SEARCH_LIMIT]
        if found:
            break
    return found
