"""The hold queue: who looks after it, how a record leaves it.

A held record leaves by new facts (``revalidate``, ``heal``), by a person (``release``; above a
limit by two persons) or by time (``expire``).
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from clearinghouse.retry import KeyTaken, in_transaction
from clearinghouse.uuid7 import uuid7_at
from partners.models import Approval, User
from partners.services import approvals, audit
from roaming.intake.originals import answer_originals
from roaming.models import Delivery, Finding, Healing, Hold, Sdr, SdrState
from roaming.rules.catalog import RULES, RULES_VERSION
from roaming.rules.lifecycle import path_of_intake
from roaming.services import deliveries, lifecycle, rating
from roaming.services import hold_pairing as pairing
from roaming.services.revalidation import Rejudged, judge_again

RELEASE_VERB = "release held record"
# Who may agree to a release above the limit, or refuse it.
RIGHT = "roaming.approve_hold"
ALONE_UP_TO = Decimal("500.00")
_CHUNK = 1_000
_HEALING = {"V003", "V005", "V007", "V010", "V301", "V303", "V601"}
HEALING_CODES = frozenset(_HEALING | {rule.code for rule in RULES if rule.heals})


@dataclass(slots=True)
class Released:
    """What ``release`` did: released at once, waiting for a second person, or why not."""

    released: list[UUID] = field(default_factory=list)
    waiting: list[Approval] = field(default_factory=list)
    refused: dict[UUID, str] = field(default_factory=dict)


def queue(*, owner: User | None = None, codes: Collection[str] = ()) -> QuerySet:
    """Held records, oldest first, with ``codes``, ``held_at``, ``expires_at``, ``claim_amount``.

    Also ``sdr_id``, ``currency``, ``owner_id`` and ``owner_name``.
    """
    sdr = Sdr.objects.filter(sender=OuterRef("sender"), id=OuterRef("id"))
    hold = Hold.objects.filter(record_id=OuterRef("id"))
    held = SdrState.objects.filter(state=SdrState.State.HELD).annotate(
        codes=ArraySubquery(_newest_holds().values("code").order_by("code").distinct()),
        held_at=Subquery(hold.values("held_at")),
        expires_at=Subquery(hold.values("expires_at")),
        owner_id=Subquery(hold.values("owner")),
        owner_name=Subquery(hold.values("owner__username")),
        sdr_id=Subquery(sdr.values("sdr_id")),
        claim_amount=Subquery(sdr.values("claim_amount")),
        currency=Subquery(sdr.values("currency")),
    )
    if owner is not None:
        held = held.filter(owner_id=owner.pk)
    if codes:
        held = held.filter(codes__overlap=list(codes))
    return held.order_by("id")


def assign(
    record_ids: Collection[UUID], *, owner: User | None, by: User, now: datetime
) -> list[UUID]:
    """Say who looks after held records; ``None``: nobody. The ids of those that are held."""
    with transaction.atomic():
        held = list(Hold.objects.select_for_update().filter(record_id__in=list(record_ids)))
        for hold in held:
            hold.owner = owner
            _audit(
                "hold.assigned",
                hold.record_id,
                by=by,
                now=now,
                after={"owner": str(owner or "nobody")},
            )
        Hold.objects.bulk_update(held, ["owner"])
    return [hold.record_id for hold in held]


def release(record_ids: Iterable[UUID], *, reason: str, user: User, now: datetime) -> Released:
    """Release held records in spite of their findings; large claims wait for a second person."""
    done = Released()
    for record_id in record_ids:
        state = queue().filter(id=record_id).first()
        if state is None:
            done.refused[record_id] = "is not held"
        elif state.buyer_id is None or state.agreement_id is None:
            done.refused[record_id] = "lacks a side or an agreement; set it up, then it heals"
        elif not pairing.can_be_paired(state, now=now):
            done.refused[record_id] = "does not answer the record it names, or that is not here"
        elif abs(state.claim_amount or 0) > ALONE_UP_TO:
            done.waiting.append(_ask(state, reason=reason, user=user, now=now))
        else:
            _release_one(state, reason=reason, user=user, now=now)
            done.released.append(record_id)
    return done


def release_approved(approval_id: UUID, *, checker: User, now: datetime) -> SdrState:
    """The second person agrees: the record is released as it stood when it was asked for.

    :raises NotDecidable: decided, expired, asked for by ``checker``, or the record has changed.
    """
    with transaction.atomic():
        approval = approvals.approve(approval_id, checker=checker, now=now, right=RIGHT)
        state = queue().filter(id=approval.object_id).first()
        if state is None or _content(state) != approval.content_sha256:
            raise approvals.NotDecidable("the record has changed since; ask again")
        if not pairing.can_be_paired(state, now=now):
            raise approvals.NotDecidable("what it answers is not here any more")
        why = f"{approval.reason} (asked for by {approval.maker})"
        return _release_one(state, reason=why, user=checker, now=now)


def refuse_release(approval_id: UUID, *, checker: User, now: datetime) -> Approval:
    """The second person does not agree: the record stays held.

    :raises NotDecidable: decided, expired, or asked for by ``checker``.
    """
    with transaction.atomic():
        approval = approvals.refuse(approval_id, checker=checker, now=now, right=RIGHT)
        about = UUID(approval.object_id)
        _audit("hold.release_refused", about, by=checker, now=now, reason=approval.reason)
    return approval


def reject(record_ids: Collection[UUID], *, reason: str, user: User, now: datetime) -> list[UUID]:
    """End holds for good: the records are rejected, their ids are free. The ids of those moved."""
    with transaction.atomic():
        moved = lifecycle.move_many(
            record_ids, "HELD", ["REJECTED"], actor=str(user), reason=reason, now=now
        )
        for record_id in moved:
            _audit("hold.rejected", record_id, by=user, now=now, reason=reason)
    sellers = SdrState.objects.filter(id__in=moved, seller__isnull=False)
    deliveries.publish(set(sellers.values_list("seller", flat=True)))
    return moved


def _release_one(state: SdrState, *, reason: str, user: User, now: datetime) -> SdrState:
    path = path_of_intake("ACCEPT", state.agreement.acceptance if state.agreement else None)[1:]
    with transaction.atomic():
        _audit("hold.released", state.id, by=user, now=now, reason=reason)
        one = pairing.judged_unpaired(state, now=now)
        if one is None:
            return lifecycle.move(state.id, path, actor=str(user), reason=reason, now=now)
        one = replace(one, verdict="ACCEPT")
        moved = lifecycle.move(
            state.id, pairing.path_of(one), actor=str(user), reason=reason, now=now
        )
        answer_originals([one], actor=str(user), now=now)
        pairing.take_over_session(one)
        return moved


def _audit(action: str, record_id: UUID, *, by: User, now: datetime, **told) -> None:
    audit.record(action, SdrState(id=record_id), actor=str(by), at=now, **told)


def _ask(state: SdrState, *, reason: str, user: User, now: datetime) -> Approval:
    _audit("hold.release_asked", state.id, by=user, now=now, reason=reason)
    return approvals.request(
        RELEASE_VERB,
        about=("sdr", str(state.id)),
        content_sha256=_content(state),
        reason=reason,
        maker=user,
        now=now,
    )


def _content(state) -> str:
    told = f"{state.id} {state.version} {state.claim_amount} {state.currency}"
    return hashlib.sha256(told.encode()).hexdigest()


def revalidate(record_ids: Iterable[UUID], *, actor: str, now: datetime) -> Counter[str]:
    """Check held records again with today's facts; how many were accepted, held, rejected."""
    told: Counter[str] = Counter()
    ids = list(record_ids)
    answers = set(pairing.answers_among(ids))
    plain = _chunks(record_id for record_id in ids if record_id not in answers)
    # One by one and last: what a credit or replacement names may itself have been held until now.
    for chunk in chain(plain, ([record_id] for record_id in ids if record_id in answers)):
        work = partial(_revalidate, chunk, actor=actor, now=now)
        verdicts, sides = in_transaction(work, also_retry=KeyTaken)
        deliveries.publish(sides)
        told.update(verdicts.values())
    return told


def heal(
    *,
    actor: str,
    now: datetime,
    party_ids: Collection[UUID] = (),
    codes: Collection[str] = HEALING_CODES,
    limit: int | None = None,
) -> Counter[str]:
    """Check again what waits for master data alone, of these parties or of all.

    At most ``limit`` records; the rest heals when the clock comes round. Each seller is owed one
    summary of what was healed, however many records it were.
    """
    healable = list(_healable(party_ids, codes).values_list("id", flat=True)[:limit])
    told = revalidate(healable, actor=actor, now=now)
    healings = _sum_up(healable, now=now)
    Healing.objects.bulk_create(healings)
    Delivery.objects.bulk_create(
        Delivery(receiver_id=one.seller_id, kind="HEALED", subject_id=one.id, created_at=now)
        for one in healings
    )
    deliveries.publish({one.seller_id for one in healings})
    return told


def _sum_up(healable: Sequence[UUID], *, now: datetime) -> list[Healing]:
    """One summary for each seller of what is not held any more."""
    moved = SdrState.objects.filter(id__in=healable, seller__isnull=False).exclude(state="HELD")
    sums: dict[UUID, Healing] = {}
    for record_id, seller_id, state in moved.order_by("seller", "id").values_list(
        "id", "seller", "state"
    ):
        one = sums.setdefault(
            seller_id,
            Healing(
                id=uuid7_at(now),
                seller_id=seller_id,
                healed_at=now,
                released_ids=[],
                rejected_ids=[],
            ),
        )
        (one.rejected_ids if state == "REJECTED" else one.released_ids).append(record_id)
    return list(sums.values())


def expire(*, now: datetime) -> int:
    """Reject what nobody could cure in time."""
    due = Hold.objects.filter(expires_at__lte=now).values_list("record_id", flat=True)
    moved = lifecycle.move_many(
        list(due), "HELD", ["REJECTED"], actor="clock", reason="HOLD_EXPIRED", now=now
    )
    deliveries.publish_overdue()
    return len(moved)


def _newest_holds() -> QuerySet[Finding]:
    """HOLD findings of the outer state's newest validation."""
    of_record = Finding.objects.filter(sender=OuterRef("sender"), record_id=OuterRef("id"))
    later = Finding.objects.filter(
        sender=OuterRef("sender"),
        record_id=OuterRef("record_id"),
        version__gt=OuterRef("version"),
    )
    return of_record.filter(~Exists(later), severity="HOLD")


def _healable(party_ids: Collection[UUID], codes: Collection[str]) -> QuerySet:
    held = queue().filter(codes__contained_by=sorted(HEALING_CODES), codes__overlap=sorted(codes))
    if party_ids:
        # A record whose CSP was unknown may be for a party that is only now set up.
        held = held.filter(
            Q(seller__in=list(party_ids)) | Q(buyer__in=list(party_ids)) | Q(buyer__isnull=True)
        )
    return held


def _chunks(record_ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    iterator = iter(record_ids)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _revalidate(
    ids: Sequence[UUID], *, actor: str, now: datetime
) -> tuple[dict[UUID, str], set[UUID]]:
    """The verdict of each record, and the parties that are owed news."""
    states = list(queue().filter(id__in=ids).select_for_update(of=("self",)))
    by_id = {state.id: state for state in states}
    judged = judge_again(states, now=now)
    rating.keep(
        ((one.record_id, one.sides.rated) for one in judged if one.sides.rated),
        reason="checked again after new master data",
        now=now,
    )
    sides: set[UUID] = set()
    for one in judged:
        state = by_id[one.record_id]
        if one.verdict == "HOLD":
            _hold_again(state, one, actor=actor, now=now)
            sides |= {one.sides.seller.id} if one.sides.seller else set()
            continue
        _add_findings(one, version=state.version + 1, now=now, sender_id=state.sender_id)
        _complete(one)
        lifecycle.move_many(
            [one.record_id], "HELD", pairing.path_of(one), actor=actor, reason=_reason(one), now=now
        )
        answer_originals([one], actor=actor, now=now)
        pairing.take_over_session(one)
        sides |= {party.id for party in (one.sides.seller, one.sides.buyer) if party}
    return {one.record_id: one.verdict for one in judged}, sides


def _reason(one: Rejudged) -> str:
    codes = sorted({finding.code for finding in one.findings})
    return f"checked again: {' '.join(codes) or 'no findings'}"[:500]


def _hold_again(state, one: Rejudged, *, actor: str, now: datetime) -> None:
    """Still held: tell it only where the reasons have changed."""
    reasons = {finding.code for finding in one.findings if finding.severity == "HOLD"}
    if reasons == set(state.codes):
        return
    _complete(one)
    lifecycle.move_many([state.id], "HELD", ["HELD"], actor=actor, reason=_reason(one), now=now)
    _add_findings(one, version=state.version + 1, now=now, sender_id=state.sender_id)


def _add_findings(one: Rejudged, *, version: int, now: datetime, sender_id: UUID) -> None:
    Finding.objects.bulk_create(
        Finding(
            id=uuid7_at(now),
            sender_id=sender_id,
            record_id=one.record_id,
            version=version,
            rules_version=RULES_VERSION,
            code=finding.code,
            severity=finding.severity,
            field=finding.field,
            message=finding.message,
            measured=finding.measured,
            limit=finding.limit,
            override_reason=finding.override_reason,
        )
        for finding in one.findings
    )


def _complete(one: Rejudged) -> None:
    """What the record lacked when it came in: its buyer, its agreement, its session."""
    terms, buyer, seller = one.sides.terms, one.sides.buyer, one.sides.seller
    SdrState.objects.filter(id=one.record_id).update(
        buyer_id=buyer.id if buyer else None,
        agreement_id=terms.agreement_id if terms else None,
    )
    sdr = one.submission.sdr
    if one.verdict != "ACCEPT" or seller is None or not sdr.service_session_id:
        return
    if sdr.credits_sdr_id or sdr.replaces_sdr_id:
        return
    pairing.claim_session(one.record_id, seller.id, sdr)
