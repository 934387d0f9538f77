"""Who did what, when and why."""

import json

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.story import Facts, Story, Text
from partners.admin_paging import KeysetPaging
from partners.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("action", "object_type", "object_id", "actor", "short_reason", "at")
    list_filter = (("at", RangeDateFilter),)
    search_fields = ("=object_id", "=actor", "=action")
    search_help_text = "Exact object id, actor or action"
    empty_text = (
        "What people do to the house's data is written here by itself, with who, when and why."
    )

    @display(description="Reason")
    def short_reason(self, event) -> str:
        return event.reason[:60]

    def story(self, request, obj) -> Story:
        facts = Facts(
            "",
            [
                ("Action", obj.action),
                ("Object", f"{obj.object_type} {obj.object_id}"),
                ("By", obj.actor),
                ("On behalf of", obj.on_behalf_of),
                ("At", obj.at),
                ("Reason", obj.reason),
                ("Request", obj.request_id),
            ],
        )
        states = [("Before", obj.before), ("After", obj.after)]
        return Story(
            [
                facts,
                *(
                    Text(name, json.dumps(value, indent=2, ensure_ascii=False))
                    for name, value in states
                    if value is not None
                ),
            ]
        )
