"""Records whose facts come on different days, and the slow twin of what is accrued of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from billing.models import ClearedSdr, ClearingRun, ClearingWindow, Settlement
from billing.queries_accruals import SETTLES_IN, accruals, accrued_records
from billing.rules.accruals import Accruable, Cleared, accrued
from clearinghouse.money import to_minor_units
from partners.queries import current_owner
from roaming.models import Dispute, SdrEvent, SdrLink, SdrState
from tests.billing.stories import Story, World, tell
from tests.makers import NOON, partner_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """One record; days are counted from NOON.

    ``settled``: the day of the settlement of the window that it was cleared into, if any.
    ``credits``: it is a credit of the record so many places before it.
    """

    story: Story
    steps: tuple[tuple[int, str], ...] = ((0, "ACCEPTED"),)
    cleared: int | None = None
    settled: int | None = None
    dispute: tuple[int, int | None] | None = None
    credits: int | None = None
    linked: int = 0


def day(number: int) -> datetime:
    return NOON + timedelta(days=number)


def compare_accruals(world: World, told: Sequence[Accrual]) -> None:
    """As of each day the lines, and what each side sees of them, are those of the twin."""
    facts = tell_accruals(world, told)
    now = day(40) + SETTLES_IN
    seller, buyer = partner_of(world.sellers[0]), partner_of(world.buyers[0])
    for as_of in map(day, range(6)):
        for partner in (seller, buyer, None) if as_of == day(2) else (None,):
            expected = accrued(facts, as_of=as_of, partner=partner.pk if partner else None)
            key = {"as_of": as_of, "now": now, "environment": "LIVE", "partner": partner}
            assert accruals(**key) == expected
        rows = accrued_records(as_of=as_of, now=now, environment="LIVE")
        assert len({row.record_id for row in rows}) == len(rows)
        assert sum(row.line.claim_minor for row in rows) == sum(one.claim_minor for one in expected)


def tell_accruals(world: World, told: Sequence[Accrual]) -> list[Accruable]:
    """Write the records with all their facts."""
    ids = [tell(world, one.story)[0] for one in told]
    windows: dict[int | None, ClearingWindow] = {}
    cleared = [_clear(world, id_, one, windows) for id_, one in zip(ids, told, strict=True)]
    for settled, window in windows.items():
        _settle(window, settled)
    facts = []
    for place, (id_, one) in enumerate(zip(ids, told, strict=True)):
        _write_steps(world, id_, one)
        _dispute(world, id_, one)
        original = None if one.credits is None else place - one.credits
        if original is not None:
            SdrLink.objects.create(
                record_id=id_,
                original_id=ids[original],
                cso=world.sellers[one.story.seller],
                kind="CREDIT",
                linked_at=day(one.linked),
            )
        credit = next((c for p, c in enumerate(told) if c.credits and p - c.credits == place), None)
        facts.append(
            _fact(
                world,
                id_,
                one,
                cleared=cleared[place],
                credited_at=day(credit.linked) if credit else None,
                is_credit=original is not None,
                is_credit_of=None if original is None else cleared[original],
            )
        )
    return facts


def _fact(world: World, id_: UUID, one: Accrual, **more) -> Accruable:
    agreement = world.agreements[one.story.seller, one.story.buyer]
    at = one.story.ended_at
    buyer = current_owner(world.buyers[one.story.buyer], at=at)
    return Accruable(
        id=id_,
        seller=current_owner(world.sellers[one.story.seller], at=at).pk,
        buyer=buyer.pk,
        ended_at=at,
        currency=world.group.currency,
        claim_amount=one.story.claim,
        steps=[(day(number), state) for number, state in one.steps],
        price_basis=agreement.price_basis,
        time_zone=world.group.time_zone,
        is_direct=agreement.mode == "DIRECT",
        disputes=[_dispute_days(one.dispute)] if one.dispute else [],
        **more,
    )


def _dispute_days(days: tuple[int, int | None]) -> tuple[datetime, datetime | None]:
    return day(days[0]), None if days[1] is None else day(days[1])


def _write_steps(world: World, id_: UUID, one: Accrual) -> None:
    """The present state stays ACCEPTED whatever the steps say: nobody must look at it."""
    state = SdrState.objects.get(pk=id_)
    SdrEvent.objects.bulk_create(
        SdrEvent(
            record_id=id_,
            version=version,
            sender_id=state.sender_id,
            path=[name],
            to_state=name,
            at=day(number),
            actor="story",
            reason="",
        )
        for version, (number, name) in enumerate(one.steps, start=1)
    )


def _dispute(world: World, id_: UUID, one: Accrual) -> None:
    if one.dispute is None:
        return
    opened, closed = _dispute_days(one.dispute)
    Dispute.objects.create(
        number=f"D-{str(id_)[-12:]}",
        seller=world.sellers[one.story.seller],
        buyer=world.buyers[one.story.buyer],
        record_id=id_,
        reason="D05",
        stage="CLOSED" if closed else "OPEN",
        outcome="RELEASE" if closed else "",
        opened_at=opened,
        expires_at=opened + timedelta(days=60),
        closed_at=closed,
    )


def _clear(
    world: World, id_: UUID, one: Accrual, windows: dict[int | None, ClearingWindow]
) -> Cleared | None:
    """Cleared at seven minor units more than it claims, so that the two are told apart."""
    if one.cleared is None:
        return None
    if one.settled not in windows:
        windows[one.settled] = _window(world, len(windows))
    claim = to_minor_units(one.story.claim, currency=world.group.currency) + 7
    state = SdrState.objects.get(pk=id_)
    ClearedSdr.objects.create(
        id=id_,
        seller_id=state.seller_id,
        buyer_id=state.buyer_id,
        seller_partner=current_owner(state.seller, at=one.story.ended_at),
        buyer_partner=current_owner(state.buyer, at=one.story.ended_at),
        sender_id=state.sender_id,
        environment="LIVE",
        agreement=world.agreements[one.story.seller, one.story.buyer],
        window=windows[one.settled],
        run=_run(world),
        currency=world.group.currency,
        is_billed=True,
        energy_kwh=one.story.energy_kwh,
        claim_minor=claim,
        commission_rate=0,
        commission_minor=0,
        payout_minor=claim,
        commission_beneficiary="CLEARING_HOUSE",
        ended_at=one.story.ended_at,
        cleared_at=day(one.cleared),
    )
    return Cleared(
        at=day(one.cleared),
        claim_minor=claim,
        settled_at=None if one.settled is None else day(one.settled),
    )


def _run(world: World) -> ClearingRun:
    run, _ = ClearingRun.objects.get_or_create(
        run_key="accrual-world",
        defaults={"group": world.group, "cleared": 0, "started_at": NOON, "finished_at": NOON},
    )
    return run


def _window(world: World, number: int) -> ClearingWindow:
    starts_at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=31 * number)
    return ClearingWindow.objects.create(
        group=world.group,
        supply_starts_at=starts_at,
        supply_ends_at=starts_at + timedelta(days=31),
        closes_at=starts_at + timedelta(days=40),
        opened_at=starts_at,
    )


def _settle(window: ClearingWindow, settled: int | None) -> None:
    window.state, window.closed_at = "CLOSED", NOON
    window.save()
    Settlement.objects.create(
        window=window,
        currency=window.group.currency,
        state="CALCULATED" if settled is None else "ISSUED",
        positions_sha256="0" * 64,
        calculated_at=NOON,
        issued_at=None if settled is None else day(settled),
    )
