"""What is in dispute stands in the books outside netting, once, and not longer than the dispute."""

import threading

import pytest

from billing.models import ClearedSdr, Transfer
from billing.queries_books import book_lines
from billing.rules.books import open_items, partner_balances
from billing.services import sealing, suspense
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from partners.models import SettlementGroup
from roaming.models import SdrRating
from roaming.services import disputes, rating
from tests.billing.test_clearing_beside_closing import PATIENCE_S, InThread
from tests.makers import NOON, later, nordlicht, partner_of, voltaire
from tests.roaming.dispute_world import CSP, opened, records
from tests.roaming.tariff_world import per_kwh, published


def posted() -> list[tuple]:
    rows = Transfer.objects.filter(kind__startswith="SUSPENSE").order_by("posted_at", "kind")
    return list(
        rows.values_list(
            "kind",
            "debit_account__code",
            "debit_account__partner__name",
            "credit_account__code",
            "credit_account__partner__name",
            "amount_minor",
        )
    )


OPENED = ("SUSPENSE", "1390", "Voltaire", "2390", "Nordlicht", 902)
ENDED = ("SUSPENSE_END", "2390", "Nordlicht", "1390", "Voltaire", 902)


@pytest.mark.django_db
class TestFollowing:
    @pytest.mark.parametrize("acceptance", ["EXPLICIT", "ON_VALIDATION"])
    def test_posts_the_claim_of_a_record_in_dispute_once(self, acceptance):
        opened(records(1, acceptance=acceptance)[0], "9.02", reason="D06")

        assert suspense.follow_disputes(now=NOON) == 1
        assert suspense.follow_disputes(now=later(hours=1)) == 0

        assert posted() == [OPENED]

    def test_posts_our_price_where_that_is_what_would_be_cleared(self):
        """Claimed at 9.02, worth 18.4 kWh at 0.40; a re-rating before the end changes nothing."""
        tariff = published(per_kwh("0.40")).tariff
        (record_id,) = records(1, rating="HOUSE")
        dispute = opened(record_id)

        suspense.follow_disputes(now=NOON)
        published(per_kwh("0.30"), replaces=tariff, at=NOON, valid_from=later(days=-300))
        rating.rerate([record_id], reason="a cheaper price, back-dated", now=NOON)
        disputes.act(dispute.pk, "withdraw", by=CSP, now=NOON, text="It was us.")
        suspense.follow_disputes(now=later(hours=1))

        assert SdrRating.objects.filter(record_id=record_id).count() == 2
        assert [row[-1] for row in posted()] == [736, 736]

    def test_takes_it_back_when_the_dispute_is_closed(self):
        dispute = opened(records(1)[0])
        suspense.follow_disputes(now=NOON)
        disputes.act(dispute.pk, "withdraw", by=CSP, now=NOON, text="It was us.")

        assert suspense.follow_disputes(now=later(hours=1)) == 1
        assert suspense.follow_disputes(now=later(hours=2)) == 0

        assert posted() == [OPENED, ENDED]

    def test_does_not_speak_of_a_dispute_that_came_and_went_between_two_runs(self):
        dispute = opened(records(1)[0])
        disputes.act(dispute.pk, "withdraw", by=CSP, now=NOON, text="It was us.")

        assert suspense.follow_disputes(now=NOON) == 0

    def test_leaves_what_is_cleared_where_it_is(self):
        (record_id,) = records(1, acceptance="ON_VALIDATION")
        clear_group(SettlementGroup.objects.get(), run_key="first", now=NOON)
        opened(record_id, "9.02", reason="D06")

        assert suspense.follow_disputes(now=NOON) == 0

    def test_is_in_no_position_and_in_the_books(self):
        one, two = records(2, acceptance="ON_VALIDATION")
        opened(one, "9.02", reason="D06")
        suspense.follow_disputes(now=NOON)

        closing = close_window(SettlementGroup.objects.get(), now=NOON)
        sealing.seal(now=NOON)

        assert [str(pk) for pk in ClearedSdr.objects.values_list("pk", flat=True)] == [str(two)]
        nets = {row.partner: row.net_minor for row in closing.positions}
        assert nets[partner_of(voltaire())] == -902
        lines = book_lines(as_of=NOON, environment="LIVE")
        (books,) = [
            row for row in partner_balances(lines) if row.partner == partner_of(voltaire()).pk
        ]
        assert (books.position_minor, books.disputed_minor) == (-1804, -902)
        disputed = [row for row in open_items(lines) if row.account.code == "2390"]
        assert [(row.account.partner, row.open_minor) for row in disputed] == [
            (partner_of(nordlicht()).pk, 902)
        ]
        assert sealing.verify().ok


@pytest.mark.django_db(transaction=True)
def test_four_at_once_post_once():
    opened(records(1)[0])
    start = threading.Barrier(4, timeout=PATIENCE_S)

    def follow() -> int:
        start.wait()
        return suspense.follow_disputes(now=NOON)

    runs = [InThread(follow) for _ in range(4)]

    assert sorted(run.result() for run in runs) == [0, 0, 0, 1]
    assert posted() == [OPENED]
