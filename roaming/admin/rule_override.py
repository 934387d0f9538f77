"""Other weights and limits of rules: drafts, and what is in force from when to when."""

import json

from django.contrib import admin
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.story import Facts, Story, link
from partners.admin_paging import KeysetPaging
from roaming.admin import simulation
from roaming.models import RuleOverride


@admin.register(RuleOverride)
class RuleOverrideAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("code", "scope", "severity", "state", "starts_at", "ends_at")
    list_select_related = ("partner",)
    empty_text = "Every rule has its own weight and limits: none is overridden."

    def get_urls(self):
        return [*simulation.urls(self), *super().get_urls()]

    @display(description="For")
    def scope(self, override) -> str:
        return override.agreement_number or str(override.partner)

    @display(description="State", label={"draft": "info", "activated": "success"})
    def state(self, override) -> str:
        return "activated" if override.activated_at else "draft"

    def story(self, request, obj) -> Story:
        facts = Facts(
            "Override",
            [
                ("Code", obj.code),
                ("Partner", link(obj.partner) if obj.partner else None),
                ("Agreement", obj.agreement_number),
                ("Severity", obj.severity or "as the rule says"),
                ("Limits", json.dumps(obj.limits) if obj.limits else None),
                ("Reason", obj.reason),
                ("From", obj.starts_at),
                ("Until", obj.ends_at),
                ("Activated", obj.activated_at),
            ],
        )
        tried = simulation.sections_of(obj) if obj.activated_at is None else ()
        return Story([facts, *tried], simulation.action_of(obj))
