"""What is added up into one taxed sum, and what is kept of the decisions behind it."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.rules.supplies import Supplied, Taxed, tax_supplies
from billing.rules.vat.facts import RateRow
from tests.billing.vat_facts import DEFAULTS, company, judge, without

SELLER, HOUSE = UUID(int=1), UUID(int=2)
FIRST, SECOND, LAST = date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1)


def sold(day: date = FIRST, *, country: str = "NL", cents: int = 100) -> Supplied:
    return Supplied(
        SELLER, HOUSE, day, "ELECTRICITY", country, "EXCL_TAX", 1, Decimal("1.5"), cents
    )


def taxed(*rows: Supplied, rules=DEFAULTS) -> list[Taxed]:
    def decide(row: Supplied):
        return judge(
            company("NL"),
            company("DE"),
            site=row.charge_country,
            on=row.tax_date,
            rules=rules,
            is_to_the_house=True,
        )

    found, blocked = tax_supplies(rows, decide)
    assert not blocked
    return found


def two_rates():
    """In DE 19 % until the end of 2026, 16 % from then on."""
    rows = (
        RateRow(
            country="DE",
            kind="ELECTRICITY",
            rate=Decimal("0.19"),
            from_date=date(2020, 1, 1),
            until_date=LAST,
            source="law",
        ),
        RateRow(
            country="DE", kind="ELECTRICITY", rate=Decimal("0.16"), from_date=LAST, source="law"
        ),
    )
    return without(DEFAULTS, rates=rows)


def test_each_supply_keeps_what_decided_it():
    (sum_,) = taxed(sold(SECOND), sold(FIRST), sold(FIRST, country="FR"), sold(FIRST))

    told = [(one["charge_country"], one["tax_dates"]) for one in sum_.told_evidence()]
    assert told == [("FR", ["2026-12-30"]), ("NL", ["2026-12-30", "2026-12-31"])]
    assert all("tax_date" not in one for one in sum_.told_evidence())
    assert {one["supplier_vat_id"] for one in sum_.told_evidence()} == {"NL123"}


def test_what_the_house_owes_at_two_rates_is_two_sums():
    sums = taxed(sold(FIRST, cents=100), sold(LAST, cents=30), rules=two_rates())

    owed = {one.key.self_assessed_rate: one.amount_minor for one in sums}
    assert owed == {Decimal("0.19"): 100, Decimal("0.16"): 30}


def test_rates_used_tell_the_last_day():
    sums = taxed(sold(SECOND), sold(FIRST, country="FR"), sold(LAST), rules=two_rates())

    used = {row.rate: day for one in sums for row, day in one.rates_used().items()}
    assert used == {Decimal("0.19"): SECOND, Decimal("0.16"): LAST}
