"""docs/algorithms/fees.md: each figure is computed again, and each kind behaves as told."""

from decimal import Decimal
from typing import get_args

import pytest

from billing.rules.fees.record import fee_of_record
from billing.rules.fees.terms import REVERSED_BY_CREDIT, Kind
from billing.rules.fees.window import carry, fees_of_window
from clearinghouse.money import from_minor_units
from tests.billing.fee_makers import component, credit_of, record, tiered
from tests.clearinghouse.algorithm_tables import rows_under

PAGE = "fees.md"
KINDS = ("Kind", "Rate is in", "Quantity", "Paid by", "A credit")
RECORDS = ("Amount", "Exact fee in cents", "Fee")
MONTH = ("Records of the month", "By now", "Charged before", "Line")
TIERS = (("0", "10"), ("100", "5"), ("200", "1"))


def cents(written: str) -> int:
    return int(Decimal(written) * 100)


def euros(minor: int) -> str:
    return f"{from_minor_units(minor, currency='EUR'):f}"


def test_every_kind_is_told():
    rows = rows_under(PAGE, columns=KINDS)

    assert {row[0] for row in rows} == set(get_args(Kind))
    assert {row[0] for row in rows if row[-1] == "takes it back"} == REVERSED_BY_CREDIT


def test_each_record_costs_what_is_told():
    terms = component("BP_OF_AMOUNT", "100", min_minor=5, max_minor=50)
    for amount, exact, fee in rows_under(PAGE, columns=RECORDS):
        minor = cents(amount)
        one = record(minor) if minor >= 0 else credit_of(record(-minor))
        (share,) = fee_of_record(terms, one)

        assert euros(int(share.amount)) == fee
        assert Decimal(minor) / 100 == Decimal(exact)


@pytest.mark.parametrize(
    ("mode", "more"), [("GRADUATED", "Records more"), ("VOLUME", "Records more by volume")]
)
def test_each_window_costs_what_is_told(mode, more):
    terms, counted = tiered(mode, *TIERS), {}
    for _name, plus, in_all, by_now, before, told in rows_under(
        PAGE, columns=("Window", more, *MONTH)
    ):
        many = [record() for _ in range(abs(int(plus)))]
        if int(plus) < 0:
            many = [credit_of(one, is_house_fault=True) for one in many]
        (line,) = fees_of_window([terms], records=many, counted=counted)
        counted = carry(counted, [line])

        assert (line.quantity, line.after.quantity) == (int(plus), int(in_all))
        assert euros(line.after.charged_minor) == by_now
        assert euros(line.before.charged_minor) == before
        assert euros(line.amount_minor) == told
