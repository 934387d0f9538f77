"""The SQL of matching and its slow twin find the same in any small world.

The mutants show that these comparisons can fail: each breaks one statement by hand.
"""

from decimal import Decimal
from typing import NamedTuple

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.statements import load_statement
from roaming.services import matching
from tests.examples import asked_of_the_database
from tests.roaming.matching_stories import Said, compare_matching

pytestmark = pytest.mark.django_db


def numbers(text: str) -> list[Decimal]:
    return [Decimal(one) for one in text.split()]


said = st.builds(
    Said,
    is_sdr=st.booleans(),
    cso=st.sampled_from([0, 0, 1]),
    session=st.sampled_from(["", "S1", "S2"]),
    authorization=st.sampled_from(["", "", "A1"]),
    evse=st.sampled_from(["DE*NLX*E1", "DE*NLX*E1", "DE*NLX*E2", ""]),
    place=st.sampled_from(["", "DE*NLX*E1"]),
    pseudonym=st.sampled_from(["p1", "p1", "p2", ""]),
    start_s=st.sampled_from([0, 0, 60, 61, 300, 301, 900, 14_400]),
    lasts_s=st.sampled_from([0, 3_599, 3_600, 3_660, 7_200]),
    energy_kwh=st.sampled_from(
        [None, *map(Decimal, "18 18.0004 18.1 18.18 18.36 18.5 19".split())]
    ),
    amount=st.sampled_from([None, *map(Decimal, "9 9.004 9.09 9.27 9.5 10 -9".split())]),
    currency=st.sampled_from(["EUR", "EUR", "CHF", ""]),
    tariff=st.sampled_from(["", "T1", "T2"]),
    is_timed=st.booleans(),
    is_replaced=st.sampled_from([False, False, False, True]),
)


@asked_of_the_database(60)
@given(st.lists(said, max_size=7))
def test_any_small_world_is_matched_as_by_the_twin(world):
    with transaction.atomic():
        compare_matching(*world)
        transaction.set_rollback(True)


def sdr(**changes) -> Said:
    return Said(is_sdr=True, **changes)


def counter(**changes) -> Said:
    return Said(is_sdr=False, **changes)


# Far apart in contract and place, so that each line is a world of its own inside the one story.
STORY = [
    # Step 1, and who is first.
    sdr(authorization="A1", pseudonym="a"),
    counter(authorization="A1", pseudonym="a", energy_kwh=Decimal("18.15")),
    counter(authorization="A1", pseudonym="a"),
    counter(authorization="A1", pseudonym="a", start_s=300),
    # Step 2 beside two candidates for one; the earlier session is no repeat.
    sdr(session="S1", pseudonym="b"),
    counter(session="S1", pseudonym="b", amount=Decimal("9.2")),
    counter(session="S1", pseudonym="b", start_s=301),
    # Step 2 alone: between, and off.
    sdr(session="S2", pseudonym="c", is_timed=True),
    counter(session="S2", pseudonym="c", start_s=300, lasts_s=3_660),
    sdr(session="S3", pseudonym="d"),
    counter(session="S3", pseudonym="d", energy_kwh=Decimal("18.4"), amount=Decimal("9.3")),
    sdr(session="S4", pseudonym="e", cso=1),
    counter(session="S4", pseudonym="e", cso=1, energy_kwh=Decimal("18.8")),
    sdr(session="S5", pseudonym="f"),
    counter(session="S5", pseudonym="f", currency="CHF", amount=Decimal(20)),
    sdr(session="S6", pseudonym="g", tariff="T1"),
    counter(session="S6", pseudonym="g", tariff="T2", amount=Decimal("9.01")),
    sdr(session="S7", pseudonym="r"),
    counter(session="S7", pseudonym="r", energy_kwh=Decimal(19)),
    sdr(session="S8", pseudonym="s"),
    counter(session="S8", pseudonym="s", amount=Decimal(10)),
    # Step 3, and one second too late for it.
    sdr(pseudonym="h"),
    counter(pseudonym="h", start_s=300),
    sdr(pseudonym="i"),
    counter(pseudonym="i", start_s=301),
    # Step 4: the place of another EVSE; half shared is too little.
    sdr(pseudonym="j"),
    counter(pseudonym="j", evse="DE*NLX*E2", place="DE*NLX*E1"),
    sdr(pseudonym="k"),
    counter(pseudonym="k", evse="DE*NLX*E2", place="DE*NLX*E1", start_s=1_800),
    # Outside the window; replaced; not required.
    sdr(pseudonym="l", start_s=14_400),
    counter(pseudonym="m", start_s=14_400),
    counter(pseudonym="n", is_replaced=True),
    sdr(pseudonym="o", cso=1),
    counter(pseudonym="q"),
    # Nobody's: no contract, no session.
    sdr(pseudonym=""),
    counter(pseudonym=""),
]  # fmt: skip


class Mutant(NamedTuple):
    """``fragment``, which must be in the statement, becomes ``replacement``."""

    file: str
    fragment: str
    replacement: str


MUTANTS = {
    "matches what is replaced": Mutant("11_counters", "AND NOT key.is_replaced", ""),
    "has a closed end": Mutant(
        "11_counters", "counter.ended_at < %(until_at)s AS", "counter.ended_at <= now() AS"
    ),
    "names the last as repeated": Mutant("21_duplicates", "min(earlier_id", "max(earlier_id"),
    "takes parts for repeats": Mutant(
        "21_duplicates", "AND abs(extract(epoch FROM earlier.started_at - counter.started_at)) <="
        " %(start_s)s", ""),
    "takes the later for the first": Mutant("21_duplicates", "earlier.id < ", "earlier.id > "),
    "takes any authorization": Mutant(
        "31_authorization", "AND counter.authorization_reference = sdr.authorization_reference", ""
    ),
    "takes one of two counter-records": Mutant("32_session", "counters = 1 AND ", ""),
    "takes any session": Mutant(
        "32_session", "AND counter.service_session_id = sdr.service_session_id", ""
    ),
    "takes any contract": Mutant(
        "33_contract_and_evse", "AND counter.pseudonym = sdr.pseudonym AND sdr.pseudonym <> ''", ""
    ),
    "waits too short": Mutant("33_contract_and_evse", "<= %(start_s)s", "< %(start_s)s"),
    "decides by place": Mutant("34_contract_and_place", "4, 'AMBIGUOUS'", "4, 'PAIR'"),
    "shares too little": Mutant("34_contract_and_place", ">= %(overlap)s *", ">= 0.4 *"),
    "asks all for counter-records": Mutant("40_alone", "AND is_required", ""),
    "asks outside the window": Mutant("40_alone", "in_window AND is_open", "is_open"),
    "tolerates no energy": Mutant(
        "50_compare", "greatest(limits.energy_kwh, round(abs(sdr.energy_kwh) *"
        " limits.energy_fraction, 6))", "0::numeric"),
    "tolerates all energy": Mutant(
        "50_compare", "greatest(limits.energy_off_kwh,", "greatest(999,"
    ),
    "tolerates all amounts": Mutant("50_compare", "greatest(limits.amount_off,", "greatest(999,"),
    "compares across currencies": Mutant("50_compare", " OR currency_differs\n", "\n"),
    "forgets the price of time": Mutant("50_compare", "WHEN is_timed THEN 3 ELSE 2", "ELSE 2"),
    "forgets the tariff": Mutant("50_compare", "OR tariff_differs AND amount > 0", ""),
}  # fmt: skip
RED = (AssertionError, DatabaseError)


def test_the_story_is_matched_as_by_the_twin():
    compare_matching(*STORY)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_statement_turns_red(name, monkeypatch):
    mutant = MUTANTS[name]

    def broken(path):
        text = load_statement(path)
        if path.name != f"match_{mutant.file}.sql":
            return text
        lines = [line for line in text.split("\n") if not line.startswith("--")]
        flat = _flat(" ".join(lines))
        assert _flat(mutant.fragment) in flat, "the statement changed: mend the mutant"
        return flat.replace(_flat(mutant.fragment), mutant.replacement)

    monkeypatch.setattr(matching, "load_statement", broken)
    with pytest.raises(RED), transaction.atomic():
        compare_matching(*STORY)


def _flat(text: str) -> str:
    """Line breaks do not matter."""
    return " ".join(text.split())
