"""Records told as short stories, and the slow twins that their clearing is held against.

Written straight into roaming's tables, tallies included: stories hold amounts that no price list
gives (half cents, credits), and a property test needs many of them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from billing.models import ClearedSdr, ClearingWindow, Position, Transfer
from billing.rules.cleared import Cleared, fee_record_of, supplies_of
from billing.rules.clearing import OpenWindow, figures_of, parts_of, window_for
from billing.rules.netting import ClearedRow, PartnerPosition, positions, postings
from billing.rules.positions import TaxedSum, carried_on, positions_of_settlement
from billing.services import conservation, fees, supplies
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from billing.services.instructing import netted_together
from billing.services.windows import ensure_windows
from clearinghouse.uuid7 import new_uuid7, uuid7_at
from partners.models import Party, RoamingAgreement, SettlementGroup
from partners.queries import clearing_house, current_owner
from roaming.models import IntakeBatch, IntakeTally, Sdr, SdrState
from tests.makers import (
    NOON,
    AgreementMaker,
    GroupMaker,
    PartyMaker,
    fjell,
    nordlicht,
    partner_of,
    polder,
    voltaire,
)

# October to December 2026 in Brussels.
OCTOBER_ENDS_AT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
NOVEMBER_ENDS_AT = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
DECEMBER_ENDS_AT = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Story:
    """One record. ``seller``: 0 Nordlicht, 1 Polder. ``buyer``: 0 Voltaire, 1 Fjell,
    2 Nordlicht's own CSP."""

    claim: Decimal | None
    seller: int = 0
    buyer: int = 0
    ended_at: datetime = NOON
    energy_kwh: Decimal = Decimal("10.5")
    state: str = "ACCEPTED"
    parking: Decimal = Decimal(0)
    reservation: Decimal = Decimal(0)
    country: str = "DE"
    site: str = ""
    parked_s: int | None = None

    @property
    def items(self) -> list[tuple[str, Decimal]]:
        """Parking comes in two items, so that their sum is rounded and not each."""
        half = self.parking / 2
        parts = [("PARKING", half), ("PARKING", half), ("RESERVATION", self.reservation)]
        return [("ENERGY", self.claim or Decimal(0)), *parts]


@dataclass(slots=True)
class World:
    """A group with an agreement for each seller and buyer, and what was written into it."""

    group: SettlementGroup
    sellers: list[Party]
    buyers: list[Party]
    agreements: dict[tuple[int, int], RoamingAgreement]
    told: dict[UUID, Story] = field(default_factory=dict)
    carried: dict[UUID, int] = field(default_factory=dict)


def own_csp() -> Party:
    """Nordlicht's own provider: a session between the two is own-network."""
    partner = partner_of(nordlicht())
    return PartyMaker(
        country_code="DE",
        party_id="NLD",
        role=Party.Role.CSP,
        name="Nordlicht Drive",
        partner=partner,
        owned_by=partner,
    )


def a_world(
    *,
    currency: str = "EUR",
    rates: Sequence[str] = ("0.1",),
    beneficiaries: Sequence[str] = ("CLEARING_HOUSE",),
    agreed: Mapping[str, object] | None = None,
    **group_fields: object,
) -> World:
    """Each pair of parties gets the next of ``rates`` and ``beneficiaries``, in turns.

    ``agreed``: further fields of every agreement.
    """
    group = GroupMaker(name=f"{currency} monthly", currency=currency, **group_fields)
    sellers, buyers = [nordlicht(), polder()], [voltaire(), fjell(), own_csp()]
    agreements = {}
    for turn, pair in enumerate((s, b) for s in range(2) for b in range(3)):
        agreements[pair] = AgreementMaker(
            seller=sellers[pair[0]],
            buyer=buyers[pair[1]],
            group=group,
            commission_rate=Decimal(rates[turn % len(rates)]),
            commission_beneficiary=beneficiaries[turn % len(beneficiaries)],
            **(agreed or {}),
        )
    return World(group, sellers, buyers, agreements)


@transaction.atomic
def tell(world: World, *stories: Story, received_at: datetime = NOON) -> list[UUID]:
    """Write the stories as records that passed intake, and count them as it would."""
    told = {uuid7_at(received_at): story for story in stories}
    batches = {}
    for number in {story.seller for story in stories}:
        sender = current_owner(world.sellers[number], at=received_at)
        batches[number] = IntakeBatch.objects.create(
            sender=sender, door="API", received_at=received_at
        )
    Sdr.objects.bulk_create(
        _sdr(world, id_, story, batch=batches[story.seller]) for id_, story in told.items()
    )
    SdrState.objects.bulk_create(
        _state(world, id_, story, sender=batches[story.seller].sender, at=received_at)
        for id_, story in told.items()
    )
    for number, batch in batches.items():
        _count(world, batch, [story for story in stories if story.seller == number])
    world.told.update(told)
    return list(told)


def _sdr(world: World, id_: UUID, story: Story, *, batch: IntakeBatch) -> Sdr:
    stated = {name: "" for name in _TEXTS}
    return Sdr(
        **stated
        | {
            "id": id_,
            "sender": batch.sender,
            "seller": world.sellers[story.seller],
            "buyer": world.buyers[story.buyer],
            "batch_id": batch.pk,
            "position": 0,
            "received_at": batch.received_at,
            "sdr_id": str(id_)[-12:],
            "started_at": story.ended_at - timedelta(hours=1),
            "ended_at": story.ended_at,
            **_charging(story),
            "energy_kwh": story.energy_kwh,
            "currency": world.group.currency,
            "claim_amount": story.claim,
            "location_country": story.country,
            "location_name": story.site,
            "item_kinds": [kind for kind, _ in story.items],
            "item_amounts": [amount for _, amount in story.items],
            "rules_version": 1,
        }
    )


def _charging(story: Story) -> dict[str, datetime]:
    """From the start of the session to where parking begins, where the story tells of it."""
    if story.parked_s is None:
        return {}
    return {
        "charging_started_at": story.ended_at - timedelta(hours=1),
        "charging_ended_at": story.ended_at - timedelta(seconds=story.parked_s),
    }


_TEXTS = [
    f.name
    for f in Sdr._meta.concrete_fields
    if f.get_internal_type() == "CharField" and f.name != "environment"
]


def _state(world: World, id_: UUID, story: Story, *, sender, at: datetime) -> SdrState:
    return SdrState(
        id=id_,
        sender=sender,
        state=story.state,
        version=1,
        seller=world.sellers[story.seller],
        buyer=world.buyers[story.buyer],
        agreement=world.agreements[story.seller, story.buyer],
        ended_at=story.ended_at,
        delivered_at=at,
        accepted_at=at,
        changed_at=at,
    )


def _count(world: World, batch: IntakeBatch, stories: Sequence[Story]) -> None:
    IntakeTally.objects.create(
        batch=batch,
        sender=batch.sender,
        day=batch.received_at.date(),
        currency=world.group.currency,
        received=len(stories) + 1,
        repeated=1,
        new=len(stories),
        new_claim_amount=sum((story.claim or Decimal(0) for story in stories), Decimal(0)),
    )


def close_october(world: World) -> ClearingWindow:
    """A window that is closed already: nothing goes there any more."""
    return ClearingWindow.objects.create(
        group=world.group,
        environment=world.group.environment,
        supply_starts_at=datetime(2026, 9, 30, 22, 0, tzinfo=UTC),
        supply_ends_at=OCTOBER_ENDS_AT,
        closes_at=NOON - timedelta(days=5),
        opened_at=NOON - timedelta(days=45),
        state=ClearingWindow.State.CLOSED,
        closed_at=NOON - timedelta(days=5),
    )


def compare_clearing(world: World) -> None:
    """Clear twice; the SQL gives each record what the slow twin gives it, once."""
    ensure_windows(world.group, now=NOON)
    windows = [
        OpenWindow(window.pk, window.supply_ends_at)
        for window in ClearingWindow.objects.filter(group=world.group, state="OPEN")
    ]
    expected = {
        id_: _expected(world, story, windows)
        for id_, story in world.told.items()
        if story.state == "ACCEPTED"
    }

    left = Counter(reason for reason in expected.values() if isinstance(reason, str))

    first = clear_group(world.group, run_key=str(new_uuid7()), now=NOON)
    second = clear_group(world.group, run_key=str(new_uuid7()), now=NOON)

    assert {row.pk: _found(row) for row in ClearedSdr.objects.all()} == {
        id_: row for id_, row in expected.items() if not isinstance(row, str)
    }
    assert first.run.cleared == len(expected) - left.total()
    assert second.run.cleared == 0
    assert second.left == left


def _expected(world: World, story: Story, windows: Sequence[OpenWindow]) -> tuple | str:
    """The cleared row, or the reason why there is none."""
    agreement = world.agreements[story.seller, story.buyer]
    seller = current_owner(world.sellers[story.seller], at=story.ended_at)
    buyer = current_owner(world.buyers[story.buyer], at=story.ended_at)
    window = window_for(story.ended_at, windows)
    if not (seller and buyer):
        return "BUYER_WITHOUT_OWNER" if seller else "SELLER_WITHOUT_OWNER"
    if window is None:
        return "WITHOUT_WINDOW"
    figures = figures_of(story.claim, currency=world.group.currency, rate=agreement.commission_rate)
    return (
        window.id,
        agreement.pk,
        seller.pk,
        buyer.pk,
        figures.is_billed,
        figures.claim_minor,
        figures.payout_minor,
        figures.commission_minor,
        story.energy_kwh,
        *parts_of(figures.claim_minor, story.items, currency=world.group.currency),
        story.country,
        story.ended_at.astimezone(ZoneInfo(world.group.time_zone)).date().replace(day=1),
    )


def _found(row: ClearedSdr) -> tuple:
    return (
        row.window_id,
        row.agreement_id,
        row.seller_partner_id,
        row.buyer_partner_id,
        row.is_billed,
        row.claim_minor,
        row.payout_minor,
        row.commission_minor,
        row.energy_kwh,
        row.parking_minor,
        row.reservation_minor,
        row.charge_country_code,
        row.supply_month,
    )


def compare_netting(world: World) -> None:
    """Close the group's window; transfers and positions are those of the slow twins."""
    closing = close_window(world.group, now=NOON)
    cleared = ClearedSdr.objects.filter(window=closing.window)
    rows = [
        ClearedRow(
            seller=row.seller_id,
            buyer=row.buyer_id,
            seller_partner=row.seller_partner_id,
            buyer_partner=row.buyer_partner_id,
            claim_minor=row.claim_minor,
            payout_minor=row.payout_minor,
            beneficiary=row.commission_beneficiary,
        )
        for row in cleared
    ]
    house = clearing_house().pk
    is_ccp = world.group.model == "CCP"
    expected = positions_of_settlement(
        (TaxedSum(*row) for row in closing.settlement.supplies.values_list(*TaxedSum._fields)),
        house=house,
        others={partner for row in rows for partner in (row.seller_partner, row.buyer_partner)},
        adjusted=closing.window.adjustments.filter(state="POSTED").values_list(
            "partner", "amount_minor"
        ),
        carried=world.carried,
    )

    if not is_ccp:
        assert [one[:4] for one in expected] == [one[:4] for one in positions(rows, house=house)]
    assert positions_found(closing.settlement) == expected
    assert postings_found(closing.window) == postings(rows, house=house, is_ccp=is_ccp)
    assert sum(position.net_minor for position in closing.positions) == 0
    world.carried = carried_on(
        expected,
        house=house,
        minimum_minor=world.group.minimum_payment_minor,
        carriers=[row.partner for row in expected]
        if is_ccp
        else netted_together(closing.settlement),
    )
    settled: Counter[UUID] = Counter()
    for row in closing.settlement.instructions.all():
        settled[row.payee_id] += row.amount_minor
        settled[row.payer_id] -= row.amount_minor
    assert {row.partner_id: settled[row.partner_id] for row in closing.positions} == {
        row.partner_id: row.due_minor for row in closing.positions
    }
    assert {row.partner_id: row.carried_on_minor for row in closing.positions} == world.carried


def compare_supplies(world: World) -> None:
    """Clear; what VAT and fees see of each window is what the slow twins see."""
    clear_group(world.group, run_key=str(new_uuid7()), now=NOON)
    zone = ZoneInfo(world.group.time_zone)
    for window in ClearingWindow.objects.filter(group=world.group):
        rows = [cleared_of(row) for row in ClearedSdr.objects.filter(window=window)]
        assert supplies.supplied_in(window) == supplies_of(rows, zone=zone)
        assert list(fees.records_of(window)) == [
            fee_record_of(row, zone=zone, window_starts_at=window.supply_starts_at)
            for row in sorted(rows, key=lambda row: row.id)
        ]


def cleared_of(row: ClearedSdr) -> Cleared:
    return Cleared(
        id=row.pk,
        seller_partner=row.seller_partner_id,
        buyer_partner=row.buyer_partner_id,
        ended_at=row.ended_at,
        claim_minor=row.claim_minor,
        payout_minor=row.payout_minor,
        beneficiary=row.commission_beneficiary,
        energy_kwh=row.energy_kwh,
        parking_minor=row.parking_minor,
        reservation_minor=row.reservation_minor,
        charge_country=row.charge_country_code,
        price_basis=row.price_basis,
        is_of_correction=row.corrects_id is not None,
    )


def compare_conservation(world: World) -> None:
    """Clear; every record of the world is in one bucket, and each line holds."""
    clear_group(world.group, run_key=str(new_uuid7()), now=NOON)
    cleared = set(ClearedSdr.objects.values_list("pk", flat=True))
    expected: Counter[tuple[UUID, str]] = Counter()
    for id_, story in world.told.items():
        sender = current_owner(world.sellers[story.seller], at=NOON)
        bucket = "cleared" if id_ in cleared else _BUCKETS[story.state]
        expected[sender.pk, bucket] += 1

    lines = conservation.lines()

    found = {
        (line.sender_id, bucket): count
        for line in lines
        for bucket, count in line.counts.items()
        if count
    }
    assert found == dict(expected)
    assert all(line.holds for line in lines), [str(line) for line in lines if not line.holds]


_BUCKETS = {
    "REJECTED": "rejected",
    "HELD": "held",
    "DISPUTED": "disputed",
    "WITHDRAWN": "withdrawn",
    "SUPERSEDED": "withdrawn",
} | dict.fromkeys(("RECEIVED", "VALIDATED", "RATED", "DELIVERED", "ACCEPTED"), "open")


_OF_RECORDS = ["ENERGY", "PURCHASE", "SALE", "COMMISSION"]


def positions_found(settlement) -> list[PartnerPosition]:
    return sorted(
        PartnerPosition(*row)
        for row in Position.objects.filter(settlement=settlement).values_list(
            *PartnerPosition._fields
        )
    )


def postings_found(window: ClearingWindow) -> list[tuple]:
    return sorted(
        Transfer.objects.filter(window=window, kind__in=_OF_RECORDS).values_list(
            "kind",
            "debit_account__partner",
            "credit_account__partner",
            "amount_minor",
            "sdrs",
        )
    )
