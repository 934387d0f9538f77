"""Clearing and closing at once: nothing lost, nothing twice, no record without a window."""

import threading
import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection, connections, transaction

from billing.models import ClearedSdr, ClearingWindow, Settlement, Transfer
from billing.services import correction_runs
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from billing.services.correction_runs import NotCorrectable
from billing.services.windows import ensure_windows
from clearinghouse.uuid7 import new_uuid7
from partners.models import User
from partners.services import approvals
from roaming.models import SdrState
from tests.billing.stories import (
    NOVEMBER_ENDS_AT,
    Story,
    World,
    a_world,
    positions_found,
    tell,
)
from tests.makers import NOON, later, partner_of, voltaire

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_S = 60


class InThread:
    """Runs ``work`` with a connection of its own; ``result`` waits and raises what it raised."""

    def __init__(self, work: Callable[[], object]):
        self._work, self._result, self._error = work, None, None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 raised again where the test waits
            self._error = error
        finally:
            connections.close_all()

    def result(self):
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "still waiting"
        if self._error:
            raise self._error
        return self._result


def wait_until_somebody_waits_for_a_lock() -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def clear(world: World):
    return clear_group(world.group, run_key=str(new_uuid7()), now=NOON)


class TestClosing:
    def test_waits_for_a_clearing_run_and_takes_its_rows(self):
        world = a_world()
        ensure_windows(world.group, now=NOON)
        tell(world, Story(Decimal("10.00")))
        with transaction.atomic():
            clear(world)
            closer = InThread(lambda: close_window(world.group, now=NOON))
            wait_until_somebody_waits_for_a_lock()

        closing = closer.result()

        assert [pair.sdrs for pair in closing.pairs] == [1]
        assert ClearedSdr.objects.get().window_id == closing.window.pk

    def test_is_waited_for_by_a_clearing_run_which_takes_the_next_window(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))
        with transaction.atomic():
            closed = close_window(world.group, now=NOON).window

            def take_and_clear():
                tell(world, Story(Decimal("3.00")))
                return clear(world)

            poster = InThread(take_and_clear)
            wait_until_somebody_waits_for_a_lock()

        assert poster.result().run.cleared == 1
        assert not closed.cleared.filter(claim_minor=300).exists()
        assert ClearedSdr.objects.get(claim_minor=300).window.state == "OPEN"

    def test_twice_at_once_closes_one_window_once(self):
        world = a_world()
        tell(world, Story(Decimal("10.00")))
        clear(world)
        window = ClearedSdr.objects.get().window

        closers = [InThread(lambda: close_window(window, now=NOON)) for _ in range(4)]

        settlements = {closer.result().settlement.pk for closer in closers}
        assert len(settlements) == 1
        assert Transfer.objects.filter(kind="ENERGY").count() == 1


class TestTwentyPosters:
    def test_against_closings_lose_nothing_and_count_nothing_twice(self):
        world = a_world(rates=["0.1", "0"])
        ensure_windows(world.group, now=NOON)
        start = threading.Barrier(23, timeout=PATIENCE_S)

        def post(number: int):
            start.wait()
            tell(world, *(Story(Decimal(number), seller=n % 2, buyer=n % 3) for n in range(5)))
            return clear(world)

        def close():
            start.wait()
            return close_window(world.group, now=NOON)

        posters = [InThread(lambda n=n: post(n)) for n in range(1, 21)]
        closers = [InThread(close) for _ in range(3)]
        left = [poster.result().left for poster in posters]
        for closer in closers:
            closer.result()

        assert left == [{}] * 20
        cleared = sorted(ClearedSdr.objects.values_list("pk", flat=True))
        assert cleared == sorted(SdrState.objects.values_list("pk", flat=True))
        assert len(cleared) == 100
        for settlement in Settlement.objects.all():
            rows = ClearedSdr.objects.filter(window=settlement.window)
            receivable = sum(p.receivable_minor for p in positions_found(settlement))
            owed = sum(
                row.claim_minor for row in rows if row.seller_partner_id != row.buyer_partner_id
            )
            assert receivable == owed + sum(row.commission_minor for row in rows)


class TestCorrectionRuns:
    def test_beside_a_closing_find_a_window_and_post_once(self):
        """Ten runs of one record each, every one posted twice, while the open window closes."""
        world = a_world(rates=["0.1"])
        ids = tell(world, *(Story(Decimal(number)) for number in range(1, 11)))
        settled = close_window(world.group, now=NOON).window
        tell(world, Story(Decimal(50), ended_at=NOVEMBER_ENDS_AT))
        clear(world)
        runs = [approved_run(world, id_, to_minor=40) for id_ in ids]
        start = threading.Barrier(21, timeout=PATIENCE_S)

        def post(run):
            start.wait()
            return correction_runs.post(run, now=later(days=1))

        def close():
            start.wait()
            return close_window(world.group, now=later(days=1))

        posters = [InThread(lambda run=run: post(run)) for run in runs * 2]
        closing = InThread(close).result()

        assert {poster.result().state for poster in posters} == {"POSTED"}
        rows = ClearedSdr.objects.filter(corrects_id__isnull=False)
        assert sorted(rows.values_list("corrects_id", flat=True)) == sorted(ids * 2)
        assert not rows.filter(window=settled).exists()
        assert sum(row.claim_minor for row in rows) == 10 * 40 - 55 * 100
        in_time = rows.filter(window=closing.window)
        owed = 5000 + sum(row.claim_minor for row in in_time)
        voltaire_owes = {row.partner_id: row.payable_minor for row in closing.positions}
        assert voltaire_owes[partner_of(voltaire()).pk] == owed
        assert rows.exclude(window=closing.window).exclude(window__state="OPEN").count() == 0

    def test_of_two_over_one_record_the_second_is_refused(self):
        world = a_world(rates=["0.1"])
        (id_,) = tell(world, Story(Decimal(10)))
        close_window(world.group, now=NOON)
        first, second = (approved_run(world, id_, to_minor=minor) for minor in (40, 50))
        with transaction.atomic():
            correction_runs.post(first, now=later(days=1))
            poster = InThread(lambda: correction_runs.post(second, now=later(days=1)))
            wait_until_somebody_waits_for_a_lock()

        with pytest.raises(NotCorrectable, match="meanwhile"):
            poster.result()

        assert ClearedSdr.objects.filter(corrects_id=id_).count() == 2


def approved_run(world: World, record_id, *, to_minor: int):
    maker, checker = (
        User.objects.get_or_create(username=name, defaults={"is_staff": True})[0]
        for name in ("mia", "kai")
    )
    run = correction_runs.simulate(
        world.group,
        correction_runs.Selection(record_ids=(record_id,)),
        reason="a wrong tariff",
        maker=maker,
        now=NOON,
        claims={record_id: to_minor},
    )
    asked = correction_runs.request(run, by=run.maker, now=NOON)
    approvals.approve(asked.pk, checker=checker, now=NOON, right=correction_runs.RIGHT)
    return run


class TestOpeningWindows:
    def test_by_eight_at_once_opens_each_once(self):
        world = a_world()
        start = threading.Barrier(8, timeout=PATIENCE_S)

        def open_them():
            start.wait()
            ensure_windows(world.group, now=NOON)

        for opener in [InThread(open_them) for _ in range(8)]:
            opener.result()

        assert ClearingWindow.objects.filter(group=world.group).count() == 2


class TestTheSameRun:
    def test_by_four_at_once_runs_once(self):
        world = a_world()
        ids = tell(world, *(Story(Decimal(n)) for n in range(20)))

        runs = [
            InThread(lambda: clear_group(world.group, run_key="hour", now=NOON)) for _ in range(4)
        ]

        assert sorted(run.result().is_repeat for run in runs) == [False, True, True, True]
        assert ClearedSdr.objects.count() == len(ids)
