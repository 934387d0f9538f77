"""docs/algorithms/vat.md: each example is decided again, and no code is missing."""

from datetime import date

import pytest

from billing.rules.vat.decision import BLOCKS
from billing.rules.vat.default_rows import REDUCED_RATE_IN_DOUBT
from tests.billing.vat_facts import company, judge, told
from tests.clearinghouse.algorithm_tables import PAGES, rows_under

EXAMPLES = rows_under(
    "vat.md",
    columns=("Supplier", "Its ids", "Customer", "Its ids", "Site", "Tax date", "Decision"),
)
IN_DOUBT = {
    "GR": "Greece",
    "HR": "Croatia",
    "IE": "Ireland",
    "IT": "Italy",
    "LU": "Luxembourg",
    "MT": "Malta",
}


def told_company(words: str, ids: str):
    seat, _, dealer = words.partition(" ")
    return company(seat, dealer=dealer == "dealer", ids=ids)


@pytest.mark.parametrize("row", EXAMPLES, ids=" / ".join)
def test_decides_each_example(row):
    supplier, its_ids, customer, their_ids, site, day, decision = row
    found = judge(
        told_company(supplier, its_ids),
        told_company(customer, their_ids),
        site=site,
        on=date.fromisoformat(day),
    )

    assert told(found) == decision


def test_names_every_block():
    rows = rows_under("vat.md", columns=("Code", "What is missing"))

    assert [code for code, _ in rows] == list(BLOCKS)


def test_names_the_countries_in_doubt():
    page = (PAGES / "vat.md").read_text(encoding="utf-8")

    assert set(IN_DOUBT) == REDUCED_RATE_IN_DOUBT
    assert all(name in page for name in IN_DOUBT.values())
