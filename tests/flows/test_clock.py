"""The clock's entries of the billing floor, sent as beat sends them to a real worker.

The worker is a process of its own that reads the test's database and Valkey; what is asserted is
what it left in the database. What each task does in detail is told where its service is tested.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from celery.beat import Scheduler
from django.conf import settings
from django.utils import timezone

from billing.models import (
    ClearedSdr,
    ConservationProof,
    Document,
    DocumentFile,
    ExposureBlock,
    ExposureReading,
    LedgerHorizon,
    LedgerSeal,
    Settlement,
    Transfer,
)
from billing.services.windows import ensure_windows
from clearinghouse.celery import app
from partners.models import GroupMembership, ParticipationContract, SettlementGroup
from tests.billing.stories import Story, a_world, tell
from tests.makers import LONG_AGO, fjell, partner_of
from tests.own_worker import own_worker
from tests.roaming.dispute_world import opened, records

pytestmark = pytest.mark.django_db(transaction=True)

_PATIENCE_S = 90


@pytest.fixture
def worker(tmp_path):
    with own_worker(tmp_path / "worker.log") as process:
        yield process


@pytest.fixture
def scheduler():
    """Beat itself, without its clock."""
    return Scheduler(app)


@pytest.fixture
def tick(worker, scheduler):
    """Send the entry of this name now, and wait for what the worker answers."""

    def send(name: str) -> dict[str, int]:
        result = scheduler.apply_async(scheduler.schedule[name], advance=False)
        return result.get(timeout=_PATIENCE_S)

    return send


@pytest.fixture
def world():
    """A record of two months ago whose window is due, and one in dispute."""
    long_past = timezone.now() - timedelta(days=75)
    world = a_world(currency="CHF")
    ensure_windows(world.group, now=long_past)
    tell(world, Story(Decimal("10.00"), ended_at=long_past), received_at=long_past)
    opened(records(1, acceptance="EXPLICIT")[0], "9.02", reason="D06")
    contract = ParticipationContract.objects.create(
        partner=partner_of(fjell()), number="PC-F", starts_at=LONG_AGO, exposure_cap_minor=100
    )
    GroupMembership.objects.create(contract=contract, group=world.group)
    return world


def test_a_day_of_the_books_passes_in_a_real_worker(world, tick):
    assert tick("close due windows")["refused"] == 0
    settlement = Settlement.objects.earliest("window__supply_starts_at")
    assert settlement.state == Settlement.State.ISSUED
    assert set(Transfer.objects.values_list("kind", flat=True)) == {"ENERGY", "COMMISSION"}

    documents = Document.objects.count()
    assert tick("render missing statements") == {"rendered": documents}
    assert documents > 0
    assert DocumentFile.objects.count() == documents
    assert all(bytes(one.content).startswith(b"%PDF") for one in DocumentFile.objects.all())

    now = timezone.now()
    of_this_hour = Story(Decimal("5.00"), buyer=1, ended_at=now - timedelta(hours=1))
    tell(world, of_this_hour, received_at=now)
    assert tick("clear accepted records")["cleared"] == 1
    assert ClearedSdr.objects.filter(window__state="OPEN").count() == 1
    assert ConservationProof.objects.exists()

    assert tick("read exposures")["blocked"] == 1
    reading = ExposureReading.objects.get(level="BLOCKED")
    assert (reading.partner, reading.exposure_minor) == (partner_of(fjell()), 500)
    assert ExposureBlock.objects.get().partner == partner_of(fjell())

    assert tick("follow disputes in the books") == {"posted": 1}
    assert Transfer.objects.get(kind="SUSPENSE").amount_minor == 902

    assert tick("seal the ledger") == {"sealed": Transfer.objects.count()}
    assert LedgerSeal.objects.count() == LedgerHorizon.objects.get().seals == 3
    assert tick("seal the ledger") == {"sealed": 0}
    assert tick("follow disputes in the books") == {"posted": 0}


def test_what_waits_for_two_persons_is_told_provisionally(world, tick):
    SettlementGroup.objects.update(release=SettlementGroup.Release.TWO_PERSONS)

    tick("close due windows")
    tick("render missing statements")

    settlement = Settlement.objects.earliest("window__supply_starts_at")
    assert settlement.state == Settlement.State.CALCULATED
    assert not Transfer.objects.exists()
    told = Document.objects.filter(settlement=settlement)
    assert {one.kind for one in told} == {Document.Kind.PROVISIONAL}
    assert DocumentFile.objects.filter(document__in=told).count() == told.count() > 0


def test_every_entry_names_a_task_that_a_worker_knows(scheduler):
    app.loader.import_default_modules()

    assert {entry.task for entry in scheduler.schedule.values()} <= set(app.tasks)
    assert settings.CELERY_TASK_ACKS_LATE
