"""What the billing floor's tables refuse, whoever writes to them. Documents have their own file."""

import copy
from decimal import Decimal

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from billing.models import (
    Account,
    ClearedSdr,
    ClearingWindow,
    ConservationProof,
    Position,
    Transfer,
)
from billing.services.closing import Closing, close_window
from clearinghouse.uuid7 import new_uuid7
from partners.models import Environment, Partner
from tests.billing.closed_windows import closed_window
from tests.billing.stories import Story, a_world, tell
from tests.makers import NOON, AgreementMaker, later, nordlicht, numbered_record, partner_of, take

pytestmark = pytest.mark.django_db

EVIDENCE = {
    "billing_clearedsdr": "cleared_sdr_is_append_only",
    "billing_account": "account_is_append_only",
    "billing_transfer": "transfer_is_append_only",
    "billing_position": "position_is_append_only",
    "billing_conservationproof": "conservation_proof_is_append_only",
}


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


def a_closing() -> Closing:
    world = a_world()
    tell(world, Story(Decimal("10.00")))
    return close_window(world.group, now=NOON)


@pytest.fixture(scope="class")
def made(kept_for_class) -> Closing:
    return a_closing()


@pytest.fixture
def closing(made, db) -> Closing:
    return copy.deepcopy(made)


def again(row, **changes) -> None:
    """Insert the row once more under a new id, with changes."""
    row.pk = new_uuid7()
    for name, value in changes.items():
        setattr(row, name, value)
    with transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize(
    ("table", "name"),
    [pytest.param(t, n, marks=pytest.mark.violates(n), id=n) for t, n in EVIDENCE.items()],
)
class TestEvidence:
    @pytest.mark.parametrize(
        "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
    )
    def test_is_not_changed_by_the_application(self, table, name, statement, closing):
        with (
            pytest.raises(DatabaseError, match=r"permission denied|append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(table))

        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] > 0


@pytest.mark.django_db(transaction=True)
def test_evidence_is_refused_even_to_the_owner_of_the_tables(owner_connection):
    a_closing()

    for table, name in EVIDENCE.items():
        for statement in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
            with pytest.raises(psycopg.Error, match="append-only") as refusal:
                owner_connection.execute(statement.format(table))
            assert refusal.value.diag.constraint_name == name, statement


@pytest.mark.django_db(transaction=True)
def test_evidence_is_refused_in_each_partition(owner_connection):
    a_closing()
    found = owner_connection.execute(
        "SELECT tableoid::regclass::text FROM billing_clearedsdr LIMIT 1"
    ).fetchone()

    with pytest.raises(psycopg.Error, match="append-only"):
        owner_connection.execute(f"TRUNCATE {found[0]}")
    assert found[0].startswith("billing_clearedsdr_")


class TestWindow:
    @pytest.mark.violates("window_is_one_per_group_and_period")
    def test_is_one_per_group_and_period(self, closing):
        with refused("window_is_one_per_group_and_period"):
            again(closing.window)

    @pytest.mark.violates("window_supply_ends_after_it_starts")
    def test_ends_after_it_starts(self, closing):
        window = closing.window
        with refused("window_supply_ends_after_it_starts"):
            again(window, supply_starts_at=window.supply_ends_at)

    @pytest.mark.violates("window_is_closed_when_its_state_says_so")
    @pytest.mark.parametrize(("state", "closed_at"), [("OPEN", NOON), ("CLOSED", None)])
    def test_is_closed_when_its_state_says_so(self, closing, state, closed_at):
        with refused("window_is_closed_when_its_state_says_so"):
            again(
                closing.window,
                state=state,
                closed_at=closed_at,
                supply_starts_at=later(days=-300),
            )

    @pytest.mark.violates("closed_window_is_never_reopened")
    def test_is_never_reopened(self, closing):
        with refused("never reopened"):
            ClearingWindow.objects.filter(pk=closing.window.pk).update(state="OPEN", closed_at=None)

    @pytest.mark.violates("window_and_group_share_environment")
    def test_is_of_its_groups_environment(self, closing):
        with refused("window_and_group_share_environment"):
            again(
                closing.window,
                environment=Environment.TEST,
                supply_starts_at=later(days=-300),
            )
            _check_now()


class TestClearedSdr:
    @pytest.mark.violates("cleared_claim_is_payout_plus_commission")
    def test_splits_its_claim_without_residue(self, closing):
        with refused("cleared_claim_is_payout_plus_commission"):
            again(ClearedSdr.objects.get(), payout_minor=1)

    @pytest.mark.violates("unbilled_sdr_is_cleared_at_zero")
    def test_is_zero_where_it_is_not_billed(self, closing):
        with refused("unbilled_sdr_is_cleared_at_zero"):
            again(ClearedSdr.objects.get(), is_billed=False)

    @pytest.mark.violates("cleared_sdr_and_window_share_environment")
    def test_is_of_its_windows_environment(self, closing):
        with refused("cleared_sdr_and_window_share_environment"):
            again(ClearedSdr.objects.get(), environment=Environment.TEST)
            _check_now()

    def test_is_cleared_once(self, closing):
        row = ClearedSdr.objects.get()
        with refused("billing_clearedsdr.*pkey"), transaction.atomic():
            row.save(force_insert=True)


class TestAccount:
    @pytest.mark.violates("account_is_one_per_code_partner_and_currency")
    def test_is_one_per_code_partner_and_currency(self, closing):
        with refused("account_is_one_per_code_partner_and_currency"):
            again(Account.objects.filter(code="1300").first())

    @pytest.mark.violates("account_is_one_per_code_partner_and_currency")
    def test_without_a_partner_is_one_too(self):
        account = Account(code="4100", partner=None, currency="EUR")
        account.save()
        with refused("account_is_one_per_code_partner_and_currency"):
            again(account)


class TestTransfer:
    @pytest.mark.violates("transfer_is_posted_once_per_event_and_kind")
    def test_is_posted_once_per_event_and_kind(self, closing):
        with refused("transfer_is_posted_once_per_event_and_kind"):
            again(Transfer.objects.first())

    @pytest.mark.violates("transfer_amount_is_positive")
    @pytest.mark.parametrize("amount_minor", [0, -1])
    def test_moves_a_positive_amount(self, closing, amount_minor):
        with refused("transfer_amount_is_positive"):
            again(Transfer.objects.first(), event_key="other", amount_minor=amount_minor)

    @pytest.mark.violates("transfer_has_two_sides")
    def test_has_two_sides(self, closing):
        transfer = Transfer.objects.first()
        with refused("transfer_has_two_sides"):
            again(transfer, event_key="other", debit_account=transfer.credit_account)

    @pytest.mark.violates("transfer_is_between_accounts_of_its_currency")
    @pytest.mark.parametrize("side", ["debit_account_id", "credit_account_id"])
    def test_moves_between_accounts_that_are_there(self, closing, side):
        with refused("names an account that is not of its currency"):
            again(Transfer.objects.first(), event_key="other", **{side: new_uuid7()})

    @pytest.mark.violates("transfer_is_between_accounts_of_its_currency")
    @pytest.mark.parametrize("change", [{"currency": "CHF"}, {"environment": "TEST"}])
    def test_is_of_the_currency_and_environment_of_its_accounts(self, closing, change):
        with refused("names an account that is not of its currency"):
            again(Transfer.objects.first(), event_key="other", **change)


class TestSettlement:
    @pytest.mark.violates("settlement_is_hashed_once")
    @pytest.mark.parametrize(
        "change",
        ["positions_sha256 = repeat('1', 64)", "calculated_at = now()", "currency = 'CHF'"],
    )
    def test_is_hashed_once(self, closing, change):
        with refused("is settled"), connection.cursor() as cursor:
            cursor.execute(f"UPDATE billing_settlement SET {change}")

    def test_is_never_deleted(self, closing):
        with refused("is settled"), connection.cursor() as cursor:
            cursor.execute("DELETE FROM billing_settlement")

    @pytest.mark.violates("settlement_carries_the_hash_of_its_positions")
    def test_carries_a_hash(self, closing):
        with refused("settlement_carries_the_hash_of_its_positions"):
            again(closing.settlement, positions_sha256="")

    @pytest.mark.violates("settlement_and_window_share_environment")
    def test_is_of_its_windows_environment(self, closing):
        unsettled = ClearingWindow.objects.filter(state="OPEN").first()
        with refused("settlement_and_window_share_environment"):
            again(closing.settlement, window=unsettled, environment=Environment.TEST)
            _check_now()

    @pytest.mark.violates("positions_of_a_settlement_sum_to_zero")
    def test_sums_to_zero(self, closing):
        with refused("sum to 5"):
            again(
                Position.objects.first(),
                partner=Partner.objects.create(name="Sechster"),
                receivable_minor=5,
                payable_minor=0,
                fees_minor=0,
                net_minor=5,
            )
            _check_now()


class TestPosition:
    @pytest.mark.violates("position_is_one_per_partner")
    def test_is_one_per_partner(self, closing):
        with refused("position_is_one_per_partner"):
            again(Position.objects.get(partner=partner_of(nordlicht())))

    @pytest.mark.violates("position_net_adds_up")
    def test_adds_up(self, closing):
        with refused("position_net_adds_up"):
            again(Position.objects.first(), net_minor=1)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.violates(name))
        for name in ("window_has_one_environment", "account_has_one_currency")
    ],
)
def test_composite_keys_have_something_to_point_at(name):
    """Nothing can break these beside the primary key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT contype FROM pg_constraint WHERE conname = %s", [name])
        assert cursor.fetchall() == [("u",)]


def _check_now() -> None:
    """Foreign keys and sums are deferred to the commit; do not wait for it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_proof_is_added_and_never_changed(closing):
    proof = ConservationProof.objects.get()

    again(proof, holds=False)

    assert ConservationProof.objects.count() == 2


@pytest.mark.violates("cleared_sdr_goes_into_an_open_window")
def test_a_closed_window_takes_no_record():
    agreement = AgreementMaker()
    take(numbered_record(1), numbered_record(2))
    closed_window(agreement.group)
    row = ClearedSdr.objects.first()
    row.id = new_uuid7()

    with pytest.raises(DatabaseError, match="a closed window takes no record"):
        row.save(force_insert=True)
