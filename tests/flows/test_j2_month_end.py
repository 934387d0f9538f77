"""Journey J2: an ordinary month-end of three partners, to the cent (finance.md 4.4)."""

from collections import Counter
from datetime import date, timedelta

import pytest

from billing.models import (
    ClearedSdr,
    Document,
    DomesticReverseCharge,
    Invoice,
    InvoicedSdr,
    IssuingBlock,
    PositionState,
    Settlement,
    Transfer,
)
from billing.services import releases, sealing, settling
from billing.services.closing import close_window
from billing.services.payments import approving, exporting
from billing.services.payments.proposing import NotProposable, Wanted, propose
from billing.services.settling import NotReleasable
from partners.models import User
from partners.queries import clearing_house
from partners.services import approvals
from tests.billing.oracle_world import BUSINESS_DAY_6, JANUARY, Oracle, an_oracle, january
from tests.billing.payment_world import FINAL, IBANS, an_account, pay_in, position_of
from tests.billing.test_invoicing import a_world

pytestmark = pytest.mark.django_db


def positions(oracle: Oracle, settlement: Settlement) -> dict[str, int]:
    rows = settlement.positions.select_related("partner")
    return oracle.names({row.partner: row.net_minor for row in rows})


def trial_balance(*, without: str = "") -> dict[str, int]:
    """Debits less credits per account code and partner, zeros left out."""
    balance: Counter[str] = Counter()
    rows = Transfer.objects.exclude(kind=without).select_related(
        "debit_account__partner", "credit_account__partner"
    )
    for row in rows:
        for account, sign in ((row.debit_account, 1), (row.credit_account, -1)):
            is_of_house = account.partner.is_clearing_house
            name = account.code if is_of_house else f"{account.code} {account.partner.name}"
            balance[name] += sign * row.amount_minor
    return {name: amount for name, amount in sorted(balance.items()) if amount}


def paid(oracle: Oracle, settlement: Settlement) -> list[tuple[str, str, int]]:
    letters = {partner.pk: letter for letter, partner in oracle.partners.items()}
    return [
        (letters.get(row.payer_id, "CH"), letters.get(row.payee_id, "CH"), row.amount_minor)
        for row in settlement.instructions.order_by("place")
    ]


def test_agency_is_calculated_shown_and_released_by_two_persons():
    oracle = a_world("A1", with_fees=True, release="TWO_PERSONS")
    january(oracle)

    closing = close_window(oracle.group, now=BUSINESS_DAY_6)

    settlement = closing.settlement
    assert ClearedSdr.objects.filter(window=closing.window).count() == 240
    assert closing.window.supply_starts_at == JANUARY
    assert settlement.state == "CALCULATED"
    assert positions(oracle, settlement) == {"A": 60080, "B": -64213, "C": -7520, "CH": 11653}
    assert not Transfer.objects.exists()
    assert not Document.objects.exclude(kind="PROVISIONAL").exists()

    maker, checker = (User.objects.create(username=name, is_staff=True) for name in ("mia", "kai"))
    approval = approvals.request(
        "settlement.release",
        about=("Settlement", str(settlement.pk)),
        content_sha256=settlement.preview_sha256,
        reason="month-end",
        maker=maker,
        now=BUSINESS_DAY_6,
    )
    with pytest.raises(NotReleasable, match="second person"):
        settling.release(
            settlement,
            preview_sha256=settlement.preview_sha256,
            approval=approval,
            now=BUSINESS_DAY_6,
        )
    releases.approve_and_release(
        settlement, approval.pk, reason="figures agree", checker=checker, now=BUSINESS_DAY_6
    )

    settlement.refresh_from_db()
    assert settlement.state == "ISSUED"
    assert paid(oracle, settlement) == [("B", "A", 60080), ("B", "CH", 4133), ("C", "CH", 7520)]
    energy = settlement.supplies.filter(is_service=False)
    assert sum(row.net_minor + row.vat_minor for row in energy) == 312_600
    assert energy.count() == 6
    fees = settlement.supplies.filter(is_service=True)
    assert sum(row.net_minor + row.vat_minor for row in fees) == 11_653
    documents = Counter(Invoice.objects.values_list("mode", "type_code"))
    assert documents == {("A1", "380"): 6, ("FEE", "380"): 3}
    assert not IssuingBlock.objects.exists()
    gross = {mode: 0 for mode, _ in documents}
    for invoice in Invoice.objects.all():
        gross[invoice.mode] += invoice.gross_minor
    assert gross == {"A1": 312_600, "FEE": 11_653}
    assert InvoicedSdr.objects.count() == 240
    assert trial_balance() == {
        "1300 A": -60080,
        "1300 B": 64213,
        "1300 C": 7520,
        "2776": -673,
        "4100": -10980,
    }
    sealing.seal(now=BUSINESS_DAY_6)
    assert sealing.verify().ok


def test_central_counterparty():
    """The oracle taxes German trade at 19 %; with a row of § 13b it would be shifted."""
    oracle = an_oracle(model="CCP")
    DomesticReverseCharge.objects.create(
        country_code="DE", applies=False, source="oracle", from_date=date(2027, 1, 1)
    )
    january(oracle)

    settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement

    assert positions(oracle, settlement) == {"A": 55880, "B": -75613, "C": -3320, "CH": 23053}
    shifted = Transfer.objects.filter(kind="SELF_ASSESSED")
    assert sum(row.amount_minor for row in shifted) == 39_900  # 19 % of what A and C sold
    # Each result stands on one account: what is owed to A is 1,400.00 less the 841.20 it owes.
    set_off = Transfer.objects.filter(kind="SET_OFF").order_by("debit_account__partner__name")
    assert [row.amount_minor for row in set_off] == [84_120, 107_100, 70_000]
    assert trial_balance(without="SELF_ASSESSED") == {
        "1200 B": 75613,
        "1200 C": 3320,
        "1576": 17100,
        "2100 A": -55880,
        "2776": -29173,
        "4000": -300000,
        "4100": -10980,
        "5000": 300000,
    }
    sealing.seal(now=BUSINESS_DAY_6)
    assert sealing.verify().ok


def test_under_a_payment_institution_600_80_leave_once_717_33_are_final(settings):
    """The same month where the money goes over the house's account at a licensed institution."""
    settings.MONEY_FLOW = "PI_PARTNER"
    oracle = an_oracle()
    for letter, partner in {**oracle.partners, "CH": clearing_house()}.items():
        an_account(partner, IBANS[letter])
    january(oracle)
    settlement = close_window(oracle.group, now=BUSINESS_DAY_6).settlement
    maker, checker = (User.objects.create(username=name, is_staff=True) for name in ("mia", "kai"))
    payouts = Wanted(settlement=settlement, kind="CREDIT_TRANSFER")

    pay_in(position_of(settlement, oracle.partners["B"]), 64_213)
    with pytest.raises(NotProposable):
        propose(payouts, reason="January", maker=maker, now=FINAL)
    pay_in(position_of(settlement, oracle.partners["C"]), 7520)
    with pytest.raises(NotProposable):
        propose(payouts, reason="January", maker=maker, now=FINAL - timedelta(days=1))
    file = propose(payouts, reason="January", maker=maker, now=FINAL)
    approving.approve(file.pk, reason="compared", checker=checker, now=FINAL)
    exporting.export(file.pk, by=maker, now=FINAL)

    assert [(row.partner.name, row.amount_minor) for row in file.payments.all()] == [("A", 60_080)]
    assert trial_balance() == {"1800": 71_733, "1810": -60_080, "2776": -673, "4100": -10_980}
    states = PositionState.objects.values_list("position__partner__name", "state")
    assert dict(states) == {"A": "INSTRUCTED", "B": "FUNDED", "C": "FUNDED"}
    sealing.seal(now=FINAL)
    assert sealing.verify().ok
