"""Closing a window by hand: see the positions first, give a reason, then a job does it."""

from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from billing.admin import waiting
from billing.admin.amounts import amount
from billing.admin.settlement_story import PreviewTold
from billing.models import ClearingWindow
from billing.queries import PairRow
from billing.rules.supply_period import supply_title
from billing.services import close_job
from billing.services.closing import NotClosable, close_window
from partners.admin.confirm import Question, ask
from partners.admin.story import Note, Table
from partners.services import audit
from partners.tasks import wake_worker


def may_close(request) -> bool:
    return request.user.has_perm("billing.change_clearingwindow")


def supply_of(window: ClearingWindow) -> str:
    return supply_title(
        window.supply_starts_at, window.supply_ends_at, time_zone=window.group.time_zone
    )


def name_of(window: ClearingWindow) -> str:
    """ "EUR monthly, November 2026": the period as the group's calendar has it."""
    return f"{window.group}, {supply_of(window)}"


def ask_to_close(request, model_admin, window: ClearingWindow):
    effect, is_possible = _effect(window)
    return ask(
        request,
        model_admin,
        window,
        Question(
            title=f"Close {name_of(window)}?",
            sentence="The records are netted, positions and statements are issued. A closed window"
            " is never opened again: what comes later goes into the next one.",
            button="Close and settle",
            effect=effect,
            is_possible=is_possible,
            is_dangerous=True,
            act=partial(_queue, request, window),
        ),
    )


def pairs_table(window: ClearingWindow, pairs: list[PairRow]) -> Table:
    currency = window.group.currency
    return Table(
        "Who charged at whose stations",
        ("Seller", "Buyer", "Records", "Billed", "kWh billed", "Claim", "Payout"),
        [
            (
                f"{pair.cso} ({pair.cso_id})",
                f"{pair.csp} ({pair.csp_id})",
                f"{pair.sdrs:,}",
                f"{pair.billed_sdrs:,}",
                f"{pair.energy_kwh:,.3f}",
                amount(pair.claim_minor, currency),
                amount(pair.payout_minor, currency),
            )
            for pair in pairs
        ],
        frozenset({2, 3, 4, 5, 6}),
        empty="No record is cleared into this window yet. Clearing runs every hour.",
    )


def _effect(window: ClearingWindow) -> tuple[list[object], bool]:
    if window.state != ClearingWindow.State.OPEN:
        return [Note("This window is closed already.", tone="warning")], False
    oldest = (
        ClearingWindow.objects.filter(group=window.group, state=ClearingWindow.State.OPEN)
        .select_related("group")
        .earliest("supply_ends_at")
    )
    if oldest.pk != window.pk:
        text = f"An older window of the group is open: {supply_of(oldest)}. Close that one first."
        return [Note(text, tone="warning")], False
    now = timezone.now()
    try:
        closing = close_window(window, now=now, dry_run=True)
    except NotClosable as error:
        return [Note(str(error), tone="danger", title="It cannot be closed")], False
    warnings = []
    if window.supply_ends_at > now:
        ends = window.supply_ends_at.astimezone(ZoneInfo(window.group.time_zone))
        warnings.append(
            Note(
                f"Its supply period runs until {ends:%Y-%m-%d %H:%M} ({window.group.time_zone})."
                " Records that come after the closing go into the next window.",
                tone="warning",
            )
        )
    told = PreviewTold(closing.settlement, closing.settlement.preview, is_stored=False)
    details = [*told.reasons(), pairs_table(window, closing.pairs)]
    return [
        *warnings,
        Note("If it is closed now, it comes to this. Nothing of it is kept."),
        *told.outcome(),
        *(waiting.tables(window, closing.waiting) if closing.waiting else []),
        *(replace(table, is_folded=True) for table in details),
    ], True


def _queue(request, window: ClearingWindow, answers):
    with transaction.atomic():
        job = close_job.enqueue(window, requested_by=request.user)
        audit.record(
            "window.close_ordered",
            window,
            actor=request.user.get_username(),
            at=timezone.now(),
            reason=answers["reason"],
        )
        transaction.on_commit(wake_worker)
    return HttpResponseRedirect(reverse("admin:partners_job_change", args=[job.pk]))
