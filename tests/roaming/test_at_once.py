"""Senders at once: one batch twice, and deliveries that are numbered while others commit late."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from clearinghouse.uuid7 import new_uuid7
from roaming.models import Delivery, RejectedKey, Sdr, SdrKey, SessionKey
from roaming.queries import deliveries_after
from roaming.services import deliveries, holds, subscriptions
from roaming.services.intake import CHUNK_RECORDS
from tests import makers
from tests.makers import NOON, numbered_record
from tests.own_house import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works, meanwhile=lambda: None) -> list:
    """Run the works in threads with connections of their own, started together."""
    together = threading.Barrier(len(works))

    def run(work):
        try:
            connection.ensure_connection()
            together.wait(timeout=30)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(run, work) for work in works]
        meanwhile()
        return [future.result(timeout=120) for future in futures]


def hold_key(sdr_id: str, *, senders: int) -> None:
    """Hold an SDR id until every sender waits in the midst of its keys; then let it go."""
    with transaction.atomic(), connection.cursor() as cursor:
        SdrKey.objects.create(
            record_id=new_uuid7(), cso=makers.nordlicht(), sdr_id=sdr_id, payload_sha256="0" * 64
        )
        wait_until(lambda: waiting(cursor) == senders, "all senders wait for a key")
        transaction.set_rollback(True)


def waiting(cursor) -> int:
    # Within a transaction the list of sessions is read once, unless it is forgotten.
    cursor.execute("SELECT pg_stat_clear_snapshot()")
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return cursor.fetchone()[0]


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


class TestABatchSentTwiceAtOnce:
    @pytest.mark.long
    def test_is_stored_once_and_answered_twice(self):
        makers.AgreementMaker(warn_after_days=None, refuse_after_days=None)
        one = [numbered_record(n) for n in range(10_000)]
        random.Random(2026).shuffle(one)
        # The worst order: each chunk from its other end. Both reach the middle, then meet.
        other = [*reversed(one[:CHUNK_RECORDS]), *reversed(one[CHUNK_RECORDS:])]
        middle = one[CHUNK_RECORDS // 2]["sdr_id"]

        answers = at_once(
            lambda: makers.take(*one),
            lambda: makers.take(*other),
            meanwhile=lambda: hold_key(middle, senders=2),
        )

        outcomes = Counter(outcome.outcome for answer in answers for outcome in answer)
        assert outcomes == {"accepted": 10_000, "duplicate": 10_000}
        told = [{outcome.sdr_id: outcome.record_id for outcome in answer} for answer in answers]
        assert len(told[0]) == 10_000
        assert told[0] == told[1]
        assert Sdr.objects.count() == SdrKey.objects.count() == 10_000
        assert SessionKey.objects.count() == 10_000
        assert deadlocks() == 0
        assert sequences(makers.voltaire()) == list(range(1, 10_001))


def owe(receiver, *, delivery_id=None) -> Delivery:
    return Delivery.objects.create(
        id=delivery_id or new_uuid7(),
        receiver=receiver,
        kind=Delivery.Kind.SDR,
        subject_id=new_uuid7(),
        created_at=NOON,
    )


def sequences(receiver) -> list[int]:
    owed = Delivery.objects.filter(receiver=receiver).order_by("sequence")
    return list(owed.values_list("sequence", flat=True))


class TestPublish:
    def test_numbers_without_a_gap_under_eight_threads(self):
        voltaire, fjell = makers.voltaire(), makers.fjell()

        def owe_and_publish():
            for number in range(25):
                receiver = (voltaire, fjell)[number % 2]
                owe(receiver)
                deliveries.publish({receiver.pk})

        at_once(*[owe_and_publish] * 8)

        assert sequences(voltaire) == list(range(1, 8 * 13 + 1))
        assert sequences(fjell) == list(range(1, 8 * 12 + 1))

    def test_numbers_a_late_commit_later_so_that_a_reader_skips_nothing(self):
        voltaire = makers.voltaire()
        early_id, ids_are_taken, may_commit = new_uuid7(), threading.Event(), threading.Event()

        def take_ids_first_and_commit_last():
            with transaction.atomic():
                owe(voltaire, delivery_id=early_id)
                ids_are_taken.set()
                assert may_commit.wait(timeout=30)
            deliveries.publish({voltaire.pk})

        def take_ids_later_and_commit_first():
            assert ids_are_taken.wait(timeout=30)
            quick = owe(voltaire)
            deliveries.publish({voltaire.pk})
            first_page = deliveries_after(voltaire, sequence=0, limit=100)
            subscriptions.confirm(voltaire, up_to_sequence=1, now=NOON)
            may_commit.set()
            return quick, first_page

        _, (quick, first_page) = at_once(
            take_ids_first_and_commit_last, take_ids_later_and_commit_first
        )
        [last_read] = [delivery.sequence for delivery in first_page]
        second_page = deliveries_after(voltaire, sequence=last_read, limit=100)

        assert early_id < quick.id
        assert [delivery.id for delivery in first_page] == [quick.id]
        assert [(one.id, one.sequence) for one in second_page] == [(early_id, 2)]
        assert [one.confirmed_at for one in second_page] == [None]

    def test_numbers_what_a_killed_process_left(self):
        voltaire = makers.voltaire()
        owe(voltaire)

        assert deliveries.publish_overdue() == 1
        assert deliveries.publish_overdue() == 0
        assert sequences(voltaire) == [1]


class TestARejectionBesideAHold:
    def test_both_are_numbered_and_the_id_is_free(self):
        """The clock rejects a held record while its sender's other try is refused at the door."""
        makers.AgreementMaker()
        makers.take(numbered_record(1))
        [held] = makers.take(numbered_record(2, service_session_id="S-00001"))
        makers.nordlicht()

        at_once(
            lambda: holds.expire(now=makers.later(days=30)),
            lambda: makers.take(numbered_record(2, energy_kwh="-1")),
        )

        attempts = RejectedKey.objects.filter(sdr_id="NLX-00002").values_list("attempt", flat=True)
        assert sorted(attempts) == [1, 2]
        assert not SdrKey.objects.filter(record_id=held.record_id).exists()
