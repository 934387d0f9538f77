"""What was owed to whom, in which order."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin_paging import KeysetPaging
from roaming.models import Delivery, Erasure


@admin.register(Delivery)
class DeliveryAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("kind", "receiver", "number", "state", "subject_id", "created_at")
    empty_text = "A valid record is owed to its home-CSP; the duty appears here."
    list_select_related = ("receiver",)
    list_filter = (("kind", ChoicesDropdownFilter), ("receiver", RelatedDropdownFilter))

    @display(description="No.", empty_value="not yet numbered")
    def number(self, delivery) -> int | None:
        return delivery.sequence

    @display(description="State")
    def state(self, delivery) -> str:
        """Waiting is also what a party without a webhook has not confirmed."""
        if delivery.confirmed_at:
            return "confirmed"
        if delivery.dead_at:
            return f"given up: {delivery.last_error}"
        return f"tried {delivery.attempts} times" if delivery.attempts else "waiting"


@admin.register(Erasure)
class ErasureAdmin(KeysetPaging, EvidenceAdmin):
    """Deleted personal data: what, when, by whom, on what ground."""

    list_display = ("erased_at", "actor", "ground", "rows")
    empty_text = "Nothing was erased. Requests of drivers are answered by the erasure service."
