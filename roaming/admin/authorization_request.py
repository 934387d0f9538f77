"""Decisions whether somebody may charge, and the lists they were made by: pseudonyms only."""

from urllib.parse import quote

from django.contrib import admin
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeDateFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import BAD, GOOD, WARN, Badge, Facts, Story, link, list_link
from partners.admin_paging import KeysetPaging
from roaming.models import AuthorizationRequest, Exchange, ServiceSession, WhitelistEntry

_LABELS = {"ALLOWED": "success", "UNKNOWN": "info", "NOT_REACHED": "warning"}
DECISION_TONES = {
    word: _LABELS.get(word, "danger") for word in AuthorizationRequest.Decision.values
}


@admin.register(AuthorizationRequest)
class AuthorizationRequestAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "decision_label",
        "between",
        "kind",
        "decided_by",
        "place",
        "asked_at",
        "environment_label",
    )
    list_select_related = ("cso", "csp")
    list_filter = (
        ("decision", ChoicesDropdownFilter),
        ("decided_by", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("cso", RelatedDropdownFilter),
        ("csp", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
        ("asked_at", RangeDateFilter),
    )
    search_fields = ("id__exact", "pseudonym__exact", "reference__exact", "correlation_id__exact")
    search_help_text = "Our id, a pseudonym, a reference or a correlation id"
    empty_text = "A decision appears when a CSO asks whether somebody may charge."

    def name_of(self, obj) -> str:
        return f"{obj.get_decision_display()}, asked by {obj.cso.code}"

    @display(description="Decision", label=DECISION_TONES)
    def decision_label(self, obj) -> str:
        return obj.decision

    @display(description="CSO → CSP")
    def between(self, obj) -> str:
        return f"{obj.cso.code} → {obj.csp.code if obj.csp else 'nobody'}"

    @display(description="Place")
    def place(self, obj) -> str:
        return obj.evse_id or obj.location_id or "not told"

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, obj) -> str:
        return obj.environment

    def story(self, request, obj) -> Story:
        tones = {"success": GOOD, "danger": BAD}
        tone = tones.get(DECISION_TONES[obj.decision], WARN)
        took_ms = round((obj.answered_at - obj.asked_at).total_seconds() * 1000)
        session = ServiceSession.objects.filter(pk=obj.session_id).first()
        at_csp = "nobody was asked" if obj.partner_ms is None else f"{obj.partner_ms} ms of it"
        facts = Facts(
            "",
            [
                ("Decision", Badge(obj.get_decision_display(), tone)),
                ("Decided by", obj.get_decided_by_display()),
                ("Why", obj.reason or "nothing more was said"),
                ("Question", "to stop" if obj.is_stop else "to charge"),
                ("Asked by", link(obj.cso)),
                ("CSP", link(obj.csp) if obj.csp else "nobody"),
                ("Shown", obj.get_kind_display()),
                ("Pseudonym", obj.pseudonym or "not known"),
                ("Place", self.place(obj)),
                ("Asked", obj.asked_at),
                ("Took", f"{took_ms} ms"),
                ("At the CSP", at_csp),
                ("Reference", obj.reference or "none"),
                ("Service session", link(session) if session else "none"),
                ("Its calls", _calls(obj)),
            ],
        )
        return Story([facts])


def _calls(asked: AuthorizationRequest):
    """Each hop of the question, for thirty days."""
    if not asked.correlation_id:
        return "none is known"
    return list_link(Exchange, asked.correlation_id, f"?q={quote(asked.correlation_id)}")


@admin.register(WhitelistEntry)
class WhitelistEntryAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "pseudonym",
        "csp",
        "kind",
        "validity",
        "offline_policy",
        "updated_at",
        "environment_label",
    )
    list_select_related = ("csp",)
    list_filter = (
        ("csp", RelatedDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("offline_policy", ChoicesDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    search_fields = ("id__exact", "pseudonym__exact")
    search_help_text = "Our id or a pseudonym; numbers of cards are not kept in the open"
    empty_text = "A credential appears when its CSP publishes it over OCPI or the API."

    def name_of(self, obj) -> str:
        return f"Credential {obj.pseudonym or obj.pk} of {obj.csp.code}"

    @display(description="Valid", label={"valid": "success", "not valid": "danger"})
    def validity(self, obj) -> str:
        return "valid" if obj.is_valid else "not valid"

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, obj) -> str:
        return obj.environment

    def story(self, request, obj) -> Story:
        facts = Facts(
            "",
            [
                ("CSP", link(obj.csp)),
                ("Shown", obj.get_kind_display()),
                ("Pseudonym", obj.pseudonym or "not known"),
                ("Valid", Badge(self.validity(obj), GOOD if obj.is_valid else BAD)),
                ("May the list decide", obj.get_offline_policy_display()),
                ("Ends", obj.ends_at or "until further notice"),
                ("Person", "sealed" if obj.identity_hash else "only a hash was published"),
                ("Changed by its CSP", obj.updated_at),
                ("Received", obj.received_at),
                ("Number of the change", f"{obj.sequence:,}"),
            ],
        )
        return Story([facts])
