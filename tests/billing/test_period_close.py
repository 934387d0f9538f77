"""The checklist of a window: one way from open to paid, for each state of the facts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.period_close import Known, Standing, steps
from tests.makers import NOON

OPEN = Known(
    now=NOON,
    supply_ends_at=NOON - timedelta(days=5),
    closes_at=NOON + timedelta(days=1),
    is_open=True,
    held=0,
    disputed=0,
    cleared_at=NOON,
    failed_proofs=0,
    has_settlement=False,
    open_objections=0,
    waits_for_second=False,
    is_issued=False,
    statements=0,
    rendered=0,
    blocked_supplies=0,
    blocked_invoices=0,
    is_paid_elsewhere=False,
    unpaid=0,
    not_final=0,
    draft_files=0,
    unpaid_out=0,
    at_bank=0,
    is_locked=False,
)
SETTLED = replace(OPEN, is_open=False, has_settlement=True)
ISSUED = replace(SETTLED, is_issued=True, statements=4, rendered=4)


def standing(known: Known) -> dict[str, Standing]:
    return {step.key: step.standing for step in steps(known)}


def text(known: Known, key: str) -> str:
    return next(step.text for step in steps(known) if step.key == key)


def test_before_its_closing_day_only_the_clock_is_awaited():
    told = standing(OPEN)

    assert {told[key] for key in ("supply", "holds", "disputes", "cleared", "proofs")} == {
        Standing.DONE
    }
    assert told["close"] == told["release"] == told["lock"] == Standing.LATER


def test_what_would_be_left_out_is_to_be_seen_to_before():
    known = replace(OPEN, held=3, disputed=1, failed_proofs=2, cleared_at=None)

    told = standing(known)
    assert told["holds"] == told["disputes"] == told["proofs"] == Standing.NOW
    assert told["cleared"] == Standing.RUNNING
    assert text(known, "holds").startswith("3 held")


def test_on_its_closing_day_it_is_to_be_closed():
    assert standing(replace(OPEN, now=OPEN.closes_at))["close"] == Standing.NOW


def test_a_release_waits_for_objections_then_for_a_second_person():
    objected = replace(SETTLED, open_objections=1)
    assert standing(objected)["objections"] == Standing.NOW
    assert standing(objected)["release"] == Standing.LATER
    assert "ask for it" in text(SETTLED, "release")
    assert "second person" in text(replace(SETTLED, waits_for_second=True), "release")
    assert standing(SETTLED)["statements"] == Standing.LATER


def test_creditors_wait_for_debtors_then_for_a_file_then_for_the_bank():
    owed = replace(ISSUED, unpaid=2, unpaid_out=1)
    assert standing(owed)["pay_in"] == Standing.RUNNING
    assert standing(owed)["payments"] == Standing.LATER

    paid_in = replace(owed, unpaid=0)
    assert standing(paid_in)["payments"] == Standing.NOW
    assert "Prepare" in text(paid_in, "payments")
    assert standing(replace(paid_in, not_final=1))["payments"] == Standing.RUNNING
    at_bank = replace(paid_in, unpaid_out=0, at_bank=1)
    assert standing(at_bank)["payments"] == Standing.RUNNING
    assert "Import" in text(at_bank, "payments")
    assert "approval" in text(replace(paid_in, draft_files=1), "payments")
    assert standing(replace(paid_in, unpaid_out=0))["payments"] == Standing.DONE


def test_where_partners_pay_each_other_the_house_waits_for_no_bank():
    told = standing(replace(ISSUED, is_paid_elsewhere=True, unpaid=2))

    assert "pay_in" not in told
    assert told["payments"] == Standing.DONE


@pytest.mark.parametrize("change", [{"blocked_supplies": 1}, {"blocked_invoices": 1}])
def test_what_may_not_be_invoiced_is_a_task(change):
    assert standing(replace(ISSUED, **change))["invoices"] == Standing.NOW


def test_at_the_end_everything_is_done():
    assert set(standing(replace(ISSUED, is_locked=True)).values()) == {Standing.DONE}


@given(
    facts=st.fixed_dictionaries(
        {
            name: st.integers(0, 3)
            for name in "held disputed failed_proofs open_objections unpaid draft_files".split()
        }
    ),
    flags=st.fixed_dictionaries({name: st.booleans() for name in ("is_open", "is_issued")}),
)
def test_nothing_after_the_release_is_before_it(facts, flags):
    known = replace(SETTLED, **facts, is_open=flags["is_open"], is_issued=flags["is_issued"])
    told = standing(known)

    if not known.is_issued:
        for key in ("statements", "invoices", "pay_in", "payments", "lock"):
            assert told[key] == Standing.LATER
