"""What the owner of the tables changed is named: seals, chain, and the rows behind transfers."""

from datetime import date

import pytest

from billing.models import DomesticReverseCharge, FeeLine, LedgerSeal, TaxedSupply, Transfer
from billing.rules.sealing import LedgerRow, row_sha256
from billing.services import sealing
from billing.services.closing import close_window
from tests.billing.oracle_world import BUSINESS_DAY_3, BUSINESS_DAY_6, a_record, an_oracle
from tests.makers import take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner(owner_connection):
    """A CCP month of two records, sealed; the owner has switched every trigger off."""
    oracle = an_oracle(model="CCP")
    DomesticReverseCharge.objects.create(
        country_code="DE", applies=False, source="oracle", from_date=date(2027, 1, 1)
    )
    for number, (seller, buyer) in enumerate([("A", "B"), ("B", "C")], start=1):
        fields = a_record(oracle, seller, buyer, number=number, cents=1190)
        take(fields, sender=oracle.sellers[seller], received_at=BUSINESS_DAY_3)
    close_window(oracle.group, now=BUSINESS_DAY_6)
    sealing.seal(now=BUSINESS_DAY_6)
    assert sealing.verify().ok
    for table in ("transfer", "ledgerseal", "taxedsupply", "feeline", "clearedsdr"):
        owner_connection.execute(f"ALTER TABLE billing_{table} DISABLE TRIGGER USER")
    return owner_connection


def broken() -> tuple[str, str]:
    found = sealing.verify().first_broken
    assert found is not None
    return found.id, found.reason


class TestRowsBehindTransfers:
    @pytest.mark.parametrize("kind", ["INPUT_VAT", "OUTPUT_VAT", "FEE_VAT", "SELF_ASSESSED"])
    def test_a_taxed_supply(self, owner, kind):
        transfer = Transfer.objects.filter(kind=kind).first()
        supply = TaxedSupply.objects.get(pk=transfer.event_key.removeprefix("supply:"))
        column = "net_minor" if kind == "SELF_ASSESSED" else "vat_minor"
        owner.execute(
            f"UPDATE billing_taxedsupply SET {column} = {column} + 10 WHERE id = %s", [supply.pk]
        )

        who, reason = broken()
        assert who == str(transfer.pk)
        assert reason.startswith(f"{transfer.amount_minor} minor units are posted")

    def test_a_fee_line(self, owner):
        transfer = Transfer.objects.filter(kind="FEE").first()
        line = FeeLine.objects.get(pk=transfer.event_key.removeprefix("fee:"))
        owner.execute(
            "UPDATE billing_feeline SET amount_minor = amount_minor + 1,"
            " charged_after_minor = charged_after_minor + 1 WHERE id = %s",
            [line.pk],
        )

        assert broken()[0] == str(transfer.pk)

    def test_a_fee_line_taken_out(self, owner):
        transfer = Transfer.objects.filter(kind="FEE").first()
        owner.execute(
            "DELETE FROM billing_feeline WHERE id = %s", [transfer.event_key.removeprefix("fee:")]
        )

        assert broken()[0] == str(transfer.pk)

    def test_a_position_that_carried_something_else(self, owner):
        """B pays fees on top: what it is owed is the smaller side, and is set off."""
        transfer = Transfer.objects.get(kind="SET_OFF", debit_account__partner__name="B")
        owner.execute("ALTER TABLE billing_position DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE billing_position SET carried_minor = carried_minor + 1,"
            " net_minor = net_minor + 1 WHERE partner_id = %s",
            [transfer.debit_account.partner_id],
        )

        assert broken()[0] == str(transfer.pk)

    def test_a_cleared_record(self, owner):
        owner.execute(
            "UPDATE billing_clearedsdr SET claim_minor = claim_minor + 1,"
            " commission_minor = commission_minor + 1"
        )

        assert "add up to" in broken()[1]


class TestSeals:
    def test_a_row_hash_rewritten_with_its_transfer_breaks_the_chain(self, owner):
        """Whoever changes a transfer and its seal would have to redo every seal after it."""
        second = LedgerSeal.objects.get(sequence=2)
        owner.execute(
            "UPDATE billing_transfer SET reason = 'forged' WHERE id = %s", [second.transfer_id]
        )
        forged = Transfer.objects.get(pk=second.transfer_id)
        row_hash = row_sha256(LedgerRow(*(getattr(forged, name) for name in LedgerRow._fields)))
        owner.execute(
            "UPDATE billing_ledgerseal SET row_sha256 = %s WHERE sequence = 2", [row_hash]
        )

        assert broken() == (
            str(second.transfer_id),
            "the chain of seal 2 does not follow from the one before",
        )

    def test_a_chain_hash_rewritten(self, owner):
        third = LedgerSeal.objects.get(sequence=3)
        owner.execute(
            "UPDATE billing_ledgerseal SET chain_sha256 = repeat('0', 64) WHERE sequence = 3"
        )

        assert broken()[0] == str(third.transfer_id)

    def test_two_seals_exchanged(self, owner):
        owner.execute("UPDATE billing_ledgerseal SET sequence = 900 WHERE sequence = 1")
        owner.execute("UPDATE billing_ledgerseal SET sequence = 1 WHERE sequence = 2")
        owner.execute("UPDATE billing_ledgerseal SET sequence = 2 WHERE sequence = 900")

        assert "does not follow" in broken()[1]

    def test_all_seals_taken_out_are_seen_as_unsealed(self, owner):
        """TRUNCATE is refused; who disables that too leaves a ledger without proofs."""
        owner.execute("DELETE FROM billing_ledgerseal")

        verdict = sealing.verify()
        assert (verdict.ok, verdict.checked, verdict.unsealed) == (
            False,
            0,
            Transfer.objects.count(),
        )
        assert verdict.first_broken.table == "billing_ledgerseal"

    def test_the_newest_seals_taken_out_are_seen(self, owner):
        owner.execute(
            "DELETE FROM billing_ledgerseal WHERE sequence >"
            " (SELECT max(sequence) - 2 FROM billing_ledgerseal)"
        )

        assert broken()[1].startswith("seals after")
