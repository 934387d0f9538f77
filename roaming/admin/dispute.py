"""Disputes for staff: what waits for whom, the whole story of each, and what the house may do."""

from datetime import timedelta
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.urls import path
from django.utils import timezone
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeNumericFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import Story
from partners.admin_paging import KeysetPaging
from partners.models import Party
from roaming.admin import dispute_acts, dispute_story
from roaming.models import Dispute, SdrKey
from roaming.rules.dispute import REASONS
from roaming.services import dispute_evidence
from roaming.stored_evidence import answer_with_evidence


class ReasonFilter(DropdownFilter):
    title = "reason"
    parameter_name = "reason"

    def lookups(self, request, model_admin):
        return [(code, f"{code} {reason.title}") for code, reason in REASONS.items()]

    def queryset(self, request, queryset):
        return queryset.filter(reason=self.value()) if self.value() else queryset


class DeadlineFilter(DropdownFilter):
    title = "deadline"
    parameter_name = "deadline"

    def lookups(self, request, model_admin):
        return [
            ("open", "Any, not closed"),
            ("over", "Passed"),
            ("soon", "Within two days"),
            ("stopped", "Clock stopped"),
        ]

    def queryset(self, request, queryset):
        now = timezone.now()
        chosen = {
            "open": Q(),
            "over": Q(deadline_at__lte=now, clock_stopped_at__isnull=True),
            "soon": Q(
                deadline_at__gt=now,
                deadline_at__lte=now + timedelta(days=2),
                clock_stopped_at__isnull=True,
            ),
            "stopped": Q(clock_stopped_at__isnull=False),
        }.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen, closed_at__isnull=True)


class PartyFilter(DropdownFilter):
    """Either side; ``sides`` names the two columns."""

    title = "party"
    parameter_name = "party"
    sides: tuple[str, str] = ("seller", "buyer")

    def lookups(self, request, model_admin):
        return [(str(party.pk), f"{party.name} ({party})") for party in Party.objects.all()[:500]]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        try:
            party = UUID(self.value())
        except ValueError:
            return queryset.none()
        return queryset.filter(Q(**{self.sides[0]: party}) | Q(**{self.sides[1]: party}))


@admin.register(Dispute)
class DisputeAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "number",
        "reason_title",
        "stage_label",
        "between",
        "in_question",
        "waits_for",
        "waits_until",
        "owner_name",
        "environment_label",
    )
    list_select_related = ("seller", "buyer", "owner")
    list_filter = (
        ("stage", ChoicesDropdownFilter),
        ReasonFilter,
        PartyFilter,
        DeadlineFilter,
        ("disputed_amount", RangeNumericFilter),
        ("owner", RelatedDropdownFilter),
        ("outcome", ChoicesDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    search_fields = ("number",)
    search_help_text = "Number of the dispute, or SDR id"
    empty_text = (
        "A CSP disputes a record by API or in the portal; matching does where both sides differ."
    )

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip()
        if not term:
            return queryset, False
        parties = Party.objects.values("pk")
        records = SdrKey.objects.filter(cso__in=parties, sdr_id=term).values("record_id")
        return queryset.filter(Q(number=term) | Q(record_id__in=records)), False

    def get_urls(self):
        guard = self.admin_site.admin_view
        own = [
            path(
                "<uuid:dispute_id>/file/<uuid:attachment_id>/",
                guard(self.file_view),
                name="roaming_dispute_file",
            ),
            path(
                "<uuid:dispute_id>/act/<slug:verb>/",
                guard(self.act_view),
                name="roaming_dispute_act",
            ),
        ]
        return [*own, *super().get_urls()]

    @display(description="Reason")
    def reason_title(self, dispute) -> str:
        return f"{dispute.reason} {REASONS[dispute.reason].title}"

    @display(description="Stage", label=dispute_story.LABEL_TONES)
    def stage_label(self, dispute):
        # What comes after the comma is on the page; the list has no room for it.
        return dispute.stage, dispute_story.stage_of(dispute).partition(",")[0]

    @display(description="CSO and CSP")
    def between(self, dispute) -> str:
        return f"{dispute.seller.code} {dispute.buyer.code}"

    @display(description="In question")
    def in_question(self, dispute) -> str:
        return dispute_story.money(dispute.disputed_amount, dispute.currency)

    @display(description="Waits for", label=dispute_story.TURN_TONES)
    def waits_for(self, dispute):
        turn = dispute_story.turn_of(dispute)
        return turn, dispute_story.TURNS.get(turn, "")

    @display(description="Waits until", empty_value="closed")
    def waits_until(self, dispute):
        if dispute.clock_stopped_at:
            return "clock stopped"
        return dispute.deadline_at

    @display(description="Owner", empty_value="nobody")
    def owner_name(self, dispute):
        return dispute.owner

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, dispute) -> str:
        return dispute.environment

    def story(self, request, obj) -> Story:
        may_act = dispute_acts.may_act(request)
        actions = dispute_acts.links(obj, user=request.user) if may_act else []
        return Story(dispute_story.of(obj), actions)

    def act_view(self, request, dispute_id, verb):
        """Ask, then do one thing that the house may do now."""
        if not dispute_acts.may_act(request):
            raise PermissionDenied
        return dispute_acts.ask_to(request, self, self._found(request, dispute_id), verb)

    def file_view(self, request, dispute_id, attachment_id):
        """A file of evidence, to be saved; each look is in the audit trail."""
        dispute = self._found(request, dispute_id)
        attachment = dispute.attachments.filter(pk=attachment_id).first()
        if attachment is None:
            raise Http404
        content = dispute_evidence.read(
            attachment, actor=request.user.get_username(), now=timezone.now()
        )
        return answer_with_evidence(attachment, content)

    def _found(self, request, dispute_id) -> Dispute:
        if not self.has_view_permission(request):
            raise PermissionDenied
        dispute = self.get_object(request, str(dispute_id))
        if dispute is None:
            raise Http404
        return dispute
