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

from billing.services import clearing, closing, conservation
from billing.services.closing import ConservationDiffers
from billing.services.statement_contents import StatementDiffers
from clearinghouse.statements import load_statement
from partners.models import PartyOwnership
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
    tell,
)
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
    Mutant("cuts the claim", "round(coalesce", "trunc(coalesce"),
    Mutant("cuts the payout", "round(rounded.claim *", "trunc(rounded.claim *"),
    Mutant("pays out the claim", "rounded.claim * (1 - agreement.commission_rate)", "claim"),
    Mutant("pays out the commission", "(1 - agreement.commission_rate)", "commission_rate"),
    Mutant("takes every currency for cents", "10::numeric ^ %(digits)s", "100"),
    Mutant("bills the unbilled", "sdr.claim_amount IS NOT NULL", "true"),
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
POSTING = [
    Mutant("turns the sides", "WHEN amount > 0 THEN debit.id", "WHEN amount < 0 THEN debit.id"),
    Mutant("does not reduce the price", "THEN payout_minor", "THEN claim_minor"),
    Mutant("owes the payout and a fee", "ELSE claim_minor END", "ELSE payout_minor END"),
    Mutant("moves own energy", "WHEN seller_partner_id = buyer_partner_id", "WHEN false"),
    Mutant("takes a fee for the buyer", "CASE WHEN commission_beneficiary", "CASE WHEN 'X'"),
    Mutant("forgets that credits turn", "abs(amount)", "amount"),
    Mutant("posts zero", "WHERE amount <> 0", "WHERE true"),
    Mutant("posts other windows", "WHERE window_id = %(window_id)s", "WHERE true"),
]
NETTING = [
    Mutant("adds the fees", "receivable - payable - fees\n", "receivable - payable + fees\n"),
    Mutant("does not reduce the price", "THEN payout_minor", "THEN claim_minor"),
    Mutant("owes the payout and a fee", "ELSE claim_minor END", "ELSE payout_minor END"),
    Mutant("moves own energy", "WHEN seller_partner_id = buyer_partner_id", "WHEN false"),
    Mutant("takes a fee for the buyer", "CASE WHEN commission_beneficiary", "CASE WHEN 'X'"),
    Mutant("lets the buyer off", "buyer_partner_id, 0, owed, 0", "buyer_partner_id, 0, 0, 0"),
    Mutant("gives the house nothing", "::uuid, fee, 0, 0", "::uuid, 0, 0, 0"),
    Mutant("lets the house pay", "::uuid, fee, 0, 0", "::uuid, 0, fee, 0"),
    Mutant("nets other windows", "WHERE window_id = %(window_id)s", "WHERE true"),
]
PROVING = [
    Mutant("does not see the cleared", "WHEN cleared.id IS NOT NULL", "WHEN false"),
    Mutant("takes disputes for open", "WHEN state.state = 'DISPUTED'", "WHEN false"),
    Mutant("counts repeats as received", "sum(new) AS received", "sum(received) AS received"),
    Mutant("forgets the amounts", "sum(new_claim_amount)", "0.0"),
]
FAMILIES = {
    "clear_sdrs.sql": (CLEARING, compare_clearing),
    "uncleared_sdrs.sql": (LEAVING, compare_clearing),
    "post_transfers.sql": (POSTING, compare_netting),
    "net_positions.sql": (NETTING, compare_netting),
    "prove_conservation.sql": (PROVING, compare_conservation),
}


@pytest.fixture
def world() -> World:
    """Three decimals, both beneficiaries, own network, credits, late, early and unbilled records;
    Polder sells its stations the day after."""
    world = a_world(
        currency="KWD", rates=["0.1", "0.015", "0"], beneficiaries=["CLEARING_HOUSE", "BUYER"]
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
    )
    owned = PartyOwnership.objects.get(party=polder())
    owned.ends_at = NOON + timedelta(days=1)
    owned.save()
    PartyOwnership.objects.create(
        party=polder(), partner=partner_of(laterne()), starts_at=owned.ends_at
    )
    return world


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

        for module in (clearing, closing, conservation):
            monkeypatch.setattr(module, "load_statement", load)

    return break_one


@pytest.mark.parametrize("compare", [compare_clearing, compare_conservation, compare_netting])
def test_the_statements_as_they_are_stay_green(world: World, compare: Callable[[World], None]):
    compare(world)

    assert world.told


@pytest.mark.parametrize(
    ("file_name", "mutant"),
    [
        pytest.param(file_name, mutant, id=f"{file_name} {mutant.name}")
        for file_name, (mutants, _) in FAMILIES.items()
        for mutant in mutants
    ],
)
def test_a_broken_statement_turns_red(file_name, mutant, world, break_statement):
    _, compare = FAMILIES[file_name]
    break_statement(file_name, mutant)

    with pytest.raises(RED), transaction.atomic():
        compare(world)
