"""The staff's first page: what waits, what came in, what it is worth.

Records are told by prepared figures; what waits is read from its own small tables. Every query is
bounded.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Min
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from billing.admin.amounts import amount
from billing.models import (
    ClearingWindow,
    ConservationProof,
    Document,
    Objection,
    PaymentFile,
    Settlement,
)
from billing.rules.supply_period import supply_title
from billing.services import releases
from clearinghouse import figure_charts
from clearinghouse.figure_charts import TITLES
from clearinghouse.figures_page import asked_of
from partners.admin.job import STATE_TONES as JOB_TONES
from partners.admin.job import Progress
from partners.admin.story import Badge, Table, link, list_link
from partners.models import Approval, Environment, Job
from roaming import queries_figures as figures
from roaming.admin.tones import STATE_TONES
from roaming.models import Alert, Dispute, Sdr, SdrState

DAYS = 30
_CODES = 8
_FILE_STEPS = {
    PaymentFile.State.DRAFT.value: "{by} asked: a second person approves",
    PaymentFile.State.APPROVED.value: "export it and hand it to the bank",
}
_OUR_TURN = {
    Dispute.Stage.CONTESTED.value: "take it into mediation",
    Dispute.Stage.MEDIATION.value: "decide it",
}


def dashboard(request: HttpRequest, context: dict) -> dict:
    """Add the page's parts to ``context``; called by the admin's index.

    Each part is told only to those who may see what it is made of.
    """
    now = timezone.now()
    context["title"] = "Today"
    user = request.user
    if user.has_perm("roaming.view_sdr"):
        asked = asked_of(days=DAYS, environment=Environment.LIVE.value, now=now)
        last = asked.until - timedelta(days=1)
        told = figures.keyed(asked, figures.Kind.STATE, figures.Kind.HELD)
        context["states"] = states(told[figures.Kind.STATE])
        context["held_by_code"] = held_by_code(told[figures.Kind.HELD])
        funnel = figure_charts.funnel_chart(figures.funnel_of(told[figures.Kind.STATE]))
        context["charts"] = [*figure_charts.claim_charts(asked), funnel]
        context["counted_at"] = figures.prepared_at()
        is_today = last == now.date()
        to = f"the {DAYS} days to {last:%-d %b %Y}"
        context["since"] = f"the last {DAYS} days" if is_today else to
    if user.has_perm("billing.view_clearingwindow"):
        context["open_windows"] = open_windows()
        context["settlements"] = latest_settlements()
        context["to_release"] = waiting_for_release(now=now)
    if user.has_perm("billing.view_paymentfile"):
        context["files_to_do"] = payment_files_to_do()
    if user.has_perm("roaming.view_dispute"):
        context["disputes_to_do"] = disputes_to_do()
    if user.has_perm("roaming.view_alert"):
        context["alerts"] = open_alerts()
    if user.has_perm("partners.view_job"):
        context["unfinished_jobs"] = unfinished_jobs(now=now)
    if user.has_perm("billing.view_conservationproof"):
        context["failed_proofs"] = failed_proofs()
    return context


def states(counts: Mapping[str, int]) -> list[dict[str, object]]:
    """Records received in the period per state, in the order of their life."""
    url = reverse("admin:roaming_sdr_changelist")
    return [
        {
            "state": state,
            "tone": STATE_TONES.get(state, ""),
            "count": f"{counts.get(state, 0):,}",
            "url": f"{url}?state={state}",
        }
        for state in SdrState.State.values
        if counts.get(state) or state in ("HELD", "REJECTED", "ACCEPTED", "DISPUTED")
    ]


def held_by_code(counts: Mapping[str, int]) -> Table:
    """What keeps records from being cleared, most frequent first."""
    return Table(
        "Held of these days, by cause",
        ("Code", "Cause", "Records"),
        [
            (list_link(Sdr, code, f"?state=HELD&code={code}"), TITLES.get(code, ""), f"{n:,}")
            for code, n in figures.frequent_first(counts)[:_CODES]
        ],
        frozenset({2}),
        empty="None of these days is held; what came before is under Holds.",
    )


def open_alerts() -> Table:
    """What nobody has acknowledged yet, by kind, with the oldest instant of each."""
    waiting = (
        Alert.objects.filter(closed_at__isnull=True, acknowledged_at__isnull=True)
        .values_list("kind")
        .annotate(n=Count("id"), oldest=Min("opened_at"))
        .order_by("-n", "kind")
    )
    return Table(
        "Alerts that nobody has acknowledged",
        ("What", "Alerts", "Oldest"),
        [
            (
                list_link(Alert, Alert.Kind(kind).label, f"?state=OPEN&kind__exact={kind}"),
                f"{n:,}",
                _in_words(oldest),
            )
            for kind, n, oldest in waiting
        ],
        frozenset({1}),
        empty="Nothing wants a look.",
    )


def open_windows() -> Table:
    windows = (
        ClearingWindow.objects.filter(state=ClearingWindow.State.OPEN)
        .select_related("group")
        .order_by("closes_at", "group__name")[:8]
    )
    return Table(
        "Open windows",
        ("Window", "Group", "Closes"),
        [
            (
                link(w, _supply(w)),
                w.group.name,
                _in_words(w.closes_at),
            )
            for w in windows
        ],
        empty="No window is open: the clock opens one when a settlement group has an agreement.",
    )


def latest_settlements() -> Table:
    settlements = Settlement.objects.select_related("window__group").order_by("-pk")[:6]
    return Table(
        "Latest settlements",
        ("Settlement", "Group", "Calculated"),
        [
            (
                link(settlement, _supply(settlement.window)),
                settlement.window.group.name,
                _in_words(settlement.calculated_at),
            )
            for settlement in settlements
        ],
        empty="Nothing is settled yet.",
    )


def waiting_for_release(*, now: datetime) -> Table | None:
    """Settlements that two persons must let out, oldest first; ``None`` where there is none."""
    waiting = list(
        Settlement.objects.filter(state=Settlement.State.CALCULATED)
        .select_related("window__group")
        .order_by("pk")[:8]
    )
    if not waiting:
        return None
    asked = {
        row.object_id: row
        for row in Approval.objects.filter(
            verb=releases.VERB,
            object_id__in=[str(row.pk) for row in waiting],
            state=Approval.State.REQUESTED,
            expires_at__gt=now,
        ).select_related("maker")
    }
    objected = Counter(
        Objection.objects.filter(
            state=Objection.State.OPEN,
            document__kind=Document.Kind.PROVISIONAL,
            document__settlement__window__in=[row.window_id for row in waiting],
        ).values_list("document__settlement__window", flat=True)
    )
    return Table(
        "Waits for release",
        ("Settlement", "Group", "Next"),
        [
            (
                link(row, _supply(row.window)),
                row.window.group.name,
                f"answer the objections: {objected[row.window_id]}"
                if objected[row.window_id]
                else f"{asked[str(row.pk)].maker} asked: a second person decides"
                if str(row.pk) in asked
                else "check the figures and ask for the release",
            )
            for row in waiting
        ],
    )


def payment_files_to_do() -> Table | None:
    """Files that wait for a second person, or to be exported; ``None`` where there is none."""
    files = list(
        PaymentFile.objects.filter(state__in=_FILE_STEPS)
        .select_related("settlement__window__group")
        .defer("content")
        .order_by("pk")[:8]
    )
    if not files:
        return None
    return Table(
        "Payment files under way",
        ("File", "Settlement", "Next"),
        [
            (
                link(
                    file, f"{file.get_kind_display()} of {amount(file.total_minor, file.currency)}"
                ),
                _supply(file.settlement.window) if file.settlement else "",
                _FILE_STEPS[file.state].format(by=file.proposed_by),
            )
            for file in files
        ],
    )


def disputes_to_do() -> Table | None:
    """Disputes that wait for the house, what is due first at first; ``None`` without any."""
    waiting = list(
        Dispute.objects.filter(stage__in=_OUR_TURN, closed_at__isnull=True)
        .select_related("owner")
        .order_by("deadline_at", "pk")[:8]
    )
    if not waiting:
        return None
    return Table(
        "Disputes that wait for us",
        ("Dispute", "Next", "Until", "Owner"),
        [
            (
                link(one),
                _OUR_TURN[one.stage],
                _in_words(one.deadline_at) if one.deadline_at else "",
                str(one.owner) if one.owner else "nobody",
            )
            for one in waiting
        ],
    )


def unfinished_jobs(*, now: datetime) -> Table:
    jobs = Job.objects.filter(state__in=["QUEUED", "RUNNING"]).order_by("created_at")[:8]
    return Table(
        "Jobs at work",
        ("Job", "State", "Progress"),
        [
            (
                link(job),
                Badge(job.state, JOB_TONES[job.state]),
                f"{Progress(job, now=now).percent} %",
            )
            for job in jobs
        ],
        frozenset({2}),
        empty="No job is waiting or running.",
    )


def failed_proofs() -> list[ConservationProof]:
    """Lines whose newest proof of the last 30 days differs."""
    since = timezone.now() - timedelta(days=DAYS)
    newest = (
        ConservationProof.objects.filter(id__gte=_smallest_id(since))
        .order_by("sender", "environment", "day", "currency", "-proved_at")
        .distinct("sender", "environment", "day", "currency")
        .values("pk")
    )
    failed = ConservationProof.objects.filter(pk__in=newest, holds=False)
    return list(failed.select_related("sender").order_by("-day")[:8])


def _supply(window: ClearingWindow) -> str:
    return supply_title(
        window.supply_starts_at, window.supply_ends_at, time_zone=window.group.time_zone
    )


def _in_words(instant: datetime) -> str:
    return timezone.localtime(instant).strftime("%-d %b %Y, %H:%M")


def _smallest_id(instant: datetime) -> UUID:
    """The smallest UUIDv7 of the instant: ids from it on are younger, and lie in few partitions."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)
