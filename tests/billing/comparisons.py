"""Further slow twins: positions out of any supplies, correction runs, exposures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from billing.models import (
    ClearedSdr,
    ClearingWindow,
    ManualAdjustment,
    Settlement,
    TaxedSupply,
    Transfer,
)
from billing.models import CorrectionRun as Run
from billing.rules.correction import Settled, difference, posted
from billing.rules.exposure import Bought, exposure_of
from billing.rules.positions import TaxedSum, carried_on, exchanged_on, positions_of_settlement
from billing.rules.vat.amounts import vat_on
from billing.services import correction_runs, exposure, postings, releases, sealing, settling
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from billing.services.windows import ensure_windows
from clearinghouse.uuid7 import new_uuid7
from partners.models import (
    Approval,
    GroupMembership,
    ParticipationContract,
    Partner,
    SettlementGroup,
    User,
)
from partners.queries import clearing_house, current_owner
from partners.services import approvals
from tests.billing.exchanging import a_settlement_in, exchange_into
from tests.billing.stories import World, cleared_of, positions_found
from tests.makers import (
    LONG_AGO,
    NOON,
    fjell,
    nordlicht,
    partner_of,
    polder,
    voltaire,
)


def members() -> list[Partner]:
    """Nordlicht, Polder, Voltaire, Fjell."""
    return [partner_of(party) for party in (nordlicht(), polder(), voltaire(), fjell())]


@dataclass(frozen=True, slots=True)
class Supply:
    """``supplier`` −1 is the house, which supplies services only; others by place in members."""

    supplier: int
    customer: int
    net_minor: int
    vat_minor: int = 0


def compare_positions(
    world: World,
    supplies: Sequence[Supply],
    *,
    adjusted: Sequence[tuple[int, int]] = (),
    carried: Sequence[tuple[int, int]] = (),
    exchanged: Sequence[tuple[int, int]] = (),
    exchangers: Sequence[int] = (),
) -> None:
    """Net any supplies and what was adjusted, carried, exchanged; positions are the twin's.

    All but Nordlicht have signed the netting clause.

    ``adjusted``, ``carried`` and ``exchanged`` are (place in members, amount).
    """
    group, people, house = world.group, members(), clearing_house()
    join(people[1:], group)
    before, window = _two_windows(group)
    previous, settlement = _settlement(before), _settlement(window)
    figures = _carried_on(previous, carried, people, house)
    for number, one in enumerate(supplies):
        _write_supply(settlement, one, people, house, number)
    for place, amount in adjusted:
        _adjust(window, people[place], amount)
    came = _came_from_another_currency(settlement, exchanged, people, house)
    agreed = [people[place].pk for place in exchangers]

    settling.net(settlement, previous, agreed, now=NOON)

    rows = ClearedSdr.objects.filter(window=window)
    expected = positions_of_settlement(
        (TaxedSum(*row) for row in settlement.supplies.values_list(*TaxedSum._fields)),
        house=house.pk,
        others={one for row in rows for one in (row.seller_partner_id, row.buyer_partner_id)},
        adjusted=[(people[place].pk, amount) for place, amount in adjusted],
        carried=figures,
        exchanged=came,
    )
    assert positions_found(settlement) == expected
    waiting = carried_on(
        expected,
        house=house.pk,
        minimum_minor=group.minimum_payment_minor,
        carriers=[partner.pk for partner in people[1:]],
    )
    rows = settlement.positions.all()
    assert {row.partner_id: row.carried_on_minor for row in rows} == waiting
    assert {row.partner_id: row.exchanged_on_minor for row in rows} == exchanged_on(
        expected, house=house.pk, carried=waiting, exchangers=agreed
    )


def _carried_on(
    previous: Settlement, carried: Sequence[tuple[int, int]], people: list[Partner], house: Partner
) -> dict[UUID, int]:
    """What the settlement before carried on, by partner."""
    figures = {house.pk: -sum(amount for _, amount in carried)}
    for place, amount in carried:
        figures[people[place].pk] = figures.get(people[place].pk, 0) + amount
    for partner, amount in figures.items():
        previous.positions.create(
            partner_id=partner,
            receivable_minor=0,
            payable_minor=0,
            fees_minor=0,
            carried_minor=amount,
            net_minor=amount,
            carried_on_minor=amount,
        )
    return figures


def _came_from_another_currency(
    settlement: Settlement,
    exchanged: Sequence[tuple[int, int]],
    people: list[Partner],
    house: Partner,
) -> dict[UUID, int]:
    if not exchanged:
        return {}
    amounts: Counter[Partner] = Counter()
    for place, minor in exchanged:
        amounts[people[place]] += minor
        amounts[house] -= minor
    exchange_into(settlement, amounts, residue_of=house if amounts[house] else None)
    waiting = exchange_into(None, {people[0]: 77, house: -77}, currency="NOK")
    assert waiting.exchanges.count() == 2
    return {partner.pk: minor for partner, minor in amounts.items()}


def compare_self_assessed(world: World, nets: Sequence[tuple[int, str]]) -> None:
    """Post what the house owes of any sums and rates; the ledger re-adds what the twin says."""
    _, window = _two_windows(world.group)
    settlement = _settlement(window)
    expected = {}
    for number, (net_minor, rate) in enumerate(nets):
        supply = TaxedSupply.objects.create(
            settlement=settlement,
            window=window,
            supplier=members()[0],
            customer=clearing_house(),
            category="AE",
            place_country_code="DE",
            self_assessed_rate=Decimal(rate),
            sdrs=1,
            net_minor=net_minor,
            vat_minor=0,
            ground=f"no. {number}",
            lines=[],
            evidence=[],
        )
        if tax := vat_on(net_minor, rate=Decimal(rate)):
            expected[f"supply:{supply.pk}"] = abs(tax)

    postings.post_settlement(settlement, now=NOON)

    found = Transfer.objects.filter(kind="SELF_ASSESSED")
    assert dict(found.values_list("event_key", "amount_minor")) == expected
    sealing.seal(now=NOON)
    assert sealing.verify().ok, sealing.verify()


def _two_windows(group: SettlementGroup) -> tuple[ClearingWindow, ClearingWindow]:
    ensure_windows(group, now=NOON)
    clear_group(group, run_key=str(new_uuid7()), now=NOON)
    window = ClearingWindow.objects.filter(group=group, state="OPEN").earliest("supply_ends_at")
    before = ClearingWindow.objects.create(
        group=group,
        environment=group.environment,
        supply_starts_at=window.supply_starts_at - timedelta(days=300),
        supply_ends_at=window.supply_starts_at - timedelta(days=270),
        closes_at=NOON,
        opened_at=LONG_AGO,
        state="CLOSED",
        closed_at=NOON,
    )
    return before, window


def _settlement(window: ClearingWindow) -> Settlement:
    return Settlement.objects.create(
        window=window,
        environment=window.environment,
        currency=window.group.currency,
        state="CALCULATED",
        positions_sha256="0" * 64,
        calculated_at=NOON,
    )


def _write_supply(
    settlement: Settlement, one: Supply, people: list[Partner], house: Partner, number: int
) -> None:
    TaxedSupply.objects.create(
        settlement=settlement,
        window=settlement.window,
        supplier=house if one.supplier < 0 else people[one.supplier],
        customer=people[one.customer],
        category="S",
        rate=Decimal("0.19"),
        is_service=one.supplier < 0,
        sdrs=1,
        net_minor=one.net_minor,
        vat_minor=one.vat_minor,
        ground=f"no. {number}",
        lines=[],
        evidence={},
    )


def _adjust(window: ClearingWindow, partner: Partner, amount: int) -> None:
    """One that is posted, and one that waits and must not count."""
    for state, minor in (("POSTED", amount), ("REQUESTED", amount + 1)):
        ManualAdjustment.objects.create(
            window=window,
            partner=partner,
            currency=window.group.currency,
            amount_minor=minor or 1,
            counter_account="6900",
            reason="goodwill",
            state=state,
            approval=_approved("adjustment", str(partner.pk), "ab" * 32),
            requested_at=NOON,
        )


def _people() -> tuple[User, User]:
    maker, _ = User.objects.get_or_create(username="mia", defaults={"is_staff": True})
    checker, _ = User.objects.get_or_create(username="kai", defaults={"is_staff": True})
    return maker, checker


def _approved(kind: str, name: str, sha256: str) -> Approval:
    maker, checker = _people()
    approval = approvals.request(
        "x", about=(kind, name), content_sha256=sha256, reason="r", maker=maker, now=NOON
    )
    return approvals.approve(approval.pk, checker=checker, now=NOON, right=releases.RIGHT)


def compare_corrections(world: World) -> None:
    """Settle the window, halve every claim in a run; its rows are those of the twin."""
    closing = close_window(world.group, now=NOON)
    maker, checker = _people()
    originals = {
        row.pk: row
        for row in ClearedSdr.objects.filter(window=closing.window, claim_minor__gt=0)
        if row.is_billed
    }
    claims = {id_: row.claim_minor // 2 for id_, row in originals.items()}
    run = correction_runs.simulate(
        world.group, correction_runs.Selection(), reason="r", maker=maker, now=NOON, claims=claims
    )
    asked = correction_runs.request(run, by=run.maker, now=NOON)
    approvals.approve(asked.pk, checker=checker, now=NOON, right=correction_runs.RIGHT)
    correction_runs.post(Run.objects.get(pk=run.pk), now=NOON)

    expected = []
    for id_, row in originals.items():
        one = difference(
            Settled(
                id=id_,
                seller_partner=row.seller_partner_id,
                buyer_partner=row.buyer_partner_id,
                claim_minor=row.claim_minor,
                payout_minor=row.payout_minor,
                commission_rate=row.commission_rate,
                beneficiary=row.commission_beneficiary,
            ),
            claims[id_],
        )
        for side in posted(
            one,
            parking_minor=row.parking_minor,
            reservation_minor=row.reservation_minor,
            energy_kwh=row.energy_kwh,
        ):
            expected.append((id_, *side))
    found = ClearedSdr.objects.filter(correction_run_id=run.pk).values_list(
        "corrects_id",
        "claim_minor",
        "payout_minor",
        "parking_minor",
        "reservation_minor",
        "energy_kwh",
    )
    assert sorted(found) == sorted(expected)


def join_all(world: World) -> None:
    """Let the members sign contracts that join the group."""
    join(members(), world.group)


def join(partners: Sequence[Partner], group: SettlementGroup) -> None:
    """Let partners sign contracts with the netting clause."""
    for partner in partners:
        contract = ParticipationContract.objects.create(
            partner=partner,
            number=f"PC-{partner.name}",
            has_netting_clause=True,
            exposure_cap_minor=10_000,
            starts_at=LONG_AGO,
        )
        GroupMembership.objects.create(contract=contract, group=group)


def compare_exposures(world: World) -> None:
    """Close one window and clear into the next; each member's exposure is that of the twin."""
    join_all(world)
    closing = close_window(world.group, now=NOON)
    clear_group(world.group, run_key=str(new_uuid7()), now=NOON)
    bought = [
        Bought(row.seller_partner, row.buyer_partner, row.price_minor)
        for row in map(cleared_of, ClearedSdr.objects.exclude(window=closing.window))
    ]
    cleared = set(ClearedSdr.objects.values_list("pk", flat=True))
    standing: dict[str, dict] = {"waiting": {}, "received": {}}
    for id_, story in world.told.items():
        weight = _WEIGHED.get(story.state)
        if id_ in cleared or weight is None or story.claim is None:
            continue
        buyer = current_owner(world.buyers[story.buyer], at=story.ended_at)
        if buyer:
            standing[weight].setdefault(buyer.pk, []).append(story.claim)

    owing = _owed_from_other_currencies(world.group)

    found = {row[0]: row[2:] for row in exposure.parts_of_members(world.group, now=NOON)}

    assert set(found) == {partner.pk for partner in members()}
    for partner, figures in found.items():
        parts = exposure_of(
            partner,
            bought=bought,
            unpaid_nets_minor=[
                *(row.due_minor for row in closing.positions if row.partner_id == partner),
                *owing.get(partner, []),
            ],
            waiting=standing["waiting"].get(partner, []),
            received=standing["received"].get(partner, []),
            currency=world.group.currency,
            is_ccp=world.group.model == SettlementGroup.Model.CCP,
        )
        assert figures == (
            parts.cleared_minor,
            parts.unpaid_minor,
            parts.waiting_minor,
            parts.received_minor,
        )


def _owed_from_other_currencies(group: SettlementGroup) -> dict[UUID, list[int]]:
    """Issued and not held yet counts; what is not issued, held by an issued one, or goes elsewhere
    does not."""
    _, _, voltaire_, fjell_ = members()
    house = clearing_house()
    exchange_into(
        None,
        {voltaire_: -500, fjell_: 300, house: 200},
        currency="SEK",
        state="ISSUED",
        to_group=group,
    )
    exchange_into(None, {voltaire_: -70, house: 70}, currency="NOK", to_group=group)
    holding = a_settlement_in(group.currency, "ISSUED", group)
    exchange_into(holding, {voltaire_: -900, house: 900}, currency="DKK", state="ISSUED")
    exchange_into(None, {voltaire_: -3, house: 3}, currency="GBP", state="ISSUED")
    return {voltaire_.pk: [-500], fjell_.pk: [300]}


_WEIGHED = dict.fromkeys(("DELIVERED", "ACCEPTED"), "waiting") | dict.fromkeys(
    ("RECEIVED", "HELD", "VALIDATED", "RATED"), "received"
)
