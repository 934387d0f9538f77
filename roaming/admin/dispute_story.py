"""The story of one dispute: where it stands, both values, what is asked, every step and file."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime

from partners.admin.story import (
    BAD,
    GOOD,
    INFO,
    WARN,
    Badge,
    Facts,
    Figure,
    Figures,
    Note,
    Step,
    Table,
    Timeline,
    link,
    list_link,
)
from roaming.admin.chain import chain_table
from roaming.admin.story import claim_text
from roaming.models import CounterRecord, Dispute, DisputeEvent, Match, Sdr
from roaming.rules.dispute import REASONS, next_step, stage_in_words, waits_for
from roaming.services import dispute_escalation

LABEL_TONES = {
    "OPEN": INFO,
    "RESPONDED_ACCEPT": INFO,
    "RESPONDED_REJECT": INFO,
    "RESPONDED_PARTIAL": INFO,
    "CONTESTED": WARN,
    "MEDIATION": WARN,
    "DECIDED": WARN,
    "AGREED": GOOD,
    "CLOSED": GOOD,
    "EXPIRED_CSO": BAD,
    "EXPIRED_CSP": BAD,
}
_SIDES = {"CSP": "the CSP", "CSO": "the CSO", "BOTH": "both sides"}
_WHO = {"CSP": "CSP", "CSO": "CSO", "HOUSE": "Clearing house", "CLOCK": "Clock"}
_STEP_TONES = {"CSP": INFO, "CSO": INFO, "HOUSE": WARN, "CLOCK": ""}


# Whose turn it is; ours is what a person of the house looks for in the list.
TURNS = {"CSP": "the CSP", "CSO": "the CSO", "HOUSE": "us"}
TURN_TONES = {"CSP": "", "CSO": "", "HOUSE": WARN}


class _Values(NamedTuple):
    """What one side says of the session."""

    source: str
    energy_kwh: Decimal | None
    amount: Decimal | None
    started_at: datetime | None
    ended_at: datetime | None
    evse_id: str


def stage_of(dispute: Dispute) -> str:
    return stage_in_words(dispute.stage, is_confirmed=dispute.is_confirmed)


def turn_of(dispute: Dispute) -> str:
    """Of ``TURNS``, or "" where nobody is waited for."""
    return "" if dispute.closed_at else waits_for(dispute.stage, is_confirmed=dispute.is_confirmed)


def money(amount: Decimal | None, currency: str) -> str:
    return "—" if amount is None else claim_text(amount, currency)


def of(dispute: Dispute) -> list[object]:
    sdr = Sdr.objects.filter(id=dispute.record_id).first() if dispute.record_id else None
    counter = _counter(dispute)
    return [
        *_notes(dispute),
        _figures(dispute),
        _about(dispute, sdr, counter),
        _both_values(dispute, sdr, counter),
        _files(dispute),
        _steps(dispute),
        *chain_table(dispute.record_id),
    ]


def _notes(dispute: Dispute) -> Iterable[Note]:
    for alert in dispute_escalation.alerts_of(dispute):
        yield Note(alert.text, tone=BAD, title="Escalated: more than 3 % of the pair's month")
    if dispute.clock_stopped_at:
        since = f"{localtime(dispute.clock_stopped_at):%-d %b %Y, %H:%M}"
        text = f"Stopped on {since}; nothing expires until it is started."
        yield Note(text, tone=WARN, title="The clock stands still")
    is_waiting = dispute.outcome == "REPLACEMENT" and dispute.replacement_id is None
    if step := next_step(
        dispute.stage,
        dispute.outcome,
        is_confirmed=dispute.is_confirmed,
        is_replaced=dispute.replacement_id is not None,
    ):
        yield Note(step, tone=WARN if is_waiting else INFO, title="Next")


def _figures(dispute: Dispute) -> Figures:
    tone = LABEL_TONES.get(dispute.stage, "")
    worth = dispute.decided_amount
    figures = [
        Figure("Stage", Badge(stage_of(dispute), tone)),
        Figure("Claim", money(dispute.claim_amount, dispute.currency)),
        Figure("In question", money(dispute.disputed_amount, dispute.currency)),
    ]
    if dispute.offered_amount is not None:
        figures.append(Figure("Worth by the CSO", money(dispute.offered_amount, dispute.currency)))
    if worth is not None:
        figures.append(Figure("Worth by decision", money(worth, dispute.currency)))
    if dispute.deadline_at and not dispute.closed_at:
        until = localtime(dispute.deadline_at)
        figures.append(Figure("Waits until", f"{until:%-d %b %Y}", f"{until:%H:%M}"))
    return Figures(figures)


def _about(dispute: Dispute, sdr: Sdr | None, counter: CounterRecord | None) -> Facts:
    reason = REASONS[dispute.reason]
    case = list_link(Dispute, "all of the case", f"?case_id={dispute.case_id}")
    return Facts(
        "What it is about",
        [
            ("Reason", f"{dispute.reason} {reason.title}"),
            ("In words", dispute.text),
            ("Evidence asked for", f"{reason.evidence}, from {_SIDES[reason.asked_from]}"),
            ("Record", link(sdr, sdr.sdr_id or "without an id") if sdr else None),
            ("Counter-record", counter.counter_id if counter else None),
            ("Seller (visited-CSO)", link(dispute.seller)),
            ("Buyer (home-CSP)", link(dispute.buyer)),
            ("Opened by", "matching" if dispute.is_automatic else "the CSP"),
            ("Opened after acceptance", "yes" if dispute.is_after_acceptance else None),
            ("Case", case if dispute.case_id else None),
            ("Owner", str(dispute.owner) if dispute.owner else "nobody yet"),
            ("Outcome", dispute.get_outcome_display() if dispute.outcome else None),
            ("Grounds", dispute.grounds),
            ("Opened", dispute.opened_at),
            ("Ends at the latest", None if dispute.closed_at else dispute.expires_at),
            ("Closed", dispute.closed_at),
            ("Environment", dispute.environment),
        ],
    )


def _counter(dispute: Dispute) -> CounterRecord | None:
    counter_id = dispute.counter_id
    if counter_id is None and dispute.record_id is not None:
        match = Match.objects.filter(
            seller=dispute.seller, record_id=dispute.record_id, is_current=True
        ).first()
        counter_id = match.counter_id if match else None
    return CounterRecord.objects.filter(id=counter_id).first() if counter_id else None


def _both_values(dispute: Dispute, sdr: Sdr | None, counter: CounterRecord | None) -> Table:
    columns = []
    if sdr:
        evse = sdr.evse_id or sdr.evse_id_received
        columns.append(
            _Values("CSO", sdr.energy_kwh, sdr.claim_amount, sdr.started_at, sdr.ended_at, evse)
        )
    if counter:
        columns.append(
            _Values(
                "CSP",
                counter.energy_kwh,
                counter.amount,
                counter.started_at,
                counter.ended_at,
                counter.evse_id,
            )
        )
    rows = [
        (
            f"{one.source} says",
            f"{one.energy_kwh.normalize():f}" if one.energy_kwh is not None else "—",
            money(one.amount, dispute.currency),
            _instant(one.started_at),
            _instant(one.ended_at),
            one.evse_id or "—",
        )
        for one in columns
    ]
    note = "" if counter else "The CSP sent no record of its own of this session."
    headers = ("Side", "kWh", "Amount", "Start", "End", "EVSE")
    return Table("Both values", headers, rows, frozenset({1, 2}), note=note)


def _instant(at: datetime | None) -> str:
    """With seconds, for seconds are what sides differ by; by the clock of the whole page."""
    return f"{localtime(at):%-d %b %Y, %H:%M:%S}" if at else "—"


def _files(dispute: Dispute) -> Table:
    rows = [
        (
            format_html(
                '<a class="ch-link" href="{}">{}</a>',
                reverse("admin:roaming_dispute_file", args=[dispute.pk, file.pk]),
                file.file_name,
            ),
            _WHO[file.side],
            file.media_type,
            f"{-(-file.size_bytes // 1000):,} kB",
            f"{localtime(file.added_at):%-d %b %Y, %H:%M}",
            file.sha256[:16],
        )
        for file in dispute.attachments.order_by("id")
    ]
    reason = REASONS[dispute.reason]
    empty = f"None yet. Asked for: {reason.evidence}, from {_SIDES[reason.asked_from]}."
    headers = ("File", "From", "Kind", "Size", "Added", "SHA-256 begins")
    return Table("Evidence", headers, rows, frozenset({3}), empty=empty)


def _steps(dispute: Dispute) -> Timeline:
    return Timeline("Steps and messages", [_step(dispute, e) for e in dispute.events.all()])


def _step(dispute: Dispute, event: DisputeEvent) -> Step:
    title = event.verb.replace("_", " ").capitalize()
    if event.amount is not None:
        title = f"{title}: {money(event.amount, dispute.currency)}"
    text = f"{_WHO[event.side]}, {event.actor}"
    return Step(
        event.at, title, f"{text}: {event.text}" if event.text else text, _STEP_TONES[event.side]
    )
