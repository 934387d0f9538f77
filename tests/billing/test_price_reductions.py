"""A fee that benefits the buyer reduces the seller's price: in the positions and in the books.

Where the tax of a pair is undecided its supply waits, and the reduction with it.
"""

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from billing.models import DomesticReverseCharge, Position, Transfer
from billing.services import sealing
from billing.services.closing import close_window
from partners.models import FeeComponent, TaxRegistration, TaxStatus
from tests.billing.oracle_world import BUSINESS_DAY_6, SINCE, an_oracle, january

pytestmark = pytest.mark.django_db
END_OF_FEBRUARY = datetime(2027, 3, 8, 17, 0, tzinfo=UTC)
# Where a partner's claims and debts stand: agency; central counterparty.
OF_PARTNERS = ("1300", "1200", "2100")


def in_the_books() -> dict[str, int]:
    """What each partner gets (+) or owes (−)."""
    found: Counter[str] = Counter()
    for row in Transfer.objects.select_related("debit_account__partner", "credit_account__partner"):
        for account, sign in ((row.debit_account, -1), (row.credit_account, 1)):
            if account.code in OF_PARTNERS:
                found[account.partner.name] += sign * row.amount_minor
    return {name: minor for name, minor in found.items() if minor}


def in_the_positions() -> dict[str, int]:
    found: Counter[str] = Counter()
    of_partners = Position.objects.filter(partner__is_clearing_house=False)
    for row in of_partners.select_related("partner"):
        found[row.partner.name] += row.net_minor
    return {name: minor for name, minor in found.items() if minor}


@pytest.mark.parametrize("model", ["AGENCY", "CCP"])
def test_is_posted_with_the_supply_that_it_reduces(model):
    oracle = an_oracle(with_fees=False, model=model)
    FeeComponent.objects.create(
        code="reduction",
        name="5 % less",
        group=oracle.group,
        kind="BP_OF_AMOUNT",
        rate=500,
        payer="CSO",
        beneficiary="BUYER",
        rounding="PER_WINDOW",
        from_date=SINCE,
    )
    january(oracle)
    if model == "CCP":
        DomesticReverseCharge.objects.create(
            country_code="DE",
            from_date=date(2027, 1, 1),
            applies=True,
            ground="§ 13b UStG",
            source="law",
        )
    facts = [
        (model_, list(model_.objects.filter(partner=oracle.partners["A"])))
        for model_ in (TaxStatus, TaxRegistration)
    ]
    for model_, _ in facts:
        model_.objects.filter(partner=oracle.partners["A"]).delete()

    blocked = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
    assert blocked.blocks.exists()
    assert Transfer.objects.filter(kind="FEE").exists()
    assert in_the_books() == in_the_positions()
    if model == "AGENCY":
        assert in_the_positions() == {"B": -19000, "C": 19000}

    for model_, rows in facts:
        model_.objects.bulk_create(rows)
    close_window(oracle.group, now=END_OF_FEBRUARY)

    assert in_the_books() == in_the_positions()
    sealing.seal(now=END_OF_FEBRUARY)
    assert sealing.verify().ok
