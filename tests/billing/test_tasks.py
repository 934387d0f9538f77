"""The clock's tasks: once per hour and key, due windows, proofs, PDFs; twice does no harm."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from billing import tasks
from billing.models import ClearedSdr, ConservationProof, DocumentFile, ExposureReading, Settlement
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from clearinghouse.celery import app
from partners.models import FeeComponent
from roaming.models import IntakeTally
from tests.billing.comparisons import join
from tests.billing.stories import Story, a_world, tell
from tests.makers import LONG_AGO, NOON, GroupMaker, later, partner_of, voltaire

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


class TestClearHourly:
    def test_clears_each_group_once_an_hour(self, clock):
        euro, franc = a_world(), a_world(currency="CHF")
        tell(euro, Story(Decimal(1)))
        tell(franc, Story(Decimal(2)))

        first = tasks.clear_hourly()
        tell(euro, Story(Decimal(3)))
        again = tasks.clear_hourly()
        clock.move_to(later(hours=1))
        next_hour = tasks.clear_hourly()

        assert first == {"cleared": 2, "left": 0, "differing": 0}
        assert again["cleared"] == 0
        assert next_hour["cleared"] == 1
        assert ClearedSdr.objects.count() == 3

    def test_takes_a_run_key_of_its_own(self):
        world = a_world()
        tasks.clear_hourly()
        tell(world, Story(Decimal(1)))

        assert tasks.clear_hourly(run_key="by hand")["cleared"] == 1

    def test_proves_conservation_of_what_it_cleared(self):
        world = a_world()
        tell(world, Story(Decimal(1)))

        tasks.clear_hourly()

        assert ConservationProof.objects.get().counts["cleared"] == 1


@pytest.mark.parametrize("task", [tasks.clear_hourly, tasks.read_exposures])
def test_a_group_in_no_known_currency_holds_up_no_other(task):
    """The first in order; somebody mistyped its currency."""
    good = a_world()
    tell(good, Story(Decimal(1)))
    GroupMaker(name="A slip", currency="ZZZ")
    join([partner_of(voltaire())], good.group)

    task()

    done = ClearedSdr if task is tasks.clear_hourly else ExposureReading
    assert done.objects.exists()


class TestCloseDueWindows:
    def test_closes_when_the_closing_day_has_come(self, clock):
        world = a_world()
        tell(world, Story(Decimal(1)))
        clear_group(world.group, run_key="run", now=NOON)
        november = world.group.windows.order_by("supply_starts_at").first()

        clock.move_to(november.closes_at - timedelta(seconds=1))
        early = tasks.close_due_windows()
        clock.move_to(november.closes_at)
        due = tasks.close_due_windows()
        again = tasks.close_due_windows()

        assert (early["closed"], due["closed"], again["closed"]) == (0, 1, 0)
        assert Settlement.objects.get().window == november

    def test_leaves_open_what_is_refused_and_closes_the_others(self, clock):
        bad, good = a_world(currency="CHF"), a_world()
        tell(bad, Story(Decimal(1), seller=1))
        tell(good, Story(Decimal(1)))
        lost = IntakeTally.objects.get(currency="CHF")
        lost.pk, lost.received, lost.repeated = None, 1, 0
        lost.save(force_insert=True)
        tasks.clear_hourly()
        clock.move_to(later(days=30))

        done = tasks.close_due_windows()

        assert done == {"closed": 1, "refused": 1}
        assert Settlement.objects.get().currency == "EUR"
        assert ConservationProof.objects.filter(holds=False).exists()

    def test_closes_the_others_where_nobody_foresaw_what_stops_one(self, clock):
        """Two fees that fit each record equally well: nobody knows what to charge in francs."""
        bad, good = a_world(currency="CHF"), a_world()
        for name in ("one", "other"):
            FeeComponent.objects.create(
                code="record",
                name=name,
                group=bad.group,
                kind="PER_SDR",
                rate=2,
                payer="CSO",
                from_date=LONG_AGO.date(),
            )
        for world in (bad, good):
            tell(world, Story(Decimal(1)))
        tasks.clear_hourly()
        clock.move_to(later(days=30))

        done = tasks.close_due_windows()

        assert done == {"closed": 1, "refused": 1}
        assert Settlement.objects.get().currency == "EUR"


class TestProveConservation:
    def test_counts_the_lines_that_differ(self):
        world = a_world()
        tell(world, Story(Decimal(1)))

        assert tasks.prove_conservation() == {"differing": 0}
        assert ConservationProof.objects.get().proved_at == timezone.now()


class TestRenderMissingStatements:
    def test_renders_each_statement_once(self):
        world = a_world()
        tell(world, Story(Decimal(1)))
        close_window(world.group, now=NOON)

        assert tasks.render_missing_statements() == {"rendered": 2}
        assert tasks.render_missing_statements() == {"rendered": 0}
        assert DocumentFile.objects.count() == 2


class TestSchedule:
    def test_names_tasks_that_exist_and_expire(self):
        app.loader.import_default_modules()

        for name, entry in app.conf.beat_schedule.items():
            assert entry["task"] in app.tasks, name
            assert entry["options"]["expires"] >= 60, name
