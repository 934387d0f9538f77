"""The chain of seals: gapless, after the posting, and it names the row that was changed."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing.models import LedgerSeal, Transfer
from billing.rules.sealing import FIRST_CHAIN, LedgerRow, chain_sha256, row_sha256
from billing.services import sealing
from billing.services.closing import close_window
from tests.billing.stories import Story, a_world, tell
from tests.makers import NOON, later

SEALED_BY = "billing_ledgerseal_transfer_id_94759fa1_fk_billing_transfer_id"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ledger():
    world = a_world()
    tell(world, Story(Decimal("10.00")), Story(Decimal("3.30"), buyer=1))
    close_window(world.group, now=NOON)
    return world


def test_seals_each_transfer_once_in_a_gapless_chain(ledger):
    assert sealing.seal(now=NOON) == Transfer.objects.count() > 1
    assert sealing.seal(now=later(hours=1)) == 0

    seals = list(LedgerSeal.objects.select_related("transfer"))
    assert [seal.sequence for seal in seals] == list(range(1, len(seals) + 1))
    chain = FIRST_CHAIN
    for seal in seals:
        row = LedgerRow(*(getattr(seal.transfer, name) for name in LedgerRow._fields))
        chain = chain_sha256(chain, row_sha256(row))
        assert (seal.row_sha256, seal.chain_sha256) == (row_sha256(row), chain)


def test_finds_nothing_where_nothing_was_changed(ledger):
    assert sealing.verify().unsealed == Transfer.objects.count()
    sealing.seal(now=NOON)

    verdict = sealing.verify()

    assert (verdict.ok, verdict.checked, verdict.unsealed) == (True, Transfer.objects.count(), 0)


class TestWhatOnlyTheOwnerCouldDo:
    """A person with the owner's password switches the triggers off; the proof names the row."""

    @pytest.fixture(autouse=True)
    def sealed(self, ledger, owner_connection):
        sealing.seal(now=NOON)
        self.owner = owner_connection
        owner_connection.execute("ALTER TABLE billing_transfer DISABLE TRIGGER USER")

    @pytest.mark.parametrize(
        "change",
        [
            "amount_minor = amount_minor + 1",
            "debit_account_id = credit_account_id, credit_account_id = debit_account_id",
            "posted_at = posted_at - interval '1 day'",
            "reason = 'as agreed'",
        ],
    )
    def test_a_changed_transfer_is_named(self, change):
        victim = Transfer.objects.order_by("seal__sequence")[1]
        self.owner.execute(f"UPDATE billing_transfer SET {change} WHERE id = %s", [victim.pk])

        out = StringIO()
        with pytest.raises(CommandError) as stopped:
            call_command("verify_ledger", "--json", stdout=out)

        told = json.loads(out.getvalue())
        assert stopped.value.returncode == 1
        assert told["ok"] is False
        assert told["checked"] == 1
        assert told["first_broken"] == {
            "table": "billing_transfer",
            "id": str(victim.pk),
            "reason": "the transfer was changed after it was sealed",
        }

    def test_a_transfer_taken_out_is_named(self):
        victim = Transfer.objects.order_by("seal__sequence").last()
        self.owner.execute(f"ALTER TABLE billing_ledgerseal DROP CONSTRAINT {SEALED_BY}")
        self.owner.execute("DELETE FROM billing_transfer WHERE id = %s", [victim.pk])

        broken = sealing.verify().first_broken

        assert (broken.id, broken.reason) == (str(victim.pk), "the sealed transfer is gone")

    def test_a_seal_taken_out_with_its_transfer_leaves_a_gap(self):
        first = LedgerSeal.objects.get(sequence=1)
        self.owner.execute("ALTER TABLE billing_ledgerseal DISABLE TRIGGER USER")
        self.owner.execute("DELETE FROM billing_ledgerseal WHERE sequence = 1")
        self.owner.execute("DELETE FROM billing_transfer WHERE id = %s", [first.transfer_id])

        assert sealing.verify().first_broken.reason == "seal 1 is missing"

    def test_an_added_transfer_waits_unsealed_and_does_not_readd(self):
        self.owner.execute(
            "INSERT INTO billing_transfer (id, event_key, kind, window_id, debit_account_id,"
            " credit_account_id, currency, environment, amount_minor, sdrs, reverses_id, reason,"
            " posted_at) SELECT gen_random_uuid(), 'made up', kind, window_id,"
            " debit_account_id, credit_account_id, currency, environment, 1, 1, reverses_id,"
            " '', posted_at FROM billing_transfer LIMIT 1"
        )

        verdict = sealing.verify()

        assert verdict.unsealed == 1
        assert "add up to None" in verdict.first_broken.reason
