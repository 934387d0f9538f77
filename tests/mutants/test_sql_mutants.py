"""Break the SQL by hand: each break must turn the comparison with the slow twin red.

A property test is only as good as its stories. A mutant that survives here means that the stories,
and probably the property test too, no longer see that part of the statement.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from django.db import DatabaseError, transaction

from billing.services import (
    clearing,
    conservation,
    correction_runs,
    exposure,
    fees,
    invoicing,
    postings,
    sealing,
    settling,
    supplies,
    waiting,
)
from billing.services.closing import ConservationDiffers
from billing.services.statement_contents import StatementDiffers
from clearinghouse.statements import load_statement
from partners.models import PartyOwnership
from tests.billing.comparisons import (
    Supply,
    compare_corrections,
    compare_exposures,
    compare_positions,
    compare_self_assessed,
)
from tests.billing.invoiced_records import compare_invoiced
from tests.billing.stories import (
    DECEMBER_ENDS_AT,
    NOVEMBER_ENDS_AT,
    OCTOBER_ENDS_AT,
    Story,
    World,
    a_world,
    close_october,
    compare_clearing,
    compare_conservation,
    compare_netting,
    compare_supplies,
    tell,
)
from tests.billing.waiting_world import Wait, compare_waiting
from tests.makers import NOON, laterne, partner_of, polder

pytestmark = pytest.mark.django_db

RED = (AssertionError, DatabaseError, StatementDiffers, ConservationDiffers)
AN_INSTANT = timedelta(microseconds=1)


class Mutant(NamedTuple):
    """``fragment``, which must be in the statement once, becomes ``replacement``."""

    name: str
    fragment: str
    replacement: str


ANTI_JOIN = """
   AND NOT EXISTS (SELECT FROM billing_clearedsdr AS cleared
                    WHERE cleared.seller_id = state.seller_id AND cleared.id = state.id)
"""
# Without the anti-join alone, ON CONFLICT still gives the same rows: it takes both to go wrong.
ANTI_JOIN_AND_KEY = f"""{ANTI_JOIN} ORDER BY state.id
    ON CONFLICT (seller_id, id) DO NOTHING
"""
CLEARING = [
    Mutant("cuts the claim", "round(coalesce(sdr.claim_amount", "trunc(coalesce(sdr.claim_amount"),
    Mutant(
        "cuts the parking",
        "round(coalesce(sum(abs(amount)) FILTER (WHERE kind = 'PARKING'",
        "trunc(coalesce(sum(abs(amount)) FILTER (WHERE kind = 'PARKING'",
    ),
    Mutant(
        "parks for more than the claim",
        "least(abs(money.claim), parking.amount) AS parking",
        "parking.amount",
    ),
    Mutant(
        "reserves what was parked",
        "abs(money.claim) - least(abs(money.claim), parking.amount)",
        "abs(money.claim)",
    ),
    Mutant("gives parts no sign", "sign(money.claim) * part.parking", "part.parking"),
    Mutant(
        "takes the month of UTC",
        "date_trunc('month', state.ended_at AT TIME ZONE %(time_zone)s)",
        "date_trunc('month', state.ended_at AT TIME ZONE 'UTC')",
    ),
    Mutant("cuts the payout", "round(rounded.claim *", "trunc(rounded.claim *"),
    Mutant("pays out the claim", "rounded.claim * (1 - agreement.commission_rate)", "claim"),
    Mutant("pays out the commission", "(1 - agreement.commission_rate)", "commission_rate"),
    Mutant("takes every currency for cents", "0) * 10::numeric ^ %(digits)s", "0) * 100"),
    Mutant(
        "bills the unbilled",
        "agreement.currency, sdr.claim_amount IS NOT NULL",
        "agreement.currency, true",
    ),
    Mutant("clears twice", ANTI_JOIN_AND_KEY, "\n"),
    Mutant("has a closed end", "ended_at < open_window.until_at", "ended_at <= until_at"),
    Mutant("has an open start", "ended_at >= open_window.from_at", "ended_at > from_at"),
    Mutant(
        "leaves late records", "supply_ends_at, 1, '-infinity'", "supply_ends_at, 1, 'infinity'"
    ),
    Mutant("fills closed windows", "AND state = 'OPEN'", ""),
    Mutant("clears what is not accepted", "AND state.state = 'ACCEPTED'", ""),
    Mutant(
        "asks for the owner of today",
        "(seller.ends_at IS NULL OR seller.ends_at > state.ended_at)",
        "seller.ends_at IS NULL",
    ),
]
LEAVING = [
    Mutant("counts the cleared as left", ANTI_JOIN, "\n"),
]
# Own network and what goes around a central counterparty are not taxed, so not posted: no mutant.
POSTING = [
    Mutant("turns the sides", "WHEN amount > 0 THEN debit.id", "WHEN amount < 0 THEN debit.id"),
    Mutant("does not reduce the price", "THEN payout_minor", "THEN claim_minor"),
    Mutant("owes the payout and a fee", "ELSE claim_minor END", "ELSE payout_minor END"),
    Mutant(
        "takes a fee for the buyer",
        "WHEN commission_beneficiary = 'BUYER' THEN 0",
        "WHEN false THEN 0",
    ),
    Mutant("forgets that credits turn", "abs(amount)", "amount"),
    Mutant("posts zero", "WHERE amount <> 0", "WHERE true"),
    Mutant("posts other windows", "WHERE window_id = %(window_id)s\n     GROUP", "GROUP"),
]
OF_CCP = [
    Mutant("buys from the buyer", "'2100', seller_partner_id,\n", "'2100', buyer_partner_id,\n"),
    Mutant(
        "sells nothing",
        "SELECT pair.*, 'SALE', owed",
        "SELECT pair.*, 'SALE', 0",
    ),
]
NETTING = [
    Mutant(
        "adds the fees",
        "receivable - payable + vat - fees - fee_vat",
        "receivable - payable + vat + fees - fee_vat",
    ),
    Mutant(
        "forgets VAT on fees",
        "receivable - payable + vat - fees - fee_vat",
        "receivable - payable + vat - fees",
    ),
    Mutant(
        "lets the customer keep the tax",
        "0, net_minor, -vat_minor, 0, 0, 0, 0, 0",
        "0, net_minor, 0, 0, 0, 0, 0, 0",
    ),
    Mutant(
        "takes no tax on fees",
        "0, 0, 0, net_minor, vat_minor, 0, 0, 0",
        "0, 0, 0, net_minor, 0, 0, 0, 0",
    ),
    Mutant("charges fees for energy", "AND NOT is_service", ""),
    Mutant(
        "adjusts without the house",
        "(%(house_id)s::uuid, -adjustment.amount_minor)",
        "(%(house_id)s::uuid, 0)",
    ),
    Mutant("adjusts what waits", "AND adjustment.state = 'POSTED'", ""),
    Mutant(
        "forgets who moved nothing",
        "WHERE window_id = %(window_id)s\n             GROUP",
        "WHERE window_id = %(window_id)s AND false\n             GROUP",
    ),
    Mutant("carries nothing in", "AND carried_on_minor <> 0", "AND carried_on_minor IS NULL"),
    Mutant("carries the least payment", "abs(net) < %(minimum)s", "abs(net) <= %(minimum)s"),
    Mutant("carries without the clause", "AND partner_id = ANY (%(carriers)s::uuid[])", ""),
    Mutant("lets the house carry nothing", "THEN -sum(carried_on) OVER ()", "THEN 0"),
]
EXCHANGING = [
    Mutant("takes in nothing", "to_minor + residue_minor", "0"),
    Mutant("takes in no residue", "to_minor + residue_minor", "to_minor"),
    Mutant("takes in what others hold", "WHERE taken_in_id = %(settlement_id)s", ""),
    Mutant(
        "does not add it", "+ adjusted + carried + exchanged AS net", "+ adjusted + carried AS net"
    ),
    Mutant("exchanges though one stays", "bool_and(", "bool_or("),
    Mutant("asks whom nothing is due", "AND net <> waits", ""),
    Mutant(
        "asks the house",
        "WHERE partner_id <> %(house_id)s::uuid AND net <> waits",
        "WHERE net <> waits",
    ),
    Mutant("exchanges what waits", "WHEN is_reached THEN net - waits", "WHEN is_reached THEN net"),
]
SUPPLYING = [
    Mutant("supplies oneself", "AND seller_partner_id <> buyer_partner_id", ""),
    Mutant(
        "takes the day of UTC",
        "ended_at AT TIME ZONE %(time_zone)s)",
        "ended_at AT TIME ZONE 'UTC')",
    ),
    Mutant("does not reduce the price", "THEN payout_minor", "THEN claim_minor"),
    Mutant(
        "sells parking twice",
        "owed - parking_minor - reservation_minor",
        "owed - reservation_minor",
    ),
    Mutant("counts a record per part", "FILTER (WHERE kind = 'ELECTRICITY')", ""),
    Mutant(
        "supplies energy per part",
        "CASE WHEN kind = 'ELECTRICITY' THEN energy_kwh ELSE 0 END",
        "energy_kwh",
    ),
    Mutant("leaves unbilled energy out", "amount <> 0 OR kind = 'ELECTRICITY'", "amount <> 0"),
    Mutant(
        "knows no credit", "claim_minor < 0 OR energy_kwh < 0 AS is_credit", "false AS is_credit"
    ),
]
INVOICING = [
    Mutant(
        "takes the day of UTC",
        "ended_at AT TIME ZONE %(time_zone)s)",
        "ended_at AT TIME ZONE 'UTC')",
    ),
    Mutant("invoices the claim", "THEN payout_minor", "THEN claim_minor"),
    Mutant("knows no credit", "AND asked.is_credit = owed.is_credit", ""),
    Mutant("invoices every kind", "AND asked.kind = part.kind", ""),
    Mutant("invoices every country", "AND asked.country = owed.charge_country_code", ""),
    Mutant("leaves unbilled records out", "OR part.kind = 'ELECTRICITY'", ""),
    Mutant("invoices every seller", "asked.seller_id IS NULL OR", "true OR"),
]
CHARGING = [
    Mutant(
        "takes the day of UTC",
        "ended_at AT TIME ZONE %(time_zone)s)",
        "ended_at AT TIME ZONE 'UTC')",
    ),
    Mutant("charges the claim", "THEN payout_minor", "THEN claim_minor"),
    Mutant(
        "knows no credit", "claim_minor < 0 OR energy_kwh < 0 AS is_credit", "false AS is_credit"
    ),
    Mutant(
        "calls everything late", "ended_at < win.supply_starts_at", "ended_at < win.supply_ends_at"
    ),
    Mutant("calls nothing late", "ended_at < win.supply_starts_at", "false"),
    Mutant("charges other windows", "WHERE cleared.window_id = %(window_id)s", "WHERE true"),
]
CORRECTING = [
    Mutant("takes back the new claim", "-1, item.old_claim_minor", "-1, item.new_claim_minor"),
    Mutant("pays out the claim", "(1 - original.commission_rate)", "1"),
    Mutant("supplies energy twice", "side.sign * original.energy_kwh", "original.energy_kwh"),
    Mutant(
        "parks for more than the claim",
        "side.sign * least(side.claim, original.parking_minor)",
        "side.sign * original.parking_minor",
    ),
    Mutant(
        "reserves what was parked",
        "least(side.claim - least(side.claim, original.parking_minor),",
        "least(side.claim,",
    ),
]
EXPOSING = [
    Mutant(
        "counts what was issued",
        "AND NOT EXISTS (SELECT FROM billing_settlement",
        "AND true OR NOT EXISTS (SELECT FROM billing_settlement",
    ),
    Mutant(
        "takes off what was sold", "CASE WHEN %(is_ccp)s THEN -money.owed ELSE 0 END", "-money.owed"
    ),
    Mutant("does not reduce the price", "THEN payout_minor", "THEN claim_minor"),
    Mutant("owes oneself", "WHERE seller_partner_id <> buyer_partner_id", "WHERE true"),
    Mutant(
        "forgets what waits",
        "IN ('DELIVERED', 'ACCEPTED')) AS waiting",
        "IN ('ACCEPTED')) AS waiting",
    ),
    Mutant("weighs the received in full", "standing.received, 0) / 2", "standing.received, 0)"),
    Mutant(
        "counts the cleared again",
        "WHERE cleared.seller_id = state.seller_id AND cleared.id = state.id",
        "WHERE false",
    ),
    Mutant("forgets debts", "carried_on_minor + exchanged_on_minor - net_minor", "0"),
    Mutant("takes debts off by what one gets", "sum(greatest(0, debt.amount))", "sum(debt.amount)"),
    Mutant("forgets debts of another currency", "-exchanged.to_minor", "0"),
    Mutant("counts what is not issued", "AND source.state = 'ISSUED'", ""),
    Mutant("counts what is held twice", "AND taking.state IS DISTINCT FROM 'ISSUED'", ""),
    Mutant("counts what goes elsewhere", "exchanged.to_group_id = %(group_id)s AND", ""),
]
PROVING = [
    Mutant("does not see the cleared", "WHEN cleared.id IS NOT NULL", "WHEN false"),
    Mutant("takes disputes for open", "WHEN state.state = 'DISPUTED'", "WHEN false"),
    Mutant("counts repeats as received", "sum(new) AS received", "sum(received) AS received"),
    Mutant("forgets the amounts", "sum(new_claim_amount)", "0.0"),
]
HOLDING = [
    Mutant("counts what is delivered", "state.state = 'HELD'", "state.state <> 'ACCEPTED'"),
    Mutant("has a closed end", "state.ended_at < %(until_at)s", "state.ended_at <= %(until_at)s"),
    Mutant(
        "has an open start",
        "state.ended_at >= coalesce(%(from_at)s::timestamptz, '-infinity')",
        "state.ended_at > coalesce(%(from_at)s::timestamptz, '-infinity')",
    ),
    Mutant("leaves late records", "::timestamptz, '-infinity'", "::timestamptz, 'infinity'"),
    Mutant("cuts the claim", "round(sdr.claim_amount", "trunc(sdr.claim_amount"),
    Mutant("names what was healed", "AND finding.version = (SELECT max", "AND 0 < (SELECT max"),
    Mutant("takes remarks for holds", "AND finding.severity = 'HOLD'", ""),
    Mutant(
        "forgets who has no agreement",
        "IS NULL THEN sdr.currency = %(currency)s",
        "IS NULL THEN false",
    ),
    Mutant("takes the newest for the oldest", "min(held.held_at)", "max(held.held_at)"),
    Mutant("does not ask the queue", "coalesce(hold.held_at, state.changed_at)", "changed_at"),
]
DEEMING = [
    Mutant("deems what is held", "AND state.state = 'DELIVERED'", "AND state.state <> 'ACCEPTED'"),
    Mutant("has a closed end", "state.ended_at < %(until_at)s", "state.ended_at <= %(until_at)s"),
    Mutant(
        "has an open start",
        "state.ended_at >= coalesce(%(from_at)s::timestamptz, '-infinity')",
        "state.ended_at > coalesce(%(from_at)s::timestamptz, '-infinity')",
    ),
    Mutant("leaves late records", "::timestamptz, '-infinity'", "::timestamptz, 'infinity'"),
    Mutant("cuts the claim", "round(sdr.claim_amount", "trunc(sdr.claim_amount"),
    Mutant("deems the explicit", "AND state.accept_by_at IS NOT NULL", ""),
    Mutant("deems what matching found gone", "AND match.is_current", "AND false"),
    Mutant("heeds what matching found before", "AND match.is_current", ""),
    Mutant("deems what the CSP does not know", "'CSO_ONLY', ", ""),
    Mutant("deems what is beyond", "OR match.outcome = 'MATCHED_TOLERANCE'", "OR false"),
    Mutant("calls all in time", "state.accept_by_at < %(closes_at)s AS", "true AS"),
    Mutant("turns first and last", "min(state.accept_by_at)", "max(state.accept_by_at)"),
]


def compare_some_waits(world: World) -> None:
    """Held and delivered records at the edges of a period, healed, without agreement, matched."""
    edges = (NOON, NOVEMBER_ENDS_AT - AN_INSTANT, NOVEMBER_ENDS_AT)
    half = Decimal("1.0005")
    compare_waiting(
        world,
        [
            *(
                Wait(Story(half, state="HELD", ended_at=at), codes=("V301",), after_days=days)
                for days, at in enumerate(edges)
            ),
            Wait(Story(half, state="HELD"), codes=("V301",), earlier_codes=("V003",), after_days=3),
            Wait(Story(half, state="HELD"), codes=("V003",), has_agreement=False),
            *(Wait(Story(half, state="DELIVERED", ended_at=at)) for at in edges),
            Wait(Story(half, state="DELIVERED"), after_days=5),
            Wait(Story(half, state="DELIVERED"), after_days=60),
            Wait(Story(half, state="DELIVERED"), has_deadline=False),
            *(
                Wait(Story(half, state="DELIVERED"), match=(outcome, is_current))
                for outcome in ("CSO_ONLY", "MATCHED_TOLERANCE", "MATCHED")
                for is_current in (True, False)
            ),
        ],
    )


OWING = [
    Mutant(
        "cuts what the house owes", "THEN round(supply.net_minor", "THEN trunc(supply.net_minor"
    ),
    Mutant("owes at the rate of the document", "supply.self_assessed_rate", "supply.rate"),
]


def compare_what_the_house_owes(world: World) -> None:
    compare_self_assessed(world, [(1003, "0.19"), (-250, "0.055"), (2, "0.19")])


def compare_as_ccp(world: World) -> None:
    world.group.model = "CCP"
    world.group.save()
    compare_netting(world)


def compare_some_positions(world: World) -> None:
    """One position of exactly the least payment, two below it, one of them without the clause."""
    world.group.minimum_payment_minor = 500
    world.group.save()
    supplies = [
        Supply(0, 2, 1000, 190),
        Supply(2, 0, 500, 95),
        Supply(-1, 0, 100, 19),
        Supply(-1, 3, 100, 19),
    ]
    compare_positions(world, supplies, adjusted=[(3, 619), (2, 500)], carried=[(2, -77)])


def compare_exchanged_positions(world: World) -> None:
    """Once all agree but one to whom nothing is due, once one stays, once nothing is due at all."""
    world.group.minimum_payment_minor = 50
    world.group.save()
    supplies = [Supply(0, 2, 1000, 190), Supply(2, 3, 40), Supply(-1, 0, 100, 19)]
    came = [(0, 700), (2, -450)]
    for own, exchangers in ((supplies, (0, 2)), (supplies, (2,)), ([], ())):
        with transaction.atomic():
            compare_positions(
                world, own, exchanged=came if own else (), carried=[(2, 7)], exchangers=exchangers
            )
            transaction.set_rollback(True)


FAMILIES = [
    ("clear_sdrs.sql", CLEARING, compare_clearing),
    ("uncleared_sdrs.sql", LEAVING, compare_clearing),
    ("post_transfers.sql", POSTING, compare_netting),
    ("post_transfers.sql", OF_CCP, compare_as_ccp),
    ("net_positions.sql", NETTING, compare_some_positions),
    ("net_positions.sql", EXCHANGING, compare_exchanged_positions),
    ("supplies.sql", SUPPLYING, compare_supplies),
    ("fee_records.sql", CHARGING, compare_supplies),
    ("invoiced_sdrs.sql", INVOICING, compare_invoiced),
    ("post_corrections.sql", CORRECTING, compare_corrections),
    ("exposures.sql", EXPOSING, compare_exposures),
    ("window_holds.sql", HOLDING, compare_some_waits),
    ("window_deemed.sql", DEEMING, compare_some_waits),
    ("transfers_not_readded.sql", OWING, compare_what_the_house_owes),
    ("prove_conservation.sql", PROVING, compare_conservation),
]


@pytest.fixture
def world() -> World:
    """Three decimals, both beneficiaries, own network, credits, late, early and unbilled records;
    Polder sells its stations the day after."""
    world = a_world(
        currency="KWD",
        rates=["0.1", "0.015", "0"],
        beneficiaries=["CLEARING_HOUSE", "BUYER"],
        agreed={"counter_records": "REQUIRED"},
    )
    close_october(world)
    tell(
        world,
        Story(Decimal("10.0005")),
        Story(Decimal("-3.0015"), buyer=1),
        Story(Decimal("7.777"), buyer=1, seller=1),
        Story(Decimal("4.4445"), buyer=2),
        Story(None, seller=1, buyer=2),
        Story(Decimal("2"), ended_at=OCTOBER_ENDS_AT - AN_INSTANT),
        Story(Decimal("3"), ended_at=OCTOBER_ENDS_AT),
        Story(Decimal("5"), ended_at=NOVEMBER_ENDS_AT - AN_INSTANT),
        Story(Decimal("6"), ended_at=NOVEMBER_ENDS_AT),
        Story(Decimal("7"), ended_at=DECEMBER_ENDS_AT),
        Story(Decimal("8"), state="HELD"),
        Story(Decimal("9"), state="DISPUTED"),
        Story(Decimal("11"), state="DELIVERED"),
        Story(Decimal("10"), parking=Decimal("6.0015"), reservation=Decimal("3")),
        Story(Decimal("4"), parking=Decimal("6"), reservation=Decimal("3"), seller=1),
        Story(Decimal("-10"), parking=Decimal("6"), reservation=Decimal("3"), country="NL"),
        Story(Decimal("12"), seller=1, buyer=2, ended_at=NOVEMBER_ENDS_AT),
        Story(Decimal("13"), seller=0, buyer=2, ended_at=NOVEMBER_ENDS_AT),
        Story(Decimal("14"), seller=0, buyer=1, ended_at=NOVEMBER_ENDS_AT),
    )
    owned = PartyOwnership.objects.get(party=polder())
    owned.ends_at = NOON + timedelta(days=1)
    owned.save()
    PartyOwnership.objects.create(
        party=polder(), partner=partner_of(laterne()), starts_at=owned.ends_at
    )
    return world


_LOADING = (
    clearing,
    conservation,
    correction_runs,
    exposure,
    fees,
    invoicing,
    postings,
    sealing,
    settling,
    supplies,
    waiting,
)


@pytest.fixture
def break_statement(monkeypatch):
    """Let the services load a statement with one fragment replaced."""

    def break_one(file_name: str, mutant: Mutant) -> None:
        def load(path):
            text = load_statement(path)
            if path.name != file_name:
                return text
            if text.count(mutant.fragment) != 1:
                raise LookupError(f"{mutant.fragment!r} is not once in {file_name}")
            return text.replace(mutant.fragment, mutant.replacement)

        for module in _LOADING:
            monkeypatch.setattr(module, "load_statement", load)

    return break_one


@pytest.mark.parametrize("compare", sorted({c for *_, c in FAMILIES}, key=lambda c: c.__name__))
def test_the_statements_as_they_are_stay_green(world: World, compare: Callable[[World], None]):
    compare(world)

    assert world.told


@pytest.mark.parametrize(
    ("file_name", "mutant", "compare"),
    [
        pytest.param(
            file_name,
            mutant,
            compare,
            id=f"{file_name} {mutant.name}",
            # One of each family shows that the break arrives; all take a minute.
            marks=[] if mutant is mutants[0] else [pytest.mark.long],
        )
        for file_name, mutants, compare in FAMILIES
        for mutant in mutants
    ],
)
def test_a_broken_statement_turns_red(file_name, mutant, compare, world, break_statement):
    break_statement(file_name, mutant)

    with pytest.raises(RED), transaction.atomic():
        compare(world)
