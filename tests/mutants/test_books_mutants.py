"""Break the accruals by hand: each break must turn the comparison with the slow twin red."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from django.db import DatabaseError, transaction

from billing import queries_accruals
from clearinghouse.statements import load_statement
from tests.billing.accrual_world import Accrual, compare_accruals
from tests.billing.stories import NOVEMBER_ENDS_AT, Story, a_world

pytestmark = pytest.mark.django_db

RED = (AssertionError, DatabaseError)
AN_INSTANT = timedelta(microseconds=1)


class Mutant(NamedTuple):
    """``fragment``, which must be in the statement once, becomes ``replacement``."""

    name: str
    fragment: str
    replacement: str


ACCRUING = [
    Mutant("knows what came later", "AND step.at <= %(as_of)s", ""),
    Mutant(
        "takes the first step for the last", "ORDER BY step.version DESC", "ORDER BY step.version"
    ),
    Mutant("accrues what fell", "NOT IN ('REJECTED', 'WITHDRAWN', 'SUPERSEDED')", "<> 'REJECTED'"),
    Mutant(
        "takes the month of UTC",
        "known.ended_at AT TIME ZONE coalesce(owner.time_zone,",
        "known.ended_at AT TIME ZONE coalesce('UTC',",
    ),
    Mutant("forgets open disputes", "WHERE dispute.record_id = known.id", "WHERE false"),
    Mutant("disputes too early", "AND dispute.opened_at <= %(as_of)s", ""),
    Mutant("disputes what is closed", "OR dispute.closed_at > %(as_of)s", "OR true"),
    Mutant("takes closed disputes for none", "OR dispute.closed_at > %(as_of)s", "OR false"),
    Mutant("disputes what is cleared", "WHEN cleared.id IS NULL\n", "WHEN true\n"),
    Mutant(
        "calls the delivered accepted", "<> 'ACCEPTED' THEN 'OPEN'", "<> 'DELIVERED' THEN 'OPEN'"
    ),
    Mutant("cuts the claim", "round(known.claim_amount", "trunc(known.claim_amount"),
    Mutant(
        "clears too early",
        "\n       AND cleared.cleared_at <= %(as_of)s\n      LEFT",
        "\n      LEFT",
    ),
    Mutant(
        "owes oneself",
        "AND seller.partner_id IS DISTINCT FROM buyer.partner_id",
        "",
    ),
    Mutant(
        "accrues what is settled",
        "'ISSUED' AND settled.issued_at <= %(as_of)s)\n       AND NOT (cleared",
        "'CANCELLED')\n       AND NOT (cleared",
    ),
    Mutant(
        "settles too early",
        "AND settled.issued_at <= %(as_of)s)\n       AND NOT (cleared",
        ")\n       AND NOT (cleared",
    ),
    Mutant("accrues what is credited", "WHERE link.original_id = known.id", "WHERE false"),
    Mutant("credits too early", "AND link.linked_at <= %(as_of)s", ""),
    Mutant("takes back what is cleared", "AND NOT (cleared.id IS NULL\n", "AND NOT (true\n"),
    Mutant(
        "owes a credit of nothing back",
        "AND original.id IS NULL)\n     UNION",
        "AND false)\n     UNION",
    ),
    Mutant(
        "tells the buyer of holds",
        "%(partner_id)s::uuid AND standing <> 'HELD'",
        "%(partner_id)s::uuid",
    ),
    Mutant("tells of others", "OR buyer_id = %(partner_id)s::uuid", "OR true"),
]


DIRECTLY = [
    Mutant("settles directly", "WHERE agreement.mode IS DISTINCT FROM 'DIRECT'", "WHERE true"),
]
TEN, BACK = Story(Decimal("10.0005")), Story(Decimal("-10.0005"))


def compare_some_accruals() -> None:
    """Facts on either side of each day."""
    compare_accruals(
        a_world(currency="KWD"),
        [
            Accrual(story=TEN),
            Accrual(story=replace(TEN, claim=Decimal("1.0005"), seller=1)),
            Accrual(story=TEN, steps=((0, "DELIVERED"), (2, "ACCEPTED"))),
            Accrual(story=TEN, steps=((0, "DELIVERED"), (2, "DISPUTED"), (3, "WITHDRAWN"))),
            Accrual(story=TEN, steps=((0, "HELD"), (3, "ACCEPTED"))),
            Accrual(story=replace(TEN, ended_at=NOVEMBER_ENDS_AT - AN_INSTANT)),
            Accrual(story=replace(TEN, ended_at=NOVEMBER_ENDS_AT)),
            Accrual(story=replace(TEN, buyer=2)),
            Accrual(story=TEN, dispute=(1, 3)),
            Accrual(story=TEN, dispute=(1, 5), cleared=2),
            Accrual(story=TEN, cleared=1, settled=3),
            Accrual(story=TEN, cleared=1),
            Accrual(story=TEN),
            Accrual(story=BACK, credits=1, linked=2, steps=((2, "ACCEPTED"),)),
            Accrual(story=TEN, cleared=1, settled=4),
            Accrual(story=BACK, credits=1, linked=2, steps=((2, "ACCEPTED"),)),
        ],
    )


def compare_direct_ones() -> None:
    compare_accruals(a_world(agreed={"mode": "DIRECT"}), [Accrual(story=TEN)])


FAMILIES = [(ACCRUING, compare_some_accruals), (DIRECTLY, compare_direct_ones)]


@pytest.fixture
def break_statement(monkeypatch):
    """Let the query load its statement with one fragment replaced."""

    def break_one(mutant: Mutant) -> None:
        def load(path):
            text = load_statement(path)
            if text.count(mutant.fragment) != 1:
                raise LookupError(f"{mutant.fragment!r} is not once in {path.name}")
            return text.replace(mutant.fragment, mutant.replacement)

        monkeypatch.setattr(queries_accruals, "load_statement", load)

    return break_one


@pytest.mark.parametrize("compare", [compare for _, compare in FAMILIES])
def test_the_statement_as_it_is_stays_green(compare: Callable[[], None]):
    compare()


@pytest.mark.parametrize(
    ("mutant", "compare"),
    [
        pytest.param(mutant, compare, id=mutant.name)
        for mutants, compare in FAMILIES
        for mutant in mutants
    ],
)
def test_a_broken_statement_turns_red(mutant, compare, break_statement):
    break_statement(mutant)

    with pytest.raises(RED), transaction.atomic():
        compare()
