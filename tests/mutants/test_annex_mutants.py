"""Break the annex by hand: each break must turn the comparison with the slow twin red."""

from decimal import Decimal

import pytest

from billing.services import annex
from clearinghouse.statements import load_statement
from tests.billing.stories import OCTOBER_ENDS_AT, Story, a_world, tell
from tests.billing.test_twins_of_annex import compare_rows, settled
from tests.makers import later

pytestmark = pytest.mark.django_db

# A fragment, which must be in the statement once, and what becomes of it.
MUTANTS = {
    "leaves credits untaxed": ("WHERE part.amount <> 0", "WHERE part.amount > 0"),
    "taxes the day of UTC": (
        "AND taxed.day = (side.ended_at AT TIME ZONE owner.time_zone)::date",
        "AND taxed.day = (side.ended_at AT TIME ZONE 'UTC')::date",
    ),
    "taxes any kind": ("AND taxed.kind = part.kind AND", "AND"),
    "taxes other countries": ("AND taxed.country = side.charge_country_code", ""),
    "tells the invoice of the other side": ("AND invoices.leg = side.leg", ""),
    "lets formulas in": (
        "regexp_replace(nullif(sdr.location_name, ''), E'^[=+@\\t\\r\\n-]', E'''\\\\&')",
        "sdr.location_name",
    ),
    "takes the claim for the payout": (
        "round(side.payout_minor / 10",
        "round(side.claim_minor / 10",
    ),
    "counts minutes of 61 seconds": (
        "extract(epoch FROM sdr.ended_at - sdr.charging_ended_at) / 60",
        "extract(epoch FROM sdr.ended_at - sdr.charging_ended_at) / 61",
    ),
    "calls nobody late": ("WHEN side.ended_at < owner.supply_starts_at", "WHEN false"),
    "mixes the order": (
        "ORDER BY side.partner_id, side.ended_at, side.id",
        "ORDER BY side.partner_id, side.id",
    ),
}
TEN = Story(Decimal("10.00"), parking=Decimal(2), site="=1+1", parked_s=601)
STORIES = [
    TEN,
    Story(Decimal("-5.00"), parking=Decimal(-1)),
    Story(Decimal("3.00"), country="NL"),
    # Of the pair and day of the first, without parking.
    Story(Decimal("4.00")),
    Story(Decimal("3.00"), buyer=1, ended_at=OCTOBER_ENDS_AT - later(minutes=1).resolution),
    # Half past midnight in Brussels, the day before in UTC.
    Story(Decimal("4.00"), seller=1, ended_at=later(hours=11, minutes=30)),
    Story(Decimal("4.00"), seller=1, buyer=1, ended_at=later(hours=-30)),
    Story(None, buyer=2),
]


@pytest.fixture
def break_statement(monkeypatch):
    """Let the annex load its statement with one fragment replaced."""

    def break_one(fragment: str, replacement: str) -> None:
        def load(path):
            text = load_statement(path)
            if text.count(fragment) != 1:
                raise LookupError(f"{fragment!r} is not once in {path.name}")
            return text.replace(fragment, replacement)

        monkeypatch.setattr(annex, "load_statement", load)

    return break_one


def test_each_break_turns_the_comparison_red(break_statement):
    """Over one world, which takes longer to make than all breaks."""
    world = a_world(model="CCP", rates=["0.1", "0.015"])
    tell(world, *STORIES)
    settlement = settled(world)
    compare_rows(settlement)
    green = []
    for name, (fragment, replacement) in MUTANTS.items():
        break_statement(fragment, replacement)
        try:
            compare_rows(settlement)
        except AssertionError:
            continue
        green.append(name)

    assert not green
