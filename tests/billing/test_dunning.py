"""C does not pay: it is dunned level by level, once each, and not for what it disputes."""

from datetime import timedelta

import pytest
import time_machine

from billing import tasks
from billing.models import Document, DunningStep, ExposureBlock, Objection
from billing.services.bank import dunning
from tests.billing.bank_world import BankWorld, a_bank_world
from tests.billing.camt_files import Statement, camt053
from tests.billing.oracle_world import BUSINESS_DAY_6

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# Ten days after the eighth of February.
DUE = BUSINESS_DAY_6 + 10 * DAY


@pytest.fixture
def world():
    world = a_bank_world()
    entries = (world.paid("B", 64_213, "BK-1"),)
    world.take(camt053(Statement(number=1, opening=0, entries=entries)))
    return world


def levels(world: BankWorld) -> list[str]:
    rows = DunningStep.objects.filter(position=world.position("C")).order_by("told_at", "pk")
    return list(rows.values_list("level", flat=True))


def test_nobody_is_dunned_on_the_due_day(world):
    assert dunning.dun(world.settlement, now=DUE) == []


def test_each_level_is_taken_once_on_its_day(world):
    for day, expected in ((1, 1), (2, 1), (7, 2), (14, 3), (21, 4), (30, 5), (31, 5)):
        dunning.dun(world.settlement, now=DUE + day * DAY)
        dunning.dun(world.settlement, now=DUE + day * DAY)
        assert len(levels(world)) == expected, day

    assert levels(world) == ["FRIENDLY", "FIRST", "SECOND", "DRAW", "EXCLUSION"]
    assert world.state("C") == "OVERDUE"
    # B paid, A gets money: nobody else is dunned.
    assert DunningStep.objects.exclude(position=world.position("C")).count() == 0
    step = DunningStep.objects.get(level="EXCLUSION")
    # 75.20 × 10.15 % × 30 / 365 = 0.627
    assert (step.open_minor, step.interest_minor) == (7520, 63)


def test_the_second_suspends_what_the_debtor_buys(world):
    dunning.dun(world.settlement, now=DUE + 13 * DAY)
    assert not ExposureBlock.objects.exists()

    dunning.dun(world.settlement, now=DUE + 14 * DAY)

    block = ExposureBlock.objects.get()
    assert (block.partner, block.blocked_by) == (world.oracle.partners["C"], "dunning")


def test_what_is_paid_is_not_dunned(world):
    later = camt053(
        Statement(number=2, opening=64_213, entries=(world.paid("C", 7_520, "BK-2"),), name="S2")
    )
    world.take(later, now=DUE + 3 * DAY)

    assert dunning.dun(world.settlement, now=DUE + 4 * DAY) == []


def test_what_is_disputed_is_not_dunned(world):
    partner = world.oracle.partners["C"]
    objection = Objection(
        document=Document.objects.get(
            settlement=world.settlement, partner=partner, kind="STATEMENT"
        ),
        partner=partner,
        text="A session that was none.",
        amount_minor=1_250,
        raised_by="carla",
        raised_at=DUE,
    )
    objection.save()

    (step,) = dunning.dun(world.settlement, now=DUE + DAY)

    assert step.open_minor == 6_270


def test_the_clock_duns(world, settings):
    settings.MONEY_FLOW = "PI_PARTNER"
    with time_machine.travel(DUE + 8 * DAY, tick=False):
        assert tasks.dun_overdue() == {"friendly": 1, "first": 1}
        assert tasks.dun_overdue() == {}


def test_nobody_is_dunned_where_partners_pay_each_other(world):
    with time_machine.travel(DUE + 8 * DAY, tick=False):
        assert tasks.dun_overdue() == {}


def test_rates_are_read_from_the_settings(settings, world):
    settings.MAIN_REFINANCING_RATES = "2026-01-01=2.15, 2027-01-01=12.00"
    assert [str(rate.percent) for rate in dunning.main_rates()] == ["2.15", "12.00"]

    settings.MAIN_REFINANCING_RATES = "2027-01-01=two"
    with pytest.raises(ValueError, match="two"):
        dunning.main_rates()
