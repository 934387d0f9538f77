"""What rules found, newest first; the way from a code to the records behind it."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.story import INFO, Badge, Facts, Note, Story
from partners.admin_paging import KeysetPaging
from roaming.admin.sdr import CodeFilter
from roaming.models import Finding
from roaming.rules.catalog import REMEDIES

TONES = {"REJECT": "danger", "HOLD": "warning", "WARN": "info"}


class FindingCodeFilter(CodeFilter):
    def queryset(self, request, queryset):
        return queryset.filter(code=self.value()) if self.value() else queryset


@admin.register(Finding)
class FindingAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("code", "severity_label", "message", "record", "sender")
    empty_text = "A finding is written for every rule that a record breaks."
    list_select_related = ("sender",)
    list_filter = (FindingCodeFilter, ("severity", ChoicesDropdownFilter))

    @display(description="Weight", label=TONES)
    def severity_label(self, finding) -> str:
        return finding.severity

    @display(description="Record")
    def record(self, finding) -> str:
        url = reverse("admin:roaming_sdr_change", args=[finding.record_id])
        return format_html('<a class="ch-link" href="{}">open</a>', url)

    def story(self, request, obj) -> Story:
        return Story(
            [
                Facts(
                    "",
                    [
                        ("Code", obj.code),
                        ("Weight", Badge(obj.severity, TONES[obj.severity])),
                        ("Field", obj.field),
                        ("Record", self.record(obj)),
                        ("Sender", obj.sender),
                        ("Softened because", obj.override_reason),
                    ],
                ),
                Note(obj.message, TONES[obj.severity], "What is wrong"),
                Note(REMEDIES.get(obj.code, ""), INFO, "What to do"),
            ]
        )
