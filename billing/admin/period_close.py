"""The checklist on a window's page: how far it is from open to paid, and where the next act is."""

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from billing.models import ClearingWindow
from billing.queries_ageing import today_at
from billing.rules.period_close import Standing, steps
from billing.services import period_close, releases
from partners.admin.story import Badge, Table

_TONES = {
    Standing.DONE: "success",
    Standing.NOW: "warning",
    Standing.RUNNING: "info",
    Standing.LATER: "",
}
_WORDS = {
    Standing.DONE: "Done",
    Standing.NOW: "To do",
    Standing.RUNNING: "Under way",
    Standing.LATER: "Later",
}
# Where each step is done: the label of its link and the list, or an act of the settlement.
_LISTS = {
    "holds": ("Holds", "roaming_hold"),
    "disputes": ("Disputes", "roaming_dispute"),
    "cleared": ("Clearing runs", "billing_clearingrun"),
    "proofs": ("Conservation", "billing_conservationproof"),
    "objections": ("Objections", "billing_objection"),
    "statements": ("Documents", "billing_document"),
    "invoices": ("Invoices not issued", "billing_issuingblock"),
    "pay_in": ("Bank exceptions", "billing_bankexception"),
    "lock": ("Periods", "billing_fiscalperiod"),
}


def checklist(window: ClearingWindow) -> Table:
    """Every step with how it stands, what it lacks, and a link to where that is done."""
    now = timezone.now()
    settlement = window.settlement
    asked = releases.open_request(settlement, now=now) if settlement else None
    known = period_close.known_of(
        window, waits_for_second=asked is not None, now=now, today=today_at(now)
    )
    told = steps(known)
    done = sum(step.standing is Standing.DONE for step in told)
    return Table(
        "From open to paid",
        ("Step", "Stands", "What is lacking", "Where"),
        [
            (
                f"{place}. {step.name}",
                Badge(_WORDS[step.standing], _TONES[step.standing]),
                step.text,
                _where(step.key, window) if step.standing is not Standing.LATER else "",
            )
            for place, step in enumerate(told, start=1)
        ],
        note=f"{done} of {len(told)} steps are done.",
    )


def _where(key: str, window: ClearingWindow) -> object:
    settlement = window.settlement
    if key == "close" and window.state == ClearingWindow.State.OPEN:
        url = reverse("admin:billing_clearingwindow_close", args=[window.pk])
        return format_html('<a class="ch-link" href="{}">{}</a>', url, "See what it would come to")
    if key in ("release", "payments") and settlement is not None:
        url = reverse("admin:billing_settlement_change", args=[settlement.pk])
        return format_html('<a class="ch-link" href="{}">{}</a>', url, "Settlement")
    if key not in _LISTS:
        return ""
    label, name = _LISTS[key]
    url = reverse(f"admin:{name}_changelist")
    return format_html('<a class="ch-link" href="{}">{}</a>', url, label)
