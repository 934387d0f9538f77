"""Remote requests and reservations for staff: what was asked, answered, and became of it."""

from django.contrib import admin
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import Facts, Note, Step, Story, Timeline, link
from partners.admin_paging import KeysetPaging
from roaming.admin.service_session import ANSWER_TONES, OUTCOME_TONES
from roaming.models import RemoteRequest, Reservation

RESERVATION_TONES = {
    "ASKED": "info",
    "RESERVED": "success",
    "USED": "success",
    "REFUSED": "danger",
    "CANCELED": "warning",
    "EXPIRED": "warning",
}


class ToldFilter(DropdownFilter):
    title = "told"
    parameter_name = "told"

    def lookups(self, request, model_admin):
        return [
            ("waiting", "waits for its outcome"),
            ("untold", "has an outcome that its asker was not told"),
        ]

    def queryset(self, request, queryset):
        if self.value() == "waiting":
            return queryset.filter(answer="ACCEPTED", outcome="")
        if self.value() == "untold":
            has_address = queryset.filter(encrypted_response_url__isnull=False)
            return has_address.exclude(outcome="").filter(told_at__isnull=True)
        return queryset


@admin.register(RemoteRequest)
class RemoteRequestAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "kind_label",
        "between",
        "place",
        "answer_label",
        "outcome_label",
        "asked",
        "took",
        "environment_label",
    )
    list_select_related = ("cso", "csp")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("answer", ChoicesDropdownFilter),
        ("outcome", ChoicesDropdownFilter),
        ToldFilter,
        ("cso", RelatedDropdownFilter),
        ("csp", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
        ("asked_at", RangeDateFilter),
    )
    search_fields = ("id__exact", "pseudonym__exact", "correlation_id__exact")
    search_help_text = "Our id, a pseudonym or a correlation id"
    empty_text = (
        "A request appears when a CSP starts or stops a session, keeps a place or sets a charging"
        " profile from afar; take a filter off to see more."
    )

    def name_of(self, obj) -> str:
        return f"{obj.get_kind_display()} · {obj.csp.code} asked {obj.cso.code}"

    def story(self, request, obj) -> Story:
        return Story([_facts(obj), *_notes(obj), _steps(obj)])

    @display(description="What")
    def kind_label(self, asked) -> str:
        return asked.get_kind_display()

    @display(description="CSP asked CSO")
    def between(self, asked) -> str:
        return f"{asked.csp.code} {asked.cso.code}"

    @display(description="Where")
    def place(self, asked) -> str:
        return " ".join(filter(None, (asked.location_id, asked.evse_uid))) or "—"

    @display(description="Answer", label=ANSWER_TONES)
    def answer_label(self, asked) -> str:
        return asked.answer

    @display(description="Outcome", label=OUTCOME_TONES)
    def outcome_label(self, asked) -> str:
        return asked.outcome

    @display(description="Asked")
    def asked(self, asked) -> str:
        return f"{asked.asked_at:%d %b %Y %H:%M:%S}"

    @display(description="Answered in")
    def took(self, asked) -> str:
        if asked.answered_at is None:
            return "—"
        return f"{(asked.answered_at - asked.asked_at).total_seconds():.1f} s"

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, asked) -> str:
        return asked.environment


@admin.register(Reservation)
class ReservationAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("state_label", "reservation_id", "csp", "cso", "location_id", "until")
    list_select_related = ("cso", "csp")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("cso", RelatedDropdownFilter),
        ("csp", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
        ("expires_at", RangeDateFilter),
    )
    search_fields = ("id__exact", "reservation_id__exact", "pseudonym__exact")
    empty_text = "A reservation appears when a CSP keeps a place for a driver from afar."

    @display(description="State", label=RESERVATION_TONES)
    def state_label(self, kept) -> str:
        return kept.state

    @display(description="Kept until")
    def until(self, kept) -> str:
        return f"{kept.expires_at:%d %b %Y %H:%M}"


def _facts(asked: RemoteRequest) -> Facts:
    return Facts(
        "",
        [
            ("What", asked.get_kind_display()),
            ("CSP", link(asked.csp, asked.csp.code)),
            ("CSO", link(asked.cso, asked.cso.code)),
            ("Driver", asked.pseudonym),
            ("Location", asked.location_id),
            ("EVSE", asked.evse_uid),
            ("Connector", asked.connector_id),
            ("Session", link(asked.session) if asked.session else None),
            ("Reservation", link(asked.reservation) if asked.reservation else None),
            ("Authorization", asked.authorization_reference),
            ("Correlation id", asked.correlation_id),
            ("Environment", asked.environment),
        ],
    )


def _notes(asked: RemoteRequest):
    for one in asked.messages:
        yield Note(one.get("text", ""), title="The CSO says")
    if asked.answer == RemoteRequest.Answer.NOT_REACHED:
        yield Note(
            "The CSO could not be asked; nothing was kept for later. See the exchanges of its"
            " endpoint for what went wrong.",
            "danger",
        )
    if asked.outcome and asked.encrypted_response_url is not None and asked.told_at is None:
        yield Note("The CSP could not be told the outcome; it may read it.", "warning")


def _steps(asked: RemoteRequest) -> Timeline:
    steps = [Step(at=asked.asked_at, title="Asked", text=asked.csp.code)]
    if asked.answered_at:
        tone = ANSWER_TONES.get(asked.answer, "warning")
        steps.append(
            Step(at=asked.answered_at, title=asked.get_answer_display() or "Answered", tone=tone)
        )
    if asked.outcome_at:
        tone = OUTCOME_TONES.get(asked.outcome, "danger")
        steps.append(Step(at=asked.outcome_at, title=asked.get_outcome_display(), tone=tone))
    if asked.told_at:
        steps.append(Step(at=asked.told_at, title="The CSP was told"))
    return Timeline("How it went", steps)
