"""Proofs of conservation: received equals where the records are now."""

from django.contrib import admin
from unfold.contrib.filters.admin import BooleanRadioFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.models import ConservationProof
from partners.admin.base import EvidenceAdmin
from partners.admin.story import Badge, Facts, Figure, Figures, Note, Story, Table, link
from partners.admin_paging import KeysetPaging


@admin.register(ConservationProof)
class ConservationProofAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("day", "sender", "currency", "received", "holds_label", "proved_at")
    list_select_related = ("sender",)
    empty_text = "Proofs are written after each clearing run and every night."
    list_filter = (("holds", BooleanRadioFilter), ("sender", RelatedDropdownFilter))

    @display(description="Proof", label={"HOLDS": "success", "DIFFERS": "danger"})
    def holds_label(self, proof) -> str:
        return "HOLDS" if proof.holds else "DIFFERS"

    def story(self, request, obj) -> Story:
        buckets = [
            (bucket.capitalize(), f"{count:,}", str(obj.amounts.get(bucket, "")))
            for bucket, count in obj.counts.items()
        ]
        total = sum(obj.counts.values())
        verdict = Badge("HOLDS", "success") if obj.holds else Badge("DIFFERS", "danger")
        advice = Note(
            "Records of this line are lost, or more are stored than came in. No window that they"
            " belong to can be closed. The runbook says what to look at first.",
            tone="danger",
        )
        return Story(
            [
                *([] if obj.holds else [advice]),
                Figures(
                    [
                        Figure("Proof", verdict),
                        Figure("Received", f"{obj.received:,}"),
                        Figure("Found", f"{total:,}"),
                    ]
                ),
                Table(
                    "Where the records are",
                    ("Bucket", "Records", f"Amount {obj.currency}"),
                    buckets,
                    frozenset({1, 2}),
                    empty="No record of the line was found.",
                ),
                Facts(
                    "Line",
                    [
                        ("Sender", link(obj.sender)),
                        ("Day of receipt (UTC)", str(obj.day)),
                        ("Currency", obj.currency or "not readable"),
                        ("Received amount", f"{obj.received_amount:,.2f} {obj.currency}"),
                        ("Proved", obj.proved_at),
                        ("Environment", obj.environment),
                    ],
                ),
            ]
        )
