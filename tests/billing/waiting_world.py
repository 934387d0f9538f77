"""Records that a window waits for, told as stories, and the slow twins of what is said of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from billing.rules.waiting import WaitingRecord, deemed_of, holds_of
from billing.services.waiting import waiting_of
from billing.services.windows import ensure_windows
from clearinghouse.uuid7 import new_uuid7
from roaming.models import Finding, Hold, Match, MatchingRun, SdrState
from tests.billing.stories import Story, World, tell
from tests.makers import NOON


@dataclass(frozen=True, slots=True)
class Wait:
    """One record that is held, or that is delivered and to be deemed accepted.

    ``codes`` hold it now, ``earlier_codes`` held it before it was judged again. ``after_days``:
    from NOON to its being held, or to its deadline. ``match``: what matching found, and whether
    that is current.
    """

    story: Story
    codes: tuple[str, ...] = ()
    earlier_codes: tuple[str, ...] = ()
    after_days: int = 0
    has_agreement: bool = True
    has_deadline: bool = True
    match: tuple[str, bool] | None = None


@dataclass(slots=True)
class Told:
    held: list[WaitingRecord] = field(default_factory=list)
    delivered: list[WaitingRecord] = field(default_factory=list)


def tell_waits(world: World, waits: Sequence[Wait]) -> Told:
    """Write the records; what the twins are told of them."""
    told = Told()
    ids = tell(world, *(wait.story for wait in waits)) if waits else []
    run = MatchingRun.objects.create(
        run_key=str(new_uuid7()), from_at=NOON, until_at=NOON, started_at=NOON
    )
    for id_, wait in zip(ids, waits, strict=True):
        _write(world, id_, wait, run)
        record = _record(world, wait)
        if wait.story.state == "HELD":
            told.held.append(record)
        if wait.story.state == "DELIVERED" and wait.has_agreement and _is_to_be_deemed(world, wait):
            told.delivered.append(record)
    return told


def compare_waiting(world: World, waits: Sequence[Wait]) -> None:
    """What each open window waits for is what the slow twins say."""
    before = [Wait(story) for story in world.told.values() if story.state == "HELD"]
    told = tell_waits(world, waits)
    told.held += [_record(world, wait) for wait in before]
    ensure_windows(world.group, now=NOON)
    open_ones = world.group.windows.filter(state="OPEN").select_related("group")
    from_at: datetime | None = None
    for window in open_ones.order_by("supply_ends_at"):
        waiting = waiting_of(window)
        period = {
            "currency": world.group.currency,
            "from_at": from_at,
            "until_at": window.supply_ends_at,
        }
        assert (waiting.from_at, waiting.until_at) == (from_at, window.supply_ends_at)
        assert len(waiting.holds) == len(set(waiting.holds))
        assert set(waiting.holds) == holds_of(told.held, **period)
        assert len(waiting.deemed) == len(set(waiting.deemed))
        assert set(waiting.deemed) == deemed_of(
            told.delivered, **period, closes_at=window.closes_at
        )
        from_at = window.supply_ends_at


def _record(world: World, wait: Wait) -> WaitingRecord:
    return WaitingRecord(
        seller=world.sellers[wait.story.seller].pk,
        buyer=world.buyers[wait.story.buyer].pk if wait.has_agreement else None,
        ended_at=wait.story.ended_at,
        since_at=_since(wait),
        claim_amount=wait.story.claim,
        currency=world.group.currency,
        codes=tuple(sorted(set(wait.codes))),
    )


def _since(wait: Wait) -> datetime:
    return NOON + timedelta(days=wait.after_days)


def _is_to_be_deemed(world: World, wait: Wait) -> bool:
    if not wait.has_deadline:
        return False
    outcome, is_current = wait.match or ("MATCHED", True)
    agreement = world.agreements[wait.story.seller, wait.story.buyer]
    waits_for_it = outcome == "MATCHED_TOLERANCE" or (
        agreement.counter_records == "REQUIRED" and outcome in ("CSO_ONLY", "AMBIGUOUS", "MISMATCH")
    )
    return not (is_current and waits_for_it)


def _write(world: World, id_: UUID, wait: Wait, run: MatchingRun) -> None:
    state = SdrState.objects.get(pk=id_)
    if wait.has_deadline:
        state.accept_by_at = _since(wait)
    if not wait.has_agreement:
        state.agreement, state.buyer = None, None
    state.save()
    if wait.story.state == "HELD":
        Hold.objects.create(record_id=id_, held_at=_since(wait), expires_at=_since(wait))
    for version, codes, severity in (
        (1, wait.earlier_codes, "HOLD"),
        (2, wait.codes, "HOLD"),
        (2, ("V999",), "WARN"),
    ):
        for code in codes:
            Finding.objects.create(
                id=new_uuid7(),
                sender=state.sender,
                record_id=id_,
                version=version,
                code=code,
                severity=severity,
                field="",
                message="",
            )
    if wait.match:
        outcome, is_current = wait.match
        Match.objects.create(
            run=run,
            seller=world.sellers[wait.story.seller],
            buyer=world.buyers[wait.story.buyer],
            record_id=id_,
            outcome=outcome,
            is_current=is_current,
            differences=["ENERGY"] if outcome == "MATCHED_TOLERANCE" else [],
            ended_at=wait.story.ended_at,
            matched_at=NOON,
        )
