"""Closing a window: figures that can be added in the head, and all of it or nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from billing.models import (
    Account,
    ClearedSdr,
    ClearingRun,
    ClearingWindow,
    ConservationProof,
    Document,
    Position,
    Settlement,
    Transfer,
)
from billing.queries import cleared_rows, pair_rows, window_totals
from billing.services import windows
from billing.services.closing import (
    Closing,
    ConservationDiffers,
    close_window,
    due_windows,
)
from billing.services.settling import hash_of_positions
from partners.queries import clearing_house
from roaming.models import Delivery, IntakeTally
from tests.billing.stories import NOVEMBER_ENDS_AT, Story, World, a_world, tell
from tests.makers import NOON, later, partner_of, polder

pytestmark = pytest.mark.django_db


def close(world: World, **options) -> Closing | None:
    return close_window(world.group, now=NOON, **options)


def nets(closing: Closing) -> dict[str, tuple[int, int, int, int]]:
    """Receivable, payable, fees, net of each partner."""
    return {
        position.partner.name: (
            position.receivable_minor,
            position.payable_minor,
            position.fees_minor,
            position.net_minor,
        )
        for position in closing.positions
    }


def transfers() -> set[tuple]:
    return {
        (
            transfer.kind,
            f"{transfer.debit_account.code} {transfer.debit_account.partner.name}",
            f"{transfer.credit_account.code} {transfer.credit_account.partner.name}",
            transfer.amount_minor,
            transfer.sdrs,
        )
        for transfer in Transfer.objects.all()
    }


class TestPositions:
    def test_pay_the_claim_less_the_fee_of_the_clearing_house(self):
        world = a_world(rates=["0.1"])
        tell(world, Story(Decimal("10.00")), Story(Decimal("5.00")), Story(None))

        closing = close(world)

        assert nets(closing) == {
            "Nordlicht": (1500, 0, 150, 1350),
            "Voltaire": (0, 1500, 0, -1500),
            "Clearing house": (150, 0, 0, 150),
        }
        assert transfers() == {
            ("ENERGY", "1300 Voltaire", "1300 Nordlicht", 1500, 3),
            ("COMMISSION", "1300 Nordlicht", "4100 Clearing house", 150, 3),
        }

    def test_pay_the_reduced_price_where_the_buyer_benefits(self):
        world = a_world(rates=["0.1"], beneficiaries=["BUYER"])
        tell(world, Story(Decimal("10.00")))

        closing = close(world)

        assert nets(closing) == {
            "Nordlicht": (900, 0, 0, 900),
            "Voltaire": (0, 900, 0, -900),
            "Clearing house": (0, 0, 0, 0),
        }
        assert transfers() == {("ENERGY", "1300 Voltaire", "1300 Nordlicht", 900, 1)}

    def test_of_an_own_network_session_are_its_fee_alone(self):
        world = a_world(rates=["0.1"])
        tell(world, Story(Decimal("10.00"), buyer=2))

        closing = close(world)

        assert nets(closing) == {
            "Nordlicht": (0, 0, 100, -100),
            "Clearing house": (100, 0, 0, 100),
        }
        assert transfers() == {("COMMISSION", "1300 Nordlicht", "4100 Clearing house", 100, 1)}
        assert ClearedSdr.objects.get().claim_minor == 1000

    def test_are_netted_among_all_partners(self):
        world = a_world(rates=["0"])
        # Nordlicht sells 30 to Voltaire and buys 12 from Polder; Polder sells 8 to Fjell.
        tell(
            world,
            Story(Decimal("30")),
            Story(Decimal("12"), seller=1, buyer=2),
            Story(Decimal("8"), seller=1, buyer=1),
        )

        closing = close(world)

        assert {name: figures[3] for name, figures in nets(closing).items()} == {
            "Nordlicht": 1800,
            "Polder": 2000,
            "Voltaire": -3000,
            "Fjell": -800,
            "Clearing house": 0,
        }

    def test_turn_where_credits_outweigh(self):
        world = a_world(rates=["0.1"])
        tell(world, Story(Decimal("-10.00")), Story(Decimal("4.00")))

        close(world)

        assert transfers() == {
            ("ENERGY", "1300 Nordlicht", "1300 Voltaire", 600, 2),
            ("COMMISSION", "4100 Clearing house", "1300 Nordlicht", 60, 2),
        }

    def test_are_hashed_as_they_are_stored(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))

        settlement = close(world).settlement

        assert Settlement.objects.get().positions_sha256 == hash_of_positions(settlement)
        assert settlement.positions_sha256 != "0" * 64


class TestCloseWindow:
    def test_closes_the_window_and_opens_the_ones_to_come(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))

        window = close(world).window

        assert window.supply_ends_at == NOVEMBER_ENDS_AT
        window.refresh_from_db()
        assert (window.state, window.closed_at) == ("CLOSED", NOON)
        assert world.group.windows.filter(state="OPEN").exists()

    def test_issues_a_statement_to_each_partner_but_the_house(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))

        closing = close(world)

        assert sorted(document.partner.name for document in closing.documents) == [
            "Nordlicht",
            "Voltaire",
        ]

    def test_numbers_the_news_of_its_statements_for_their_receivers(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))

        closing = close(world)

        news = Delivery.objects.filter(kind=Delivery.Kind.STATEMENT)
        assert {one.subject_id for one in news} == {one.pk for one in closing.documents}
        assert [one.sequence for one in news if one.sequence is None] == []

    def test_takes_accepted_records_that_were_not_cleared_yet(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))

        assert window_totals(close(world).window).sdrs == 1

    def test_leaves_records_of_the_next_month_in_the_next_window(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")), Story(Decimal("7.00"), ended_at=NOVEMBER_ENDS_AT))

        closing = close(world)

        assert window_totals(closing.window).claim_minor == 1000
        assert sum(transfer[3] for transfer in transfers() if transfer[0] == "ENERGY") == 1000

    def test_of_a_closed_window_returns_its_settlement(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))
        first = close(world)

        again = close_window(first.window, now=later(days=1))

        assert again.settlement == first.settlement
        assert again.documents == first.documents
        assert nets(again) == nets(first)
        counts = [model.objects.count() for model in (Settlement, Transfer, Position, Document)]
        assert counts == [1, 2, 3, 2]

    def test_has_nothing_to_close_in_a_group_without_records(self):
        world = a_world()

        assert close(world) is None
        assert not Settlement.objects.exists()

    def test_closes_an_empty_window_whose_supply_period_has_ended(self):
        world = a_world()
        windows.ensure_windows(world.group, now=NOON)

        closing = close_window(world.group, now=NOVEMBER_ENDS_AT)

        assert closing.window.supply_ends_at == NOVEMBER_ENDS_AT
        assert nets(closing) == {"Clearing house": (0, 0, 0, 0)}
        assert (closing.pairs, closing.documents) == ([], [])

    def test_as_a_dry_run_computes_the_same_and_keeps_nothing(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))
        kept = (
            Account,
            ClearedSdr,
            ClearingRun,
            ClearingWindow,
            ConservationProof,
            Document,
            Position,
            Settlement,
            Transfer,
        )

        dry = close(world, dry_run=True)

        assert [model.__name__ for model in kept if model.objects.exists()] == []
        assert nets(dry) == nets(close(world))

    def test_refuses_while_a_record_of_a_sender_is_lost(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))
        lost = IntakeTally.objects.get()
        lost.pk, lost.received, lost.repeated = None, 1, 0
        lost.save(force_insert=True)

        with pytest.raises(ConservationDiffers, match="1 lines"):
            close(world)

        assert not Settlement.objects.exists()
        assert not ClearingWindow.objects.filter(state="CLOSED").exists()
        assert [proof.holds for proof in ConservationProof.objects.all()] == [False]

    def test_proves_conservation_on_its_way(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))

        close(world)

        proof = ConservationProof.objects.get()
        assert (proof.holds, proof.received, proof.counts["cleared"]) == (True, 1, 1)

    def test_may_happen_twice_within_a_supply_period(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))
        first = close(world)
        tell(world, Story(Decimal("3.00")))

        second = close(world)

        assert second.window != first.window
        assert nets(second)["Voltaire"] == (0, 300, 0, -300)


class TestDueWindows:
    def test_are_the_open_ones_whose_closing_day_has_come(self):
        world = a_world()
        windows.ensure_windows(world.group, now=NOON)
        november, december = world.group.windows.order_by("supply_starts_at")

        assert due_windows(now=november.closes_at - timedelta(microseconds=1)) == []
        assert due_windows(now=november.closes_at) == [november]
        assert due_windows(now=december.closes_at, group=world.group) == [november, december]

    def test_are_not_those_closed_by_hand(self):
        world = a_world()
        tell(world, Story(Decimal("1")))
        window = close(world).window

        assert window not in due_windows(now=window.closes_at)


class TestQueries:
    def test_count_energy_over_billed_records_and_over_all(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")), Story(None), Story(Decimal("1"), seller=1, buyer=1))

        window = close(world).window

        nordlicht, polders = pair_rows(window)
        assert (nordlicht.cso, nordlicht.cso_id) == ("Nordlicht", "DE*NLX")
        assert (nordlicht.csp, nordlicht.csp_id) == ("Voltaire", "FR*VOL")
        assert (nordlicht.sdrs, nordlicht.billed_sdrs) == (2, 1)
        assert (nordlicht.energy_kwh, nordlicht.energy_kwh_all) == (Decimal("10.5"), Decimal(21))
        assert polders.claim_minor == 100
        totals = window_totals(window)
        assert (totals.sdrs, totals.billed_sdrs, totals.claim_minor) == (3, 2, 1100)
        assert totals.energy_kwh == Decimal(21)

    def test_page_through_records_by_id(self):
        world = a_world()
        ids = tell(world, Story(Decimal(1)), Story(Decimal(2)), Story(Decimal(3)))

        window = close(world).window

        assert [row.pk for row in cleared_rows(window).filter(id__gt=ids[0])] == ids[1:]


class TestAccounts:
    def test_are_opened_once(self):
        world = a_world()
        for _ in range(2):
            tell(world, Story(Decimal("10.00")))
            close(world)

        codes = Account.objects.order_by("code", "partner__name")
        assert [(account.code, account.partner.name) for account in codes] == [
            ("1300", "Nordlicht"),
            ("1300", "Voltaire"),
            ("4100", "Clearing house"),
        ]

    def test_balance_to_the_net_positions(self):
        world = a_world(rates=["0.1", "0.015"], beneficiaries=["CLEARING_HOUSE", "BUYER"])
        tell(world, *(Story(Decimal(n), seller=n % 2, buyer=n % 3) for n in range(1, 7)))

        closing = close(world)

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT partner_id, sum(amount) FROM ("
                " SELECT partner_id, -amount_minor AS amount FROM billing_transfer"
                "   JOIN billing_account AS a ON a.id = debit_account_id UNION ALL"
                " SELECT partner_id, amount_minor FROM billing_transfer"
                "   JOIN billing_account AS a ON a.id = credit_account_id) AS leg GROUP BY 1"
            )
            balances = dict(cursor.fetchall())
        assert balances == {p.partner_id: p.net_minor for p in closing.positions}
        assert balances[clearing_house().pk] > 0
        assert partner_of(polder()).pk in balances
