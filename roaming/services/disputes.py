"""Disputes: opened by the CSP or by matching, moved by verbs along the one table.

Each step writes its event and owes both sides the news. A record that is not yet accepted is
DISPUTED meanwhile; an accepted one stays ACCEPTED, and its open dispute keeps it out of clearing.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext

from clearinghouse.retry import in_transaction
from roaming.models import CounterRecord, Dispute, Match, Sdr, SdrState
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused
from roaming.services import corrections
from roaming.services import dispute_effects as effects
from roaming.services import dispute_steps as steps
from roaming.services.dispute_steps import CLOCK, Actor

_log = logging.getLogger(__name__)
_OPEN_STATES = ("DELIVERED", "ACCEPTED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong. ``amount`` is how much of the claim is disputed; None: all of it."""

    reason: str
    text: str = ""
    amount: Decimal | None = None
    case_id: UUID | None = None
    is_automatic: bool = False


def open_dispute(record_id: UUID, complaint: Complaint, *, by: Actor, now: datetime) -> Dispute:
    """Dispute one record.

    :raises SdrState.DoesNotExist: there is no such record.
    :raises DisputeRefused: too late, in dispute already, not to be disputed, a wrong amount.
    """
    dispute = in_transaction(partial(_open, record_id, complaint, by=by, now=now))
    steps.publish(dispute)
    return dispute


def open_missing(
    counter_id: UUID, *, text: str, by: Actor, now: datetime, is_automatic: bool = False
) -> Dispute:
    """Dispute (D14) that the CSO sent no record of what the counter-record tells.

    :raises CounterRecord.DoesNotExist: there is no such counter-record.
    :raises DisputeRefused: too late, in dispute already, or nothing known of its amount.
    """
    complaint = Complaint(reason="D14", text=text, is_automatic=is_automatic)
    dispute = in_transaction(partial(_open_missing, counter_id, complaint, by=by, now=now))
    steps.publish(dispute)
    return dispute


def open_many(
    record_ids: Iterable[UUID], complaint: Complaint, *, by: Actor, now: datetime
) -> list[tuple[UUID, Dispute | DisputeRefused]]:
    """Dispute each record by itself, under the case id of ``complaint``; one refusal stops none."""
    opened: list[tuple[UUID, Dispute | DisputeRefused]] = []
    for record_id in record_ids:
        try:
            opened.append((record_id, open_dispute(record_id, complaint, by=by, now=now)))
        except DisputeRefused as refused:
            opened.append((record_id, refused))
    return opened


def open_automatic(matches: Iterable[Match], *, now: datetime) -> list[Dispute]:
    """Dispute what matching found different; the CSP confirms it or it is dropped.

    What cannot be disputed (any more) or is in dispute already is left alone: a rerun opens none.
    """
    by = Actor(side=rules.CLOCK, name="matching")
    opened = []
    for match in matches:
        if match.record_id is None:
            continue
        complaint = _complaint_of(match)
        try:
            opened.append(open_dispute(match.record_id, complaint, by=by, now=now))
        except DisputeRefused:
            continue
    return opened


def act(
    dispute_id: UUID,
    verb: str,
    *,
    by: Actor,
    now: datetime,
    amount: Decimal | None = None,
    text: str = "",
) -> Dispute:
    """Do one verb of the table; see ``roaming.rules.dispute.TRANSITIONS``.

    ``amount`` is what the record is worth, for ``partial`` and ``decide``.

    :raises Dispute.DoesNotExist: there is no such dispute.
    :raises DisputeRefused: not now, not this side's, or without what the verb needs.
    """
    work = partial(_act, dispute_id, verb, by=by, now=now, amount=amount, text=text)
    dispute = in_transaction(work)
    steps.publish(dispute)
    return dispute


def split_undisputed(*, now: datetime, limit: int = 1_000) -> dict[str, int]:
    """Let what nobody disputes of a record clear at once, where the agreement says so.

    Run by the clock: the parts are made of what was received, which no request of a partner may
    read. A record that cannot be split stays in dispute as a whole.
    """
    waiting = Dispute.objects.filter(
        stage=Dispute.Stage.OPEN,
        is_confirmed=True,
        is_after_acceptance=False,
        record_id__isnull=False,
        disputed_amount__gt=0,
        disputed_amount__lt=F("claim_amount"),
        record_id__in=SdrState.objects.filter(
            state="DISPUTED", agreement__split_allowed=True
        ).values("id"),
    )
    done: Counter[str] = Counter()
    for dispute_id in list(waiting.order_by("id").values_list("id", flat=True)[:limit]):
        try:
            dispute = in_transaction(partial(_split, dispute_id, now=now))
        except (corrections.CannotReplace, DisputeRefused) as cannot:
            _log.warning("dispute %s is not split: %s", dispute_id, cannot)
            done["unsplit"] += 1
            continue
        steps.publish(dispute)
        done["split"] += 1
    return dict(done)


def replace_agreed(*, now: datetime, limit: int = 1_000) -> dict[str, int]:
    """Put the agreed amount in the place of each record that stands in part; run by the clock.

    A replacement that intake refuses leaves its record in dispute and is tried again.
    """
    waiting = Dispute.objects.filter(
        outcome=Dispute.Outcome.REPLACEMENT,
        replacement_id__isnull=True,
        record_id__in=SdrState.objects.filter(state="DISPUTED").values("id"),
    )
    done: Counter[str] = Counter()
    for dispute_id in list(waiting.order_by("id").values_list("id", flat=True)[:limit]):
        try:
            dispute = in_transaction(partial(_replace, dispute_id, now=now))
        except corrections.CannotReplace as cannot:
            _log.error("dispute %s: %s", dispute_id, cannot)
            done["refused"] += 1
            continue
        steps.publish(dispute)
        done["replaced"] += 1
    return dict(done)


def _open(record_id: UUID, complaint: Complaint, *, by: Actor, now: datetime) -> Dispute:
    state = SdrState.objects.select_for_update().get(id=record_id)
    is_open = Dispute.objects.filter(record_id=record_id, closed_at__isnull=True).exists()
    if is_open or state.state == "DISPUTED":
        raise DisputeRefused("ALREADY_IN_DISPUTE", gettext("The record is in dispute already."))
    if state.state not in _OPEN_STATES:
        raise DisputeRefused(
            "NOT_DISPUTABLE",
            gettext("A record that is %(state)s is not disputed.") % {"state": state.state},
        )
    rules.check_opening(
        complaint.reason,
        complaint.text,
        delivered_at=state.delivered_at,
        accepted_at=state.accepted_at,
        now=now,
    )
    if state.seller_id is None or state.buyer_id is None:
        raise DisputeRefused("NOT_DISPUTABLE", gettext("The record has no two sides."))
    sdr = Sdr.objects.get(sender=state.sender_id, id=record_id)
    dispute = _new(
        complaint,
        environment=state.environment,
        sides=(state.seller_id, state.buyer_id),
        record_id=record_id,
        is_after_acceptance=state.state == "ACCEPTED",
        currency=sdr.currency,
        claim_amount=sdr.claim_amount,
        disputed_amount=_disputed(complaint, sdr.claim_amount),
        now=now,
    )
    steps.tell(dispute, "open", by=by, from_stage="", text=complaint.text, now=now)
    if state.state == "DELIVERED":
        steps.move_record(dispute, "DISPUTED", by=by, now=now)
    return dispute


def _open_missing(counter_id: UUID, complaint: Complaint, *, by: Actor, now: datetime) -> Dispute:
    counter = CounterRecord.objects.get(id=counter_id)
    if Dispute.objects.filter(counter_id=counter_id, closed_at__isnull=True).exists():
        raise DisputeRefused(
            "ALREADY_IN_DISPUTE", gettext("The counter-record has an open dispute.")
        )
    if counter.amount is None:
        raise DisputeRefused(
            "AMOUNT_MISSING", gettext("The counter-record tells no amount; replace it.")
        )
    rules.check_opening(
        complaint.reason,
        complaint.text,
        delivered_at=counter.received_at,
        accepted_at=counter.received_at,
        now=now,
    )
    dispute = _new(
        complaint,
        environment=counter.environment,
        sides=(counter.cso_id, counter.csp_id),
        counter_id=counter_id,
        currency=counter.currency,
        # Nothing is claimed yet; the CSP says that its amount should be.
        claim_amount=Decimal(0),
        disputed_amount=-counter.amount,
        now=now,
    )
    steps.tell(dispute, "open", by=by, from_stage="", text=complaint.text, now=now)
    return dispute


def _new(complaint: Complaint, *, sides: tuple[UUID, UUID], now: datetime, **columns) -> Dispute:
    expires_at = now + rules.LONGEST
    dispute = Dispute(
        seller_id=sides[0],
        buyer_id=sides[1],
        case_id=complaint.case_id,
        reason=complaint.reason,
        text=complaint.text,
        is_automatic=complaint.is_automatic,
        is_confirmed=not complaint.is_automatic,
        opened_at=now,
        expires_at=expires_at,
        **columns,
    )
    dispute.number = f"DP-{str(dispute.pk)[-12:]}"
    dispute.deadline_at = (
        now + rules.CONFIRM
        if complaint.is_automatic
        else rules.deadline_of("OPEN", now=now, expires_at=expires_at)
    )
    dispute.save(force_insert=True)
    return dispute


def _disputed(complaint: Complaint, claim: Decimal | None) -> Decimal:
    if claim is None:
        raise DisputeRefused("NOT_DISPUTABLE", gettext("The record claims nothing."))
    amount = claim if complaint.amount is None else complaint.amount
    if not effects.is_money(amount) or (not 0 < amount <= claim and amount != claim):
        raise DisputeRefused(
            "AMOUNT_WRONG",
            gettext("Dispute more than 0 and at most %(claim)s.") % {"claim": f"{claim:f}"},
        )
    return amount


def _complaint_of(match: Match) -> Complaint:
    differences = {one.upper() for one in match.differences}
    reason = "D01" if "ENERGY" in differences else "D03" if "AMOUNT" in differences else "D02"
    amount = None
    if match.sdr_amount is not None and match.counter_amount is not None:
        more = match.sdr_amount - match.counter_amount
        # More than all of it cannot be in question, whatever the other side states.
        amount = more if 0 < more < match.sdr_amount else None
    text = f"Both sides differ: {', '.join(sorted(differences)).lower()}."
    return Complaint(reason=reason, text=text, amount=amount, is_automatic=True)


def _act(
    dispute_id: UUID, verb: str, *, by: Actor, now: datetime, amount: Decimal | None, text: str
) -> Dispute:
    dispute = Dispute.objects.select_for_update().get(id=dispute_id)
    before = dispute.stage
    following = rules.next_stage(before, verb, by.side)
    effects.check(dispute, verb, text=text, actor=by.name)
    effects.check_due(dispute, verb, now=now)
    if change := effects.EFFECTS.get(verb):
        change(dispute, amount=amount, text=text, now=now)
    if following != before:
        dispute.stage = following
        dispute.deadline_at = rules.deadline_of(following, now=now, expires_at=dispute.expires_at)
        dispute.reminded_at = dispute.clock_stopped_at = None
    dispute.version += 1
    if following in rules.ENDS:
        _end(dispute, before, by=by, now=now)
    dispute.save()
    steps.tell(dispute, verb, by=by, from_stage=before, text=text, now=now, amount=amount)
    return dispute


def _end(dispute: Dispute, before: str, *, by: Actor, now: datetime) -> None:
    """Close the dispute with its outcome, and let the record go where that leads."""
    worth = rules.worth_at_end(
        before,
        dispute.stage,
        claim=effects.claim(dispute),
        disputed=dispute.disputed_amount or Decimal(0),
        offered=dispute.offered_amount,
        decided=dispute.decided_amount,
    )
    outcome = rules.outcome_of(
        worth, claim=effects.claim(dispute), is_after_acceptance=dispute.is_after_acceptance
    )
    dispute.outcome = "DROPPED" if dispute.stage == "WITHDRAWN" else outcome
    dispute.decided_amount = worth
    dispute.closed_at = now
    if dispute.record_id is None or dispute.is_after_acceptance:
        return
    # A part: the record stays DISPUTED until ``replace_agreed`` has put another in its place. That
    # reads what was received, which no request of a partner may.
    if outcome != "REPLACEMENT":
        steps.move_record(
            dispute, "ACCEPTED" if outcome == "RELEASE" else "WITHDRAWN", by=by, now=now
        )


def _split(dispute_id: UUID, *, now: datetime) -> Dispute:
    dispute = Dispute.objects.select_for_update().get(id=dispute_id)
    rules.next_stage(dispute.stage, "split", CLOCK.side)
    stands = effects.floor(dispute)
    reason = f"dispute {dispute.number} ({dispute.reason}): {stands.normalize():f} is undisputed"
    _, dispute.record_id = corrections.split(
        steps.record_of(dispute), stands=stands, actor=CLOCK.name, reason=reason, now=now
    )
    dispute.claim_amount = dispute.disputed_amount
    dispute.version += 1
    dispute.save()
    steps.tell(dispute, "split", by=CLOCK, from_stage=dispute.stage, amount=stands, now=now)
    return dispute


def _replace(dispute_id: UUID, *, now: datetime) -> Dispute:
    dispute = Dispute.objects.select_for_update().get(id=dispute_id)
    if dispute.replacement_id or dispute.decided_amount is None:
        return dispute
    reason = f"dispute {dispute.number} ({dispute.reason}): REPLACEMENT"
    dispute.replacement_id = corrections.replace(
        steps.record_of(dispute),
        amount=dispute.decided_amount,
        actor=CLOCK.name,
        reason=reason,
        now=now,
    )
    dispute.version += 1
    dispute.save()
    steps.tell(
        dispute,
        "replace",
        by=CLOCK,
        from_stage=dispute.stage,
        amount=dispute.decided_amount,
        now=now,
    )
    return dispute
