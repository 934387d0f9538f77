"""Which settled records a correction run takes, as a form and in words."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Max
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from billing.services.correction_runs import Selection
from partners.admin.confirm import ReasonForm
from partners.models import Party, SettlementGroup
from roaming.models import TariffVersion

_LARGEST = 2**31 - 1


class SelectionForm(ReasonForm):
    """Which settled records; each is compared with its newest rating."""

    group = forms.ModelChoiceField(SettlementGroup.objects.all(), widget=UnfoldAdminSelectWidget)
    seller = forms.ModelChoiceField(
        Party.objects.filter(role="CSO"),
        required=False,
        empty_label="All sellers",
        widget=UnfoldAdminSelectWidget,
    )
    buyer = forms.ModelChoiceField(
        Party.objects.filter(role="CSP"),
        required=False,
        empty_label="All buyers",
        widget=UnfoldAdminSelectWidget,
    )
    first_date = forms.DateField(
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text="Service end, as 2027-01-01, in the group's time zone; empty: from the"
        " beginning.",
    )
    last_date = forms.DateField(
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text="This day included; empty: until now.",
    )
    tariff_id = forms.CharField(
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="As the seller calls it: records that name it, or that it priced.",
    )
    tariff_version = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=_LARGEST,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Only what this version of it priced, even if another does now.",
    )
    record_ids = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Only these records: our ids, one a line.",
    )
    field_order = (
        "group",
        "seller",
        "buyer",
        "first_date",
        "last_date",
        "tariff_id",
        "tariff_version",
        "record_ids",
        "reason",
    )

    def clean_record_ids(self) -> tuple[UUID, ...] | None:
        found = []
        for text in self.cleaned_data["record_ids"].split():
            try:
                found.append(UUID(text))
            except ValueError as error:
                raise forms.ValidationError(f"“{text[:40]}” is no record id.") from error
        return tuple(found) or None

    def selection(self) -> Selection:
        wanted = self.cleaned_data
        zone = ZoneInfo(wanted["group"].time_zone)
        first, last = wanted["first_date"], wanted["last_date"]
        until = last + timedelta(days=1) if last else None
        return Selection(
            seller_id=wanted["seller"].pk if wanted["seller"] else None,
            buyer_id=wanted["buyer"].pk if wanted["buyer"] else None,
            ends_from=datetime.combine(first, time(), zone) if first else None,
            ends_until=datetime.combine(until, time(), zone) if until else None,
            record_ids=wanted["record_ids"],
            tariff_id=wanted["tariff_id"] or None,
            tariff_version=wanted["tariff_version"],
        )

    def clean(self):
        super().clean()
        wanted = self.cleaned_data
        narrowed = ("seller", "buyer", "first_date", "last_date", "tariff_id", "record_ids")
        if self.errors:
            return wanted
        if wanted["tariff_version"] and not wanted["tariff_id"]:
            self.add_error("tariff_id", "Name the tariff whose version is meant.")
        elif not any(wanted.get(name) for name in narrowed):
            self.add_error(None, "Narrow it: name a party, a period, a tariff or records.")
        elif wanted["tariff_id"]:
            self._check_tariff()
        if not self.errors:
            wanted["selection"] = self.selection()
        return wanted

    def _check_tariff(self) -> None:
        """A run of a tariff that nobody published would only say that nothing differs."""
        wanted = self.cleaned_data
        named = TariffVersion.objects.filter(
            tariff__tariff_id__iexact=wanted["tariff_id"],
            tariff__environment=wanted["group"].environment,
        )
        if wanted["seller"]:
            named = named.filter(tariff__seller=wanted["seller"])
        if not named.exists():
            self.add_error("tariff_id", "Nobody of these sellers has published such a tariff.")
        elif wanted["tariff_version"] and not named.filter(version=wanted["tariff_version"]):
            newest = named.aggregate(newest=Max("version"))["newest"]
            self.add_error("tariff_version", f"Its versions are 1 to {newest}.")


def told_selection(selection: dict[str, Any]) -> str:
    """A stored selection in words."""
    sides = {"seller_id": "seller", "buyer_id": "buyer"}
    parties = Party.objects.in_bulk([selection[side] for side in sides if selection.get(side)])
    told = [
        f"{word} {parties[UUID(selection[side])].code}"
        for side, word in sides.items()
        if selection.get(side)
    ]
    if selection.get("ends_from"):
        told.append(f"from {datetime.fromisoformat(selection['ends_from']):%-d %b %Y}")
    if selection.get("ends_until"):
        # Stored half-open, written with its last day as the form takes it.
        last = datetime.fromisoformat(selection["ends_until"]) - timedelta(microseconds=1)
        told.append(f"until {last:%-d %b %Y}")
    if selection.get("tariff_id"):
        version = selection.get("tariff_version")
        told.append(
            f"tariff {selection['tariff_id']}" + (f", version {version}" if version else "")
        )
    if selection.get("record_ids"):
        told.append(f"{len(selection['record_ids']):,} records by id")
    return "; ".join(told)
